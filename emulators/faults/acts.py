"""What others do to a server, whatever it is doing itself: each act changes the model's state, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulators.faults.fault import Fault
from emulators.faults.kinds import Kind
from emulators.network import Weather

if TYPE_CHECKING:
    from emulators.server import VirtualServer

Act = Callable[["VirtualServer", Fault], None]
LOCKED_S, WATCHDOG_S, DELAY_S = 900.0, 60.0, 1.0


def _sessions_full(server: VirtualServer, fault: Fault) -> None:
    server.bmc.volatile["leaked-sessions"] = server.board.bmc.session_slots


def _account_locked(server: VirtualServer, fault: Fault) -> None:
    name = fault.name.encode() or server.bmc.board.users[0].name.encode()
    locked = server.bmc.volatile.setdefault("locked-users", {})
    locked[name] = server.now + fault.seconds_or(LOCKED_S)


def _someone_resets_bmc(server: VirtualServer, fault: Fault) -> None:
    server.bmc.cold_reset()


def _licence_missing(server: VirtualServer, fault: Fault) -> None:
    server.licences = ()


def _tool_missing(server: VirtualServer, fault: Fault) -> None:
    server.host.packages.discard(fault.name or "ipmitool")


def _module_missing(server: VirtualServer, fault: Fault) -> None:
    name = fault.name or "ipmi_si"
    server.host.lacks.add(name)
    server.host.modules.discard(name)


def _disk_full(server: VirtualServer, fault: Fault) -> None:
    server.host.files.capacity = server.host.files.used


def _watchdog_fires(server: VirtualServer, fault: Fault) -> None:
    from emulators.bmc import watchdog
    from emulators.host.hostwatchdog import HARD_RESET, SMS_OS

    timer = watchdog.of(server.bmc)
    timer.use, timer.action, timer.log, timer.initialised = SMS_OS, HARD_RESET, True, True
    timer.countdown = round(fault.seconds_or(WATCHDOG_S) / watchdog.TICK_S)
    timer.start(server.bmc)


def _psu_dead(server: VirtualServer, fault: Fault) -> None:
    server.set_mains(fault.number - 1, False)


def _ssh_drops(server: VirtualServer, fault: Fault) -> None:
    server.host.drop_logins()


def _host_key_changed(server: VirtualServer, fault: Fault) -> None:
    server.host.make_keys()


def _network_loss(server: VirtualServer, fault: Fault) -> None:
    server.network.weather.loss = fault.share


def _network_duplicates(server: VirtualServer, fault: Fault) -> None:
    server.network.weather.duplicates = fault.share


def _network_delay(server: VirtualServer, fault: Fault) -> None:
    server.network.weather.delay_s = fault.seconds_or(DELAY_S)


BY_KIND: dict[Kind, Act] = {
    "sessions-full": _sessions_full,
    "account-locked": _account_locked,
    "someone-resets-bmc": _someone_resets_bmc,
    "licence-missing": _licence_missing,
    "tool-missing": _tool_missing,
    "module-missing": _module_missing,
    "disk-full": _disk_full,
    "watchdog-fires": _watchdog_fires,
    "someone-reboots-host": lambda server, fault: server.host_reboot(),
    "psu-dead": _psu_dead,
    "ssh-drops": _ssh_drops,
    "host-key-changed": _host_key_changed,
    "network-loss": _network_loss,
    "network-duplicates": _network_duplicates,
    "network-delay": _network_delay,
}


def _fair_weather(server: VirtualServer) -> None:
    usual = Weather()
    for name in ("loss", "duplicates", "delay_s"):
        setattr(server.network.weather, name, getattr(usual, name))


ENDS: dict[Kind, Callable[[VirtualServer], None]] = {
    "network-loss": _fair_weather,
    "network-duplicates": _fair_weather,
    "network-delay": _fair_weather,
}
"""What lasts no longer than its fault does. Whatever else a fault has done stays, and is somebody's to repair."""


def apply(server: VirtualServer, fault: Fault) -> None:
    """Do it as soon as what runs now has had its turn: no process is ended from within itself."""
    server.agenda.after(0.0, lambda: BY_KIND[fault.kind](server, fault))

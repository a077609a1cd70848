"""The host's end of the BMC's watchdog: ipmi_watchdog and the daemon that pats it, on hosts that have them.

Where the timer has been stopped from elsewhere, a pat starts it again with the action that it has then; a driver with
`nowayout` gives it back its own action. After a restart of the BMC, which forgets the timer, both set it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.bmc import watchdog

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost

PAT_S, TIMEOUT_S = 60.0, 600.0
HARD_RESET, SMS_OS = 0x01, 0x04
MODULE = "ipmi_watchdog"
NOWAYOUT = f"/sys/module/{MODULE}/parameters/nowayout"


def attach(host: VirtualHost) -> None:
    """From each boot on, where the server's spec says so."""
    kind = host.server.spec.watchdog
    if kind == "off":
        return
    node = host.files.install(NOWAYOUT, content=lambda: b"Y\n" if kind == "locked" else b"N\n", mode=0o444)
    node.present = lambda: MODULE in host.modules
    host.on_boot.append(lambda: _start(host))


def _start(host: VirtualHost) -> None:
    host.modules |= {MODULE, "ipmi_si", "ipmi_msghandler"}
    host.kcs.probe()
    _arm(host)
    _pat_later(host, host.boot_id)


def _arm(host: VirtualHost) -> None:
    bmc = host.server.bmc
    if not bmc.answering:
        return
    timer = watchdog.of(bmc)
    timer.use, timer.action, timer.log = SMS_OS, HARD_RESET, True
    timer.countdown, timer.initialised = round(TIMEOUT_S / watchdog.TICK_S), True
    timer.start(bmc)


def _pat_later(host: VirtualHost, boot_id: str) -> None:
    def pat() -> None:
        if not host.up or host.boot_id != boot_id:
            return
        bmc = host.server.bmc
        if bmc.answering:
            timer = watchdog.of(bmc)
            if not timer.initialised or host.server.spec.watchdog == "locked":
                _arm(host)
            else:
                timer.start(bmc)
        _pat_later(host, boot_id)

    host.server.agenda.after(PAT_S, pat)

"""What repairs and visits come to on the server itself, for the search. Each goes only where its way is open.

The names are those that operators give them. In band wants a system that runs and a BMC that answers it; over LAN wants
a BMC at an address where it lets the known user in. What a visit's administrator does at the end is part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass

from emulators import images, webflash
from emulators.bmc.controller import LanMode
from emulators.bmc.lanconfig import LanConfig
from emulators.bmc.users import BmcUser
from emulators.hands.acts import Hands
from emulators.hands.search import Cure
from emulators.hardening import PASSPHRASE
from emulators.host.process import Process
from emulators.lifecycle import queue
from emulators.server import VirtualServer

LEASE_S, OFF_S, BOOT_S, FLASH_S = 180.0, 60.0, 240.0, 900.0
F1 = b"\x1bOP"


@dataclass(frozen=True)
class Known:
    """What the operator has from before: the backup, the images of the running versions, and a login."""

    lan: LanConfig
    lan_mode: LanMode
    users: dict[int, BmcUser]
    settings: dict[str, str]
    order: list[str]
    images: dict[images.Kind, bytes]
    login: tuple[bytes, bytes]
    button_s: float = 20.0

    @classmethod
    def of(cls, server: VirtualServer) -> Known:
        """Of a server as it is now: healthy, before anything went wrong."""
        held: dict[images.Kind, bytes] = {
            "bmc": bytes(server.chips["bmc"].banks[server.chips["bmc"].active].data),
            "bios": bytes(server.chips["bios"].banks[server.chips["bios"].active].data),
        }
        user = server.bmc.users.slots[server.board.bmc.users[0].id]
        login = (user.name, user.password.rstrip(b"\0"))
        kept = deepcopy((server.bmc.lan, server.bmc.lan_mode, server.bmc.users.slots))
        settings, order = dict(server.nvram.settings), list(server.boot_order)
        button = (server.board.uid_reset_s or 0.0) + 1.0
        return cls(*kept, settings, order, held, login, button)


def healthy(server: VirtualServer, known: Known) -> bool:
    """Up, reachable, at its address, and nothing left that the next start would trip over."""
    whole = all(chip.boot_firmware() is not None for chip in server.chips.values())
    put_together = server.body.battery and not server.body.cover_open and not server.cmos.held
    return (
        server.serves and server.bmc.address == known.lan.address and _lets_in(server, known) and whole & put_together
    )


def cures(known: Known) -> Mapping[str, Cure]:
    """Every repair and every procedure but another board, by its name."""
    return {name: _bound(does, known) for name, does in {**_REPAIRS, **_VISITS}.items()}


_Does = Callable[[VirtualServer, Known], bool]


def _bound(does: _Does, known: Known) -> Cure:
    return lambda server: does(server, known)


# -- which ways are open


def _in_band(server: VirtualServer) -> bool:
    return server.serves and server.bmc.answering and "kcs-wedged" not in server.bmc.volatile


def _lets_in(server: VirtualServer, known: Known) -> bool:
    name, password = known.login
    user = server.bmc.users.by_name(name)
    right = user is not None and user.enabled and user.password.rstrip(b"\0") == password
    return right and not server.bmc.locked(name) and not server.bmc.leaked_sessions


def _over_lan(server: VirtualServer, known: Known) -> bool:
    return server.bmc.address is not None and _lets_in(server, known)


def _any_way(server: VirtualServer, known: Known) -> bool:
    return _in_band(server) or _over_lan(server, known)


def _later(server: VirtualServer, seconds: float) -> bool:
    server.advance(server.now + seconds)
    return True


# -- repairs


def _wait(server: VirtualServer, known: Known) -> bool:
    return _later(server, FLASH_S)


def _cold_reset(server: VirtualServer, known: Known) -> bool:
    if not _any_way(server, known):
        return False
    server.bmc.cold_reset()
    return True


def _set_lan(server: VirtualServer, known: Known) -> bool:
    mac = server.bmc.lan.mac
    server.bmc.lan = deepcopy(known.lan)
    server.bmc.lan.mac = mac
    server.bmc.refresh_lease()
    return True


def _restore_lan(server: VirtualServer, known: Known) -> bool:
    return _in_band(server) and _set_lan(server, known)


def _restore_lan_mode(server: VirtualServer, known: Known) -> bool:
    """By the OEM command, in band or over LAN."""
    over_lan = server.board.bmc.nic_selection_command is not None and _over_lan(server, known)
    if not _in_band(server) and not over_lan:
        return False
    server.bmc.lan_mode = known.lan_mode
    server.bmc.refresh_lease()
    return True


def _restore_users(server: VirtualServer, known: Known) -> bool:
    if not _in_band(server):
        return False
    server.bmc.users.slots = deepcopy(known.users)
    return True


def _find_at_lease(server: VirtualServer, known: Known) -> bool:
    if not _over_lan(server, known):
        return False
    server.bmc.lan_mode = known.lan_mode
    return _set_lan(server, known)


def _rollback(server: VirtualServer, known: Known) -> bool:
    ways = _in_band(server) if server.board.racadm is None else _any_way(server, known)
    if not ways or not server.chips["bmc"].rollback():
        return False
    server.bmc.cold_reset()
    return True


def _reflash_bmc(server: VirtualServer, known: Known) -> bool:
    if not _in_band(server):
        return False
    written = server.program("bmc", known.images["bmc"], server.board.bmc.flash_s)
    process = Process(0, "reflash", written, server.agenda, None)
    process.start()
    _later(server, server.board.bmc.flash_s + 60)
    server.chips["bmc"].activate()
    server.bmc.cold_reset()
    return True


def _settings(server: VirtualServer, known: Known) -> bool:
    """In band or through a licensed BMC; the host starts anew for it."""
    oob = _over_lan(server, known) and (server.board.vendor == "dell" or bool(server.licences))
    if not (server.serves or oob) or server.nvram.invalid or server.running_bios is None:
        return False
    server.nvram.settings, server.nvram.order = dict(known.settings), list(known.order)
    server.power_reset() if server.powered else server.power_on()
    return True


def _clear_jobs(server: VirtualServer, known: Known) -> bool:
    if server.board.racadm is None or not _any_way(server, known):
        return False
    jobs = queue(server)
    for job in list(jobs.jobs):
        jobs.delete(job)
    return True


def _racreset(server: VirtualServer, known: Known) -> bool:
    return server.board.racadm is not None and _cold_reset(server, known)


def _reflash_bios(server: VirtualServer, known: Known) -> bool:
    if not _over_lan(server, known):
        return False
    if server.powered:
        server.power_off()
    try:
        update = webflash.update_bios(server, known.images["bios"])
    except webflash.Refused:
        return False
    if update.job is None:
        _later(server, server.board.bios.write_s + OFF_S)
    server.power_on()
    return True


def _answer(server: VirtualServer, known: Known) -> bool:
    if not _over_lan(server, known) or not server.console.asking:
        return False
    server.console.type(F1)
    server.console.type(f"{PASSPHRASE}\r".encode())
    return True


def _power_on(server: VirtualServer, known: Known) -> bool:
    if not _over_lan(server, known) or server.powered:
        return False
    server.power_on()
    return True


_REPAIRS: Mapping[str, _Does] = {
    "wait": _wait,
    "restore-lan": _restore_lan,
    "restore-lan-mode": _restore_lan_mode,
    "restore-users": _restore_users,
    "find-at-lease": _find_at_lease,
    "restore-bios-settings": _settings,
    "pass-f1": _answer,
    "clear-job-queue": _clear_jobs,
    "power-on": _power_on,
    "cold-reset": _cold_reset,
    "racreset": _racreset,
    "hpm-rollback": _rollback,
    "reflash-bmc": _reflash_bmc,
    "reflash-bios-oob": _reflash_bios,
}


# -- visits


def _dedicated_port(server: VirtualServer, known: Known) -> bool:
    """A cable to the BMC's own port; no lease: power; forced to the shared one: that is reached there."""
    hands, site, body = Hands(server), server.site, server.body
    label = body.in_port("dedicated") or next((c.label for c in site.cables if not body.cables[c.label][0]), None)
    if label is None or not body.cables[label][1]:
        return False
    hands.do("connect-cable", cable=label, port="dedicated")
    _later(server, LEASE_S)
    if not _over_lan(server, known) and (shared := body.in_port("lan1")) is not None:
        hands.do("disconnect-cable", cable=shared)
        hands.do("move-cable", cable=label, to="lan1")
        _later(server, LEASE_S)
        _find_at_lease(server, known)
        hands.do("move-cable", cable=label, to="dedicated")
        hands.do("connect-cable", cable=shared, port="lan1")
        _later(server, LEASE_S)
        return True
    if not _over_lan(server, known):
        _power_removal(server, known)
        _later(server, BOOT_S)
    if _over_lan(server, known):
        server.bmc.lan_mode = "dedicated" if known.lan_mode == "shared" else known.lan_mode
        _set_lan(server, known)
    return True


def _button(server: VirtualServer, known: Known) -> bool:
    if server.board.uid_reset_s is None:
        return False
    Hands(server).do("press-uid", seconds=known.button_s)
    return True


def _mains(server: VirtualServer, *, on: bool) -> None:
    hands = Hands(server)
    if server.board.nodes > 1:
        hands.do("push-sled" if on else "pull-sled")
        return
    for psu in range(1, len(server.psus) + 1):
        hands.do("plug" if on else "unplug", psu=psu)


def _start(server: VirtualServer, known: Known) -> None:
    """Wait for the restore policy, push the button where it did nothing, and pass what POST asks."""
    _later(server, BOOT_S)
    if not server.powered:
        Hands(server).do("press-power", seconds=1)
    _later(server, server.board.bios.post_s + server.board.bios.update_post_s)
    _answer(server, known)


def _power_removal(server: VirtualServer, known: Known) -> bool:
    _mains(server, on=False)
    _later(server, OFF_S)
    _mains(server, on=True)
    _start(server, known)
    return True


def _cmos_clear(server: VirtualServer, known: Known) -> bool:
    _mains(server, on=False)
    _later(server, OFF_S)
    _inside(server, "pads" if server.board.cmos.kind == "pads" else "clear")
    _mains(server, on=True)
    _start(server, known)
    if server.board.cmos.kind == "jumper":
        _later(server, FLASH_S)
        _mains(server, on=False)
        _inside(server, "keep")
        _mains(server, on=True)
        _start(server, known)
    _later(server, FLASH_S)
    if server.nvram.settings != known.settings or server.nvram.order != known.order:
        _settings(server, known)
    return True


def _inside(server: VirtualServer, act: str) -> None:
    hands = Hands(server)
    acts = ["slide-out", "open-cover", "wear-strap"] if server.board.nodes == 1 else ["open-cover", "wear-strap"]
    for one in (*acts, *(["remove-battery", "short", "install-battery"] if act == "pads" else [])):
        hands.do(one)
    if act != "pads":
        hands.do("move-jumper", jumper=server.board.cmos.mark, to=act)
    hands.do("close-cover")
    hands.do("slide-in")


def _web_reflash(server: VirtualServer, known: Known) -> bool:
    Hands(server).do("press-power", seconds=10)
    if not _over_lan(server, known):
        _dedicated_port(server, known)
    return _reflash_bios(server, known)


def _usb(server: VirtualServer, known: Known) -> bool:
    if server.board.usb_recovery is None:
        return False
    _mains(server, on=False)
    Hands(server).do("insert-media", slot="usb", files={server.board.usb_recovery: known.images["bios"]})
    _mains(server, on=True)
    _start(server, known)
    _later(server, FLASH_S)
    Hands(server).do("remove-media", slot="usb")
    _answer(server, known)
    _later(server, FLASH_S)
    if server.nvram.settings != known.settings or server.nvram.order != known.order:
        _settings(server, known)
    return True


def _sd(server: VirtualServer, known: Known) -> bool:
    if server.board.sd_recovery is None:
        return False
    Hands(server).do("insert-media", slot="sd", files={server.board.sd_recovery: known.images["bmc"]})
    _later(server, FLASH_S)
    Hands(server).do("remove-media", slot="sd")
    return True


_VISITS: Mapping[str, _Does] = {
    "dedicated-port": _dedicated_port,
    "bmc-reset-button": _button,
    "web-gui-reflash": _web_reflash,
    "usb-bios-recovery": _usb,
    "idrac-sd-recovery": _sd,
    "power-removal": _power_removal,
    "cmos-clear": _cmos_clear,
}

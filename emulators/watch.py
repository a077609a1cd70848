"""Writes down what is done to a virtual server, by whomever and through whichever door: for graders and debriefs.

Entries go into the world's record, at the server's own time. `did`: `door` (host, lan, kcs, web, transfer, hands),
`what` in words, whatever else is known, and `state`, the server as it was just before. `ended`: the exit status of a
command. `became`: the state after a change. `kept`: what is stored on the server. Passwords are left out.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from emulators import images
from emulators.bmc.lanconfig import DHCP
from emulators.bmc.message import APP, CHASSIS, OEM, OEM_SUPERMICRO, PICMG, SENSOR, STORAGE, TRANSPORT
from emulators.bmc.reply import Reply

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost
    from emulators.server import VirtualServer

T = TypeVar("T")
DID, ENDED, BECAME, KEPT = "did", "ended", "became", "kept"
FILES = ("/root", "/home", "/tmp", "/var/tmp")  # noqa: S108 - the virtual host's
HIDDEN = "********"
SYSTEM_INTERFACE = 0x0F
VENDORS = ("racadm", "sum")  # whose -p is a password; ipmitool's is a port, and -P the password
USER_PASSWORD = ("user", "set", "password")
_INSIDE = re.compile(r"(^-P|\s-P\s*|\.Password\s+|user set password \d+ |(?:racadm|sum)\b.*? -p\s+)\S+")

_CONTROL = {
    0: "power down",
    1: "power up",
    2: "power cycle",
    3: "power reset",
    4: "diagnostic interrupt",
    5: "power soft",
}
_ACTION = {0: "back up", 1: "prepare", 2: "upload", 3: "compare"}
_PASSWORD = {0: "disable user", 1: "enable user", 2: "set password of user", 3: "test password of user"}

Effect = Callable[[bytes], str | None]


def _fixed(words: str) -> Effect:
    return lambda data: words


def _first(table: Mapping[int, str], mask: int = 0x0F, words: str = "") -> Effect:
    return lambda data: words + table[data[0] & mask] if data and data[0] & mask in table else None


def _hpm_action(data: bytes) -> str | None:
    return f"hpm {_ACTION[data[2]]}" if len(data) > 2 and data[2] in _ACTION else None


def _set_password(data: bytes) -> str | None:
    return f"{_PASSWORD[data[1] & 3]} {data[0] & 0x3F}" if len(data) > 1 else None


def _lan_setting(data: bytes) -> str | None:
    return f"set LAN parameter {data[1]}" if len(data) > 1 and data[1] else None


def _boot_option(data: bytes) -> str | None:
    return "set boot device" if data and data[0] & 0x7F == 5 else None


def _clear_sel(data: bytes) -> str | None:
    return "clear event log" if data[-1:] == b"\xaa" else None


def _supermicro_or_dell(data: bytes) -> str | None:
    return f"set LAN mode {data[2]}" if data[:2] == b"\x0c\x01" and len(data) == 3 else None


EFFECTS: dict[tuple[int, int], Effect] = {
    (CHASSIS, 0x02): _first(_CONTROL, words="chassis "),
    (CHASSIS, 0x04): _fixed("identify"),
    (CHASSIS, 0x06): _fixed("set power restore policy"),
    (CHASSIS, 0x08): _boot_option,
    (APP, 0x02): _fixed("mc reset cold"),
    (APP, 0x03): _fixed("mc reset warm"),
    (APP, 0x24): _fixed("set watchdog"),
    (APP, 0x40): _fixed("set channel access"),
    (APP, 0x43): _fixed("set user access"),
    (APP, 0x45): _fixed("set user name"),
    (APP, 0x47): _set_password,
    (STORAGE, 0x47): _clear_sel,
    (STORAGE, 0x49): _fixed("set event log time"),
    (TRANSPORT, 0x01): _lan_setting,
    (PICMG, 0x30): _fixed("hpm abort"),
    (PICMG, 0x31): _hpm_action,
    (PICMG, 0x33): _fixed("hpm finish"),
    (PICMG, 0x35): _fixed("hpm activate"),
    (PICMG, 0x38): _fixed("hpm rollback"),
    (OEM, 0x24): _fixed("set LAN mode"),
    (OEM, 0x28): _fixed("set LAN mode"),
    (OEM, 0x70): _supermicro_or_dell,
    (OEM_SUPERMICRO, 0x40): _fixed("factory default"),
}
"""(netfn, command) -> what it does to the server, in words; IPMI 2.0 appendix G, HPM.1, the OEM modules."""


READINGS: dict[tuple[int, int], str] = {
    (CHASSIS, 0x01): "chassis status",
    (CHASSIS, 0x09): "read boot options",
    (SENSOR, 0x2D): "read sensors",
    (APP, 0x01): "mc info",
    (APP, 0x44): "list users",
    (STORAGE, 0x43): "read event log",
    (TRANSPORT, 0x02): "read LAN settings",
    (PICMG, 0x2F): "hpm component properties",
}
"""What looks at the server and shows that somebody looked."""


class Watch:
    """Watches one server from when it is made: `server.watch = Watch(server)`."""

    def __init__(self, server: VirtualServer) -> None:
        self._server = server
        self._numbers = 0
        self._last = ("", "")
        self._seen = state(server)
        server.note(BECAME, state=self._seen)

    def command(self, argv: Sequence[str], user: str) -> Callable[[int], None]:
        """A program starts on the host. Returns what is to be called with its exit status."""
        self._numbers += 1
        number = self._numbers
        self._did("host", _line(argv), state(self._server), user=user, number=number)
        return lambda status: self._server.note(ENDED, number=number, status=status)

    def ipmi(
        self, netfn: int, command: int, data: bytes, channel: int, answer: Callable[[], Reply | None]
    ) -> Reply | None:
        """A message has come to the BMC; `answer` has it answered. A reading that is repeated is told once."""
        words = EFFECTS[netfn, command](data) if (netfn, command) in EFFECTS else READINGS.get((netfn, command))
        if words is None:
            return answer()
        before = state(self._server)
        reply = answer()
        door = "kcs" if channel == SYSTEM_INTERFACE else "lan"
        if reply is not None and ((netfn, command) in EFFECTS or (door, words) != self._last):
            self._did(door, words, before, code=reply.completion_code)
        return reply

    def transfer(self, path: str, data: bytes, user: str) -> None:
        """A file has come onto the host's disk over SFTP or scp."""
        digest = hashlib.sha256(data).hexdigest()
        self._did("transfer", path, state(self._server), user=user, size=len(data), sha256=digest)

    def web(self, what: str, user: str) -> None:
        """Somebody is about to do something on the BMC's web pages."""
        self._did("web", what, state(self._server), user=user)

    def hands(self, what: str, act: Callable[[], T]) -> T:
        """Somebody beside the server does something."""
        before = state(self._server)
        seen = act()
        self._did("hands", what, before, seen=str(getattr(seen, "text", seen)))
        return seen

    def look(self) -> None:
        """Write down what has become of the server, if it has changed."""
        now = state(self._server)
        if now != self._seen:
            self._seen = now
            self._server.note(BECAME, state=now)

    def inventory(self) -> None:
        """Write down what is kept on the server: users, LAN and BIOS settings, files that people have put there.

        `logins`: does the password still work that the user had when the server was handed over?
        """
        bmc, host, spec = self._server.bmc, self._server.host, self._server.spec
        named = {u.name.decode(errors="replace"): u for u in bmc.users.slots.values() if u.name}
        had = {u.name: spec.bmc_passwords.get(u.name, u.password) for u in bmc.board.users}
        had |= {u.name: u.password for u in spec.bmc_users}
        files = sorted(path for top in FILES for path in _below(host, top))
        self._server.note(
            KEPT,
            logins={
                name: name in named and named[name].enabled and named[name].password.rstrip(b"\0") == word.encode()
                for name, word in had.items()
            },
            rights={name: user.privilege for name, user in named.items()},
            lan_mode=bmc.lan_mode,
            lan=bmc.lan.address,
            lan_source="dhcp" if bmc.lan.source == DHCP else "static",
            settings=dict(self._server.bios_settings),
            files=files,
            images=sum(images.MAGIC in host.files.read(path) for path in files),
        )

    def _did(self, door: str, what: str, before: Mapping[str, Any], **fields: Any) -> None:
        self.look()
        self._last = door, what
        self._server.note(DID, door=door, what=what, **fields, state=before)


def state(server: VirtualServer) -> dict[str, Any]:
    """The server in a few words: what a picture of that moment shows."""
    bmc, bios = server.bmc, server.running_bios
    return {
        "host": server.phase,
        "bmc": "foreign" if bmc.foreign and bmc.state == "up" else bmc.state,
        "at": bmc.address or "",
        "at_home": bmc.address == server.spec.bmc_address,
        "versions": {"bmc": bmc.running.version if bmc.running else "", "bios": bios.version if bios else ""},
        "writing": sorted(name for name, chip in server.chips.items() if chip.uploading is not None),
        "damaged": sorted(name for name, chip in server.chips.items() if _damaged(server, name)),
        "mains": [psu.mains for psu in server.psus],
    }


def _damaged(server: VirtualServer, name: str) -> bool:
    """Would the next start find nothing whole there?"""
    return server.chips[name].boot_firmware() is None


def _below(host: VirtualHost, top: str) -> Iterator[str]:
    """The files under a directory of the host; links lead nowhere."""
    for name in host.files.listdir(top) if host.files.exists(top) else ():
        path = f"{top}/{name}"
        kind = host.files.lookup(path, follow=False).kind
        if kind == "dir":
            yield from _below(host, path)
        elif kind == "file":
            yield path


def _line(argv: Sequence[str]) -> str:
    """The command line, with what may be a password hidden; also in a line that is given to a shell."""
    vendors = any(posixpath.basename(word) in VENDORS for word in argv)
    words, hide = [], False
    for index, word in enumerate(argv):
        hidden = hide or (index >= 4 and tuple(argv[index - 4 : index - 1]) == USER_PASSWORD)
        words.append(HIDDEN if hidden else _INSIDE.sub(rf"\g<1>{HIDDEN}", word))
        hide = word in ("-P", "--password") or (vendors and word == "-p") or word.endswith(".Password")
    return shlex.join(words)

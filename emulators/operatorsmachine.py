"""As much of an operator's Linux as a flash over the network needs: units, pipes with a name, ipmitool's lanplus.

The ipmitool is the built-in one of the virtual hosts; here its messages go over the LAN, with the rights of the user
who logs in, and a BMC that is dark or elsewhere is silent. Files are kept in memory; a firmware file is the operator's
own, read by `read`.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

from emulators.bmc.reply import Reply
from emulators.host.commands import ipmitool
from emulators.host.process import Buffer, Invocation, Process, Run, Stdin

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost
    from emulators.server import VirtualServer

SILENCE_S = 20.0  # of a mute address, by the tool's own retries
NO_SESSION = "Error: Unable to establish IPMI v2 / RMCP+ session\n"
BAD_LOGIN = "Error in RAKP message: RAKP 2 HMAC is invalid\n"
UNIT = re.compile(r"fwsim-flash-[\w.-]+")
OURS = re.compile(r"/fwsim-[\w.-]+-operator\b")
Answer = tuple[int, str, str]


class _Lan:
    """What the built-in ipmitool takes for its interface. The session ends with a restart of the BMC."""

    device_present = True

    def __init__(self, server: VirtualServer, address: str, privilege: int) -> None:
        self._bmc, self._address, self._privilege = server.bmc, address, privilege
        self._generation = server.bmc.generation

    def request(self, netfn: int, lun: int, command: int, data: bytes) -> Reply | None:
        bmc = self._bmc
        if bmc.address != self._address or not bmc.answering or bmc.generation != self._generation:
            return None
        return bmc.handle(netfn, lun, command, data, self._privilege, channel=bmc.board.channel)


@dataclass
class _Desk:
    """What a command asks of its host."""

    server: VirtualServer
    read: Callable[[str], bytes]
    kcs: _Lan | None = None

    @property
    def files(self) -> _Desk:
        return self


@dataclass
class _Unit:
    description: str
    process: Process


class OperatorsMachine:
    """`run` answers at once; a unit goes on as the server's time does."""

    def __init__(self, server: VirtualServer, read: Callable[[str], bytes]) -> None:
        self._server, self._read = server, read
        self._units: dict[str, _Unit] = {}
        self._files: dict[str, Buffer] = {}
        self._pipes: dict[str, Stdin] = {}

    def takes(self, argv: Sequence[str]) -> bool:
        """Is this one of the commands that a flash over the network consists of?"""
        if tuple(argv) in (("id", "-u"), ("which", "ipmitool")):
            return True
        return any(
            UNIT.search(word) if argv[0].startswith("systemd") or argv[0] == "systemctl" else OURS.search(word)
            for word in argv
        )

    def run(self, argv: Sequence[str], stdin: bytes = b"") -> Answer:
        match argv[0]:
            case "id":
                return 0, "0\n", ""
            case "which":
                return 0, "/usr/bin/ipmitool\n", ""
            case "systemctl":
                return self._systemctl(argv)
            case "systemd-run":
                return self._start(argv)
            case "mkfifo":
                self._pipes[argv[-1]] = Stdin(closed=False)
            case "rm":
                self._remove(argv[-1])
            case "tail":
                log = self._files.get(argv[-1])
                return (
                    (0, log.data[int(argv[2]) - 1 :].decode(errors="replace"), "") if log else (1, "", "no such file\n")
                )
            case "sh":
                self._shell(argv[2], stdin)
        return 0, "", ""

    def _remove(self, path: str) -> None:
        for kept in (self._files, self._pipes):
            for name in [name for name in kept if name == path or name.startswith(f"{path}/")]:
                del kept[name]

    def _shell(self, line: str, stdin: bytes) -> None:
        if match := re.fullmatch(r"echo (\S+) > (\S+)", line):
            self._files[match[2]] = Buffer(bytearray(match[1].encode() + b"\n"))
        elif (match := re.match(r"test ! -p (\S+) \|\| ", line)) and (pipe := self._pipes.pop(match[1], None)):
            pipe.feed(stdin)
            pipe.close()

    # -- units

    def _systemctl(self, argv: Sequence[str]) -> Answer:
        name = argv[2]
        unit = self._units.get(name)
        if argv[1] != "show":
            if unit is not None and argv[1] == "stop":
                unit.process.kill()
                del self._units[name]
            return 0, "", ""
        if unit is None:
            return 0, f"LoadState=not-found\nActiveState=inactive\nSubState=dead\nDescription={name}\n", ""
        status = unit.process.status
        active, sub = (
            ("active", "running") if status is None else ("active", "exited") if not status else ("failed",) * 2
        )
        result = "success" if not status else "exit-code"
        rows = {"LoadState": "loaded", "ActiveState": active, "SubState": sub, "Result": result}
        rows |= {"ExecMainStatus": str(status or 0), "Description": unit.description}
        return 0, "".join(f"{key}={value}\n" for key, value in rows.items()), ""

    def _start(self, argv: Sequence[str]) -> Answer:
        options = dict(word[2:].split("=", 1) for word in argv if word.startswith("--") and "=" in word)
        name = options["unit"]
        if name in self._units:
            return 1, "", f"Failed to start transient service unit: Unit {name}.service already exists.\n"
        words = shlex.split(argv[-1])
        command = [word for word in words[: words.index(next(w for w in words if w.startswith(">")))] if word != "exec"]
        command = command[command.index("ipmitool") :]
        log = next(word[1:] for word in words if word.startswith(">"))
        answers = next(word[1:] for word in words if word.startswith("<"))
        sink = self._files[log] = Buffer()
        typed = self._files[answers].data if answers in self._files else b""
        desk = cast("VirtualHost", _Desk(self._server, self._read))
        inv = Invocation(tuple(command), desk, Stdin(bytes(typed)), sink, sink, cwd="/")
        process = Process(0, name, self._ipmitool(inv), self._server.agenda, None)
        self._units[name] = _Unit(options["description"], process)
        process.start()
        return 0, "", f"Running as unit: {name}.service\n"

    # -- ipmitool -I lanplus

    def _ipmitool(self, inv: Invocation) -> Run[int]:
        login, words = _login(inv.argv[1:])
        pipe = self._pipes.get(login["-f"])
        if pipe is None:
            inv.err(f"Unable to open password file {login['-f']}\n")
            return 1
        password = (yield from pipe.readline()).rstrip(b"\n")
        server, user = self._server, login["-U"].encode()
        bmc = server.bmc
        if bmc.address != login["-H"] or not bmc.answering:
            yield SILENCE_S
            inv.err(NO_SESSION)
            return 1
        known = bmc.users.by_name(user)
        if known is None or not known.enabled or known.password.rstrip(b"\0") != password or bmc.locked(user):
            server.note("bmc-login-refused", user=user.decode())
            inv.err(BAD_LOGIN + NO_SESSION)
            return 1
        lan = _Lan(server, login["-H"], min(known.privilege, bmc.lan.privilege_limit))
        desk = cast("VirtualHost", _Desk(server, self._read, lan))
        return (yield from ipmitool.main(replace(inv, argv=("ipmitool", *words), host=desk)))


def _login(words: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """The options of the connection, and what is left of the command."""
    found, rest = {"-H": "", "-U": "", "-f": ""}, list(words)
    while rest and rest[0] in ("-I", "-H", "-p", "-U", "-f", "-C"):
        option, value = rest.pop(0), rest.pop(0)
        found[option] = value
    return found, rest

"""Virtual servers whose BMC is fast, on loopback, for the machine's own ipmitool; and .hpm files good and bad."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from emulators import boards, images
from emulators.bmc.endpoint import LanEndpoint
from emulators.bmc.kcs_wire import KcsWire
from emulators.bmc.lan import Sessions
from emulators.bmc.reply import Reply
from emulators.faults import Fault
from emulators.home.channel import lan_sessions
from emulators.home.pump import Pump
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from tests.tools import require_tool

SIZE = 4096
HEADER = 34  # bytes of an .hpm file's header before its OEM data
MD5 = 16
Message = tuple[int, int, bytes]


def board(name: str = "x11ssh-f", *, boot_s: float = 0.5, flash_s: float = 0.0, **hpm: Any) -> boards.Board:
    """A board that is fast. `hpm`: fields of its HPM.1 part; `properties` are its components'."""
    known = boards.load(name)
    assert known.bmc.hpm is not None
    properties = hpm.pop("properties", None)
    if properties is not None:
        components = tuple(c.model_copy(update={"properties": properties}) for c in known.bmc.hpm.components)
        hpm["components"] = components
    part = known.bmc.hpm.model_copy(update={"upgrade_s": 5, "rollback_s": 5, "self_test_s": 5, **hpm})
    bmc = known.bmc.model_copy(update={"hpm": part, "boot_s": boot_s, "flash_s": flash_s, "image_size": SIZE})
    return known.model_copy(update={"bmc": bmc})


def image(of: boards.Board, version: str = "3.90", size: int = SIZE) -> bytes:
    return images.build(of.firmware("bmc", version), size)


def package(of: boards.Board, version: str = "3.90", *, size: int = SIZE, actions: tuple[int, ...] = ()) -> bytes:
    """A good .hpm file. Without `actions` there is nothing to prepare, which takes ipmitool a second at least."""
    target = of.hpm_target().__class__(**{**of.hpm_target().__dict__, "actions": actions})
    return images.wrap_hpm(image(of, version, size), version, target, inaccessible_s=5)


def changed(file: bytes, at: int, value: bytes, *, header_sum: bool = True, md5: bool = True) -> bytes:
    """The file with some bytes changed, its header checksum and its MD5 made right again, or left wrong."""
    body = bytearray(file[:-MD5])
    body[at : at + len(value)] = value
    end = HEADER + int.from_bytes(body[32:34], "little")
    if header_sum:
        body[end] = images.zero_sum(bytes(body[:end]))
    signature = hashlib.md5(body, usedforsecurity=False).digest() if md5 else file[-MD5:]
    return bytes(body) + signature


def records(file: bytes) -> int:
    """Where the first action record is."""
    return HEADER + int.from_bytes(file[32:34], "little") + 1


@dataclass
class Wired:
    """One server with its LAN and its KCS wire; `messages` is what reached handle()."""

    server: VirtualServer
    port: int
    kcs_port: int
    wire: KcsWire
    folder: Path
    sessions: Sessions
    messages: list[Message] = field(default_factory=list)
    _names: Iterator[int] = field(default_factory=itertools.count)

    def file(self, content: bytes) -> str:
        path = self.folder / f"{self.port}-{next(self._names)}.hpm"
        path.write_bytes(content)
        return str(path)

    def argv(self, *arguments: str, options: tuple[str, ...] = ()) -> list[str]:
        user = self.server.board.bmc.users[0]
        login = ["-H", "127.0.0.1", "-p", str(self.port), "-U", user.name, "-P", user.password]
        return [require_tool("ipmitool"), "-I", "lanplus", *login, *options, *arguments]

    def in_band_argv(self, *arguments: str) -> list[str]:
        user = self.wire.user
        login = ["-H", "127.0.0.1", "-p", str(self.kcs_port), "-U", user.name.decode(), "-P", user.password.decode()]
        return [require_tool("ipmitool"), "-I", "lanplus", "-C", "3", *login, *arguments]

    def ipmitool(self, *arguments: str, stdin: str = "", options: tuple[str, ...] = ()) -> Ran:
        return ran(self.argv(*arguments, options=options), stdin)

    def upgrade(self, content: bytes, *more: str, stdin: str = "", options: tuple[str, ...] = ()) -> Ran:
        return self.ipmitool("hpm", "upgrade", self.file(content), *more, stdin=stdin, options=options)

    def bank(self, active: bool = False) -> bytes:
        """What the bank holds that an upload writes, or the active one."""
        chip = self.server.chips["bmc"]
        return bytes(chip.banks[chip.active if active else chip.target].data)

    @property
    def running(self) -> str:
        firmware = self.server.bmc.running
        return firmware.version if firmware else ""


@dataclass(frozen=True)
class Ran:
    """How a program ended; `text` is standard output and standard error together, as a person sees them."""

    status: int
    text: str

    def says(self, *words: str) -> bool:
        """Do these stand in the output, in this order?"""
        at = 0
        for word in words:
            at = self.text.find(word, at)
            if at < 0:
                return False
            at += len(word)
        return True


def ran(argv: list[str], stdin: str = "", timeout_s: float = 110) -> Ran:
    done = subprocess.run(
        argv, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout_s,
        encoding="latin-1",
    )  # fmt: skip
    return Ran(done.returncode, done.stdout)


def recorded(server: VirtualServer) -> list[Message]:
    """What reaches the BMC's handle() from now on."""
    messages: list[Message] = []
    handle = server.bmc.handle

    def watched(netfn: int, lun: int, command: int, data: bytes, privilege: int, **more: Any) -> Reply | None:
        messages.append((netfn, command, data))
        return handle(netfn, lun, command, data, privilege, **more)

    server.bmc.handle = watched  # type: ignore[method-assign]  # the one door, watched
    return messages


@contextmanager
def wired(folder: Path, of: boards.Board, *faults: Fault, **settings: Any) -> Iterator[Wired]:
    """A server of this board, up to date with the wall clock, in a thread of its own."""
    server = VirtualServer(ServerSpec(board=of.name, faults=faults, **settings), board=of)
    messages = recorded(server)
    sessions = lan_sessions(server, lambda: True)
    wire = KcsWire(server.bmc, lan=sessions)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)

    async def nothing() -> None:
        return None

    async def start() -> tuple[list[LanEndpoint], asyncio.Task[None]]:
        pump = Pump(server, 1.0, nothing)
        ends = [
            await LanEndpoint.open(s, "127.0.0.1", 0, loop.time, before=pump.advance, after=pump.look_again)
            for s in (sessions, wire.sessions)
        ]
        return ends, asyncio.ensure_future(pump.run())

    async def stop(ends: list[LanEndpoint], pump: asyncio.Task[None]) -> None:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        for end in ends:
            end.close()
        await asyncio.sleep(0)

    thread.start()
    try:
        ends, pump = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
        try:
            lan, kcs = (end.address[1] for end in ends)
            yield Wired(server, lan, kcs, wire, folder, sessions, messages)
        finally:
            asyncio.run_coroutine_threadsafe(stop(ends, pump), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()

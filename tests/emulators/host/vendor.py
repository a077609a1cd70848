"""Runs one vendor command on a virtual server, in simulated time, without a shell around it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from emulators import boards, images
from emulators.faults import Fault
from emulators.host.process import Buffer, Invocation, Process, Run, Stdin
from emulators.server import VirtualServer
from emulators.spec import ServerSpec

Main: TypeAlias = "Callable[[Invocation], Run[int]]"


@dataclass
class Ran:
    """A command under way or ended; `text` is its standard output without colours."""

    process: Process
    stdout: Buffer
    stderr: Buffer

    @property
    def status(self) -> int | None:
        return self.process.status

    @property
    def text(self) -> str:
        return re.sub(r"\x1b\[[0-9;]*m", "", self.stdout.text)


def server(board: str, *faults: Fault) -> VirtualServer:
    """A server handed over as healthy, with these faults armed."""
    return VirtualServer(ServerSpec(board=board, faults=faults))


def begin(main: Main, on: VirtualServer, *argv: str, user: str = "root") -> Ran:
    """Start a command without letting time pass."""
    out, err = Buffer(), Buffer()
    inv = Invocation(argv, on.host, Stdin(), out, err, user=user)
    process = Process(4242, argv[0], main(inv), on.agenda, None)
    process.start()
    return Ran(process, out, err)


def run(main: Main, on: VirtualServer, *argv: str, user: str = "root", within_s: float = 7200) -> Ran:
    """Run a command to its end, looking every simulated second."""
    ran = begin(main, on, *argv, user=user)
    deadline = on.now + within_s
    while ran.status is None and on.now < deadline:
        on.advance(on.now + 1)
    return ran


def later(on: VirtualServer, seconds: float) -> None:
    """Let simulated time pass."""
    on.advance(on.now + seconds)


def image(board: str, kind: images.Kind, version: str) -> bytes:
    """A whole synthetic image for that board."""
    return images.build(boards.load(board).firmware(kind, version))


def put(on: VirtualServer, name: str, data: bytes) -> str:
    """Put a file into root's home directory of the virtual host; gives its path."""
    path = f"/root/{name}"
    on.host.files.write(path, data)
    return path

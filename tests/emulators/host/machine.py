"""A virtual server for tests of its host: run a line to its end in simulated time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from emulators.host.linux import VirtualHost
from emulators.host.process import Buffer, Process, Stdin
from emulators.server import VirtualServer
from emulators.spec import Account, ServerSpec


@dataclass(frozen=True)
class Done:
    """What a command left."""

    status: int
    out: str
    err: str


class Machine:
    """One virtual server. `run` advances its time until the line has ended."""

    def __init__(self, board: str = "x11ssh-f", **spec: Any) -> None:
        accounts = (Account(password="root"), Account(name="admin", password="admin"))
        self.server = VirtualServer(ServerSpec(board=board, hostname="db07", **{"accounts": accounts, **spec}))

    @property
    def host(self) -> VirtualHost:
        return self.server.host

    def start(self, line: str, *, user: str = "root", stdin: bytes = b"") -> tuple[Process, Buffer, Buffer]:
        out, err = Buffer(), Buffer()
        return self.host.execute(line, user=user, stdin=Stdin(stdin), stdout=out, stderr=err), out, err

    def run(self, line: str, *, user: str = "root", stdin: bytes = b"") -> Done:
        process, out, err = self.start(line, user=user, stdin=stdin)
        self.until(process)
        assert process.status is not None, f"{line} did not end"
        return Done(process.status, bytes(out.data).decode(errors="surrogateescape"), err.text)

    def until(self, process: Process, limit_s: float = 100_000) -> None:
        end = self.server.now + limit_s
        while process.status is None and (due := self.server.next_due()) is not None and due < end:
            self.server.advance(due)

    def wait(self, seconds: float) -> None:
        self.server.advance(self.server.now + seconds)

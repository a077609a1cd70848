"""The operator's machine in a rehearsal: a recorder. Nothing of the plan's own leaves it.

`VirtualOperator` does a few things besides, all to the virtual server alone: SUM and racadm that are for its BMC's
address act there, a rehearsal's own outlets switch its supplies, its own payloads are hashed, and its DHCP server's
leases can be read, its kernels are pinged, and HPM.1 goes over the network from units of its own.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path

from emulators import echo, outofband
from emulators.host.process import SIGHUP
from emulators.operatorsmachine import OperatorsMachine
from emulators.server import VirtualServer
from fwsim.doors import CommandTimeout, Completed, Host
from fwsim.events import CommandRan, Event, NotRehearsed
from fwsim.tools import ping

OUTLET = "virtual-outlet"
LEASES = "virtual-leases"  # the command that stands in a rehearsal's plan for the operator's own


class RecordingHost:
    """Notes the commands that a real run would start on the operator's machine; each seems to succeed."""

    def __init__(self, leases: Callable[[], str] = str, pings: Host | None = None) -> None:
        """`leases`: what the virtual DHCP server has given out. `pings`: sends pings where a kernel answers for each
        of the virtual server's addresses."""
        self._leases, self._pings = leases, pings
        self.recorded: list[tuple[str, ...]] = []
        self._untold: list[tuple[str, ...]] = []

    def telling(self, emit: Callable[[Event], None]) -> Callable[[Event], None]:
        """The same, and each command that was only noted is told as not rehearsed. The engine hears nothing of it."""

        def hear(event: Event) -> None:
            emit(event)
            if isinstance(event, CommandRan) and event.where == "operator" and event.argv in self._untold:
                self._untold.remove(event.argv)
                emit(NotRehearsed(event.at, event.step, event.argv))

        return hear

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        if tuple(argv) == ("sh", "-c", LEASES):
            return Completed(tuple(argv), 0, self._leases(), "")
        if self._pings is not None and tuple(argv[:1]) == ("ping",):
            return await self._pings.run(argv, timeout_s=timeout_s)
        self._note(*argv)
        return Completed(tuple(argv), 0, "", "")

    async def put(self, local: Path, remote: str, *, timeout_s: float = 600.0) -> None:
        self._note("put", str(local), remote)

    async def get(self, remote: str, *, timeout_s: float = 600.0) -> bytes:
        raise FileNotFoundError(remote)

    async def answers(self, *, timeout_s: float = 5.0) -> bool:
        return True

    def _note(self, *argv: str) -> None:
        self.recorded.append(argv)
        self._untold.append(argv)


class VirtualOperator(RecordingHost):
    """The same, with a virtual server at hand."""

    def __init__(self, server: VirtualServer) -> None:
        super().__init__(lambda: server.network.leases)
        self._server = server
        self._machine = OperatorsMachine(server, _read)

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        if outofband.is_for(argv):
            return self._out_of_band(tuple(argv), stdin, timeout_s)
        if len(argv) == 2 and argv[0] == "sha256sum":
            digest = hashlib.sha256(_read(argv[1])).hexdigest()
            return Completed(tuple(argv), 0, f"{digest}  {argv[1]}\n", "")
        if self._machine.takes(argv):
            return Completed(tuple(argv), *self._machine.run(argv, stdin))
        if tuple(argv[:1]) == ("ping",):
            return self._pinged(tuple(argv))
        if switch := _switched(argv):
            number, on = switch
            self._server.set_mains(number - 1, on)
            return Completed(tuple(argv), 0, "", "")
        return await super().run(argv, stdin=stdin, timeout_s=timeout_s)

    def _pinged(self, argv: tuple[str, ...]) -> Completed:
        server, address = self._server, argv[-1]
        sent = echo.Pinging(address, ping.COUNT, ping.WAIT_S, lambda: echo.heard(server, address))
        for seconds in sent.steps():
            server.advance(server.now + seconds)
        return Completed(argv, sent.status, sent.output, "")

    def _out_of_band(self, argv: tuple[str, ...], stdin: bytes, timeout_s: float) -> Completed:
        server, deadline = self._server, self._server.now + timeout_s
        process, out, err = outofband.start(server, argv, stdin, _read)
        while process.status is None:
            due = server.next_due()
            if due is None or due > deadline:
                server.advance(deadline)
                process.kill(SIGHUP)
                raise CommandTimeout(f"{argv[0]} did not end within {timeout_s:g} s")
            server.advance(due)
        return Completed(argv, process.status, out.text, err.text)


def _read(path: str) -> bytes:
    """A file of the rehearsal's own."""
    return Path(path).read_bytes()


def outlet(number: int, *, on: bool) -> str:
    """The command of a rehearsal's own outlet."""
    return f"{OUTLET} {number} {'on' if on else 'off'}"


def _switched(argv: Sequence[str]) -> tuple[int, bool] | None:
    """Which outlet that command switches, and whether on. The shell runs it, as any command of the plan."""
    words = shlex.split(argv[-1]) if argv else []
    if len(words) != 3 or words[0] != OUTLET or not words[1].isdigit():
        return None
    return int(words[1]), words[2] == "on"

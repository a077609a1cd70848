"""An update in memory, for tests of the engine: a plan, a virtual server, doors that a test may put its own before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from emulators.faults import Fault
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from fwsim import boards, payload
from fwsim.doors import Completed, Doors, Host
from fwsim.engine import Engine
from fwsim.events import CommandRan, Event, Intent, RunEnded, StepEnded
from fwsim.plan import Plan
from fwsim.rehearsal.memory import MemoryClock, MemoryHost, MemoryNetwork, drive
from fwsim.rehearsal.operator import RecordingHost
from fwsim.rehearsal.prepare import ROOT_PASSWORD, Prepared, fallback, from_scenario
from fwsim.rehearsal.scenario import Expect, Scenario, Update

NEW = {  # board -> versions to go to
    "x11ssh-f": ("3.90", "3.0"),
    "x11ssm-f": ("3.90", "3.0"),
    "x10dri": ("3.88", "3.4"),
    "x12spi": ("01.03.05", "1.6"),
    "r730": ("2.75.75.75", "2.12.0"),
    "r740": ("6.10.80.00", "2.19.1"),
    "c6220": ("2.68", "2.8.0"),
}


class Between(Host):
    """A host door with a test in between: `before` sees each command and may raise, `after` its result."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.ran: list[tuple[str, ...]] = []
        self.before: Callable[[int, tuple[str, ...]], None] = lambda number, argv: None
        self.after: Callable[[int, Completed], Completed] = lambda number, done: done

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        number = len(self.ran)
        self.ran.append(tuple(argv))
        self.before(number, tuple(argv))
        return self.after(number, await self.host.run(argv, stdin=stdin, timeout_s=timeout_s))

    async def put(self, local: Path, remote: str, *, timeout_s: float = 600.0) -> None:
        await self.host.put(local, remote, timeout_s=timeout_s)

    async def get(self, remote: str, *, timeout_s: float = 600.0) -> bytes:
        return await self.host.get(remote, timeout_s=timeout_s)

    async def answers(self, *, timeout_s: float = 5.0) -> bool:
        return await self.host.answers(timeout_s=timeout_s)


@dataclass
class Bench:
    """Change what you like, then `run`."""

    prepared: Prepared
    server: VirtualServer
    folder: Path
    plan: Plan
    host: Between
    network: MemoryNetwork
    synthetic: bool = True
    run_id: str = "TEST"
    events: list[Event] = field(default_factory=list)

    def engine(self) -> Engine:
        doors = Doors(MemoryClock(self.server), self.host, self.network, RecordingHost(), self.prepared.bmc_passwords)
        files = payload.read_all(self.plan)
        board = boards.load(self.plan.board)
        options: dict[str, Any] = {"run_id": self.run_id, "run_dir": self.folder, "allow_synthetic": self.synthetic}
        return Engine(self.plan, board, files, doors, self.events.append, **options)

    def run(self) -> RunEnded:
        ended = drive(self.engine().run())
        assert self.events[-1] is ended
        return ended

    def change(self, **fields: Any) -> None:
        """The plan, with other fields."""
        self.plan = self.plan.model_copy(update=fields)

    def change_payload(self, kind: str, **fields: Any) -> None:
        rows = (p.model_copy(update=fields) if p.kind == kind else p for p in self.plan.payloads)
        self.change(payloads=tuple(rows))

    def keep_only(self, kind: str) -> None:
        self.change(payloads=tuple(p for p in self.plan.payloads if p.kind == kind))

    @property
    def changing(self) -> list[tuple[str, str]]:
        """(where, command) of everything that was said to change the server."""
        import shlex

        return [(e.where, shlex.join(e.argv)) for e in self.events if isinstance(e, CommandRan) and e.changes]

    @property
    def intents(self) -> list[Intent]:
        return [e for e in self.events if isinstance(e, Intent)]

    def outcome(self, step: str) -> StepEnded:
        return next(e for e in self.events if isinstance(e, StepEnded) and e.step == step)

    def happened(self, kind: str) -> int:
        """How often the server's own record says so."""
        return sum(record["kind"] == kind for record in self.server.world.records)

    @property
    def untouched(self) -> bool:
        """By the server's own word: nothing written, restarted or left behind."""
        changes = ("flash-started", "bios-staged", "host-shutdown", "bmc-dark")
        left = [name for name in self.server.host.files.listdir("/var/tmp") if name.startswith("fwsim")]
        return not left and not any(self.happened(kind) for kind in changes)


def bench(
    folder: Path,
    board: str = "x11ssh-f",
    *,
    server_board: str | None = None,
    faults: tuple[Fault, ...] = (),
    bios_requires_bmc: str = "",
    **spec: Any,
) -> Bench:
    """A healthy update of both, unless told otherwise. `server_board`: what the server truly is."""
    bmc, bios = NEW[board]
    update = Update(bmc=bmc, bios=bios, bios_requires_bmc=bios_requires_bmc)
    scenario = Scenario(title="test", board=board, update=update, faults=faults, expect=Expect(ending="updated"))
    prepared = from_scenario(scenario, folder / "payloads")
    made: ServerSpec = prepared.spec.model_copy(update={"board": server_board or board, **spec})
    plan = prepared.plan.model_copy(update={"fallback": fallback(made, folder / "payloads")})
    prepared = replace(prepared, spec=made, plan=plan)
    server = VirtualServer(made)
    network = MemoryNetwork(server, made.bmc_address, *prepared.bmc_login)
    host = Between(MemoryHost(server, "root", ROOT_PASSWORD))
    return Bench(prepared, server, folder / "run", prepared.plan, host, network)

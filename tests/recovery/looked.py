"""A scenario rehearsed in memory, and its server looked at afterwards as `fwsim diagnose` does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from emulators.server import VirtualServer
from emulators.world import World
from fwsim import boards
from fwsim.boards import Board
from fwsim.doors import Doors
from fwsim.events import Event, RunEnded
from fwsim.rehearsal import in_memory, memory_doors
from fwsim.rehearsal.memory import drive
from fwsim.rehearsal.operator import VirtualOperator
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import load
from recovery.diagnosis import Diagnosis, diagnose
from recovery.evidence import gather
from recovery.observation import Evidence, reported


@dataclass
class Looked:
    """`events`: of the run, and of every look since."""

    prepared: Prepared
    server: VirtualServer
    ended: RunEnded
    events: list[Event]
    folder: Path

    @property
    def board(self) -> Board:
        return boards.load(self.prepared.plan.board)

    def doors(self) -> Doors:
        return memory_doors(self.prepared, self.server, VirtualOperator(self.server), began=0.0)

    def look(self, observed: str = "", doors: Doors | None = None) -> Evidence:
        return drive(
            gather(
                doors or self.doors(), self.prepared.plan, self.board, tuple(self.events), reported(observed),
                run_dir=self.folder, run_id=self.prepared.run_id, emit=self.events.append,
            )
        )  # fmt: skip

    def diagnose(self, observed: str = "") -> Diagnosis:
        return diagnose(self.look(observed), self.board)


def rehearsed(name: str, folder: Path, world: World | None = None) -> Looked:
    prepared = from_scenario(load(name), folder / "payloads")
    server = VirtualServer(prepared.spec, world or World())
    events: list[Event] = []
    ended = in_memory(prepared, events.append, run_id=prepared.run_id, run_dir=folder, server=server)
    return Looked(prepared, server, ended, events, folder)

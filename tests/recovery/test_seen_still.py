"""A BIOS that a start writes and that stands still for good: only somebody's look allows what cuts it short."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from emulators import truth as truths
from emulators.hands import Hands
from emulators.server import VirtualServer
from emulators.world import World
from fwsim import rules
from fwsim.events import Event, Fact
from fwsim.findings import SEEN_STILL
from fwsim.judged import FinalState
from fwsim.rehearsal import in_memory, matrix, prepare, scenario, truth
from recovery import technician_visit
from recovery.technician_visit import Attendance


@dataclass
class Visited:
    """A rehearsal with its visits, and what it takes to judge it."""

    server: VirtualServer
    state: FinalState
    ending: str
    events: list[Event] = field(default_factory=list)

    def broken(self, events: list[Event]) -> list[int]:
        return sorted({broken.rule for broken in rules.check(events, self.server.world.records, self.state)})


def rehearsed(folder: Path) -> Visited:
    prepared = prepare.from_scenario(scenario.load("r740"), folder / "payloads")
    server = VirtualServer(prepared.spec, World())
    before = truth.condition(server)
    events: list[Event] = []
    ended = in_memory(
        prepared, events.append, run_id=prepared.run_id, run_dir=folder, server=server,
        injections=matrix.parse_cell("flash-stalls@bios-wait").injections,
        recover=technician_visit.recover(Attendance(Hands(server))),
    )  # fmt: skip
    state = truth.final(prepared, truths.of(server), before, folder, recovers=True)
    return Visited(server, state, ended.ending, events)


def test_what_stands_still_is_cut_short_after_a_look_and_written_again(tmp_path: Path) -> None:
    done = rehearsed(tmp_path)
    assert done.ending == "updated"
    assert done.broken(done.events) == []
    unseen = [event for event in done.events if not (isinstance(event, Fact) and event.key == SEEN_STILL)]
    assert len(unseen) == len(done.events) - 1
    assert 11 in done.broken(unseen), "without a look nobody knows that it stands still"

"""Whole runs that end beside the server: what fwsim prints, followed to the letter, brings the server back.

The technician has the ticket's text alone. Before each visit a judge looks whether anything cheaper would have healed:
a search over the published repairs and procedures on copies of the virtual server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from emulators.faults import Fault
from emulators.hands import Hands
from emulators.hands.cures import Known, cures, healthy
from emulators.hands.search import search
from emulators.server import VirtualServer
from emulators.world import World
from fwsim import boards
from fwsim.events import Event, Fact, RunEnded
from fwsim.rehearsal import Injection, in_memory, matrix, prepare, scenario
from fwsim.rehearsal.scenario import Expect, Scenario, Update
from recovery import remedies, technician_visit
from recovery.administrator import Administrator
from recovery.loop import VISITED
from recovery.technician import Report
from recovery.technician_visit import REPLACED, Attendance

DEPTH = 2
LOOKS = ("look-and-report",)  # changes nothing, and so heals nothing
FOR_GOOD = (
    Fault(kind="post-hangs", times=None, nth=2),
    Fault(kind="boot-loop", times=None, nth=2),
)
"""Boards that are broken for good: nothing but another one helps."""
CURABLE = (
    Fault(kind="bmc-never-returns"),
    Fault(kind="severe-lock"),
    Fault(kind="bios-written-corrupt"),
    Fault(kind="flash-interrupted", target="bmc"),
    Fault(kind="flash-interrupted", target="bios"),
    Fault(kind="mac-lost"),
    Fault(kind="lan-mode-moved"),
)
GRAVE = (
    "bmc-never-returns",
    "severe-lock",
    "bios-written-corrupt",
    "post-hangs",
    "flash-interrupted",
    "host-never-returns",
)
FILES = [n for n in scenario.names() if scenario.load(n).expect.ending == "needs-hands"]


@dataclass
class Proof:
    """One run, and every visit that it took."""

    ended: RunEnded
    server: VirtualServer
    known: Known
    events: list[Event]
    reports: list[Report] = field(default_factory=list)
    cheaper: list[str] = field(default_factory=list)  # what the judge says against a ticket

    @property
    def visits(self) -> list[str]:
        return [event.value for event in self.events if isinstance(event, Fact) and event.key == VISITED]

    @property
    def healthy(self) -> bool:
        return healthy(self.server, self.known)


def run(
    one: Scenario,
    folder: Path,
    *,
    licensed: bool = True,
    injections: Sequence[Injection] = (),
    error_rate: float = 0.0,
    seed: int = 0,
) -> Proof:
    """Rehearse it with a technician, and judge each ticket as it is handed over."""
    prepared = prepare.from_scenario(one, folder / "payloads")
    server = VirtualServer(prepared.spec, World())
    if not licensed:
        server.licences = ()
    known = Known.of(server)
    events: list[Event] = []
    reports: list[Report] = []
    cheaper: list[str] = []

    def judged(printed: str) -> str:
        cheaper.extend(_cheaper(server, known, events))
        return printed

    def heard(report: Report, _: Administrator) -> None:
        reports.append(report)

    attendance = Attendance(Hands(server), error_rate, seed, judged, heard)
    ended = in_memory(
        prepared, events.append, run_id=prepared.run_id, run_dir=folder, server=server,
        injections=injections, recover=technician_visit.recover(attendance),
    )  # fmt: skip
    return Proof(ended, server, known, events, reports, cheaper)


def _cheaper(server: VirtualServer, known: Known, events: Sequence[Event]) -> list[str]:
    """Sequences that would have healed for less than the ticket at hand; for another board, any at all."""
    name = next(e.value for e in reversed(events) if isinstance(e, Fact) and e.key == VISITED)
    if name in LOOKS:
        return []
    depth = DEPTH if name == REPLACED else 1
    found = search(server, cures(known), lambda s: healthy(s, known), depth=depth)
    own = remedies.table()[name].cost
    return [f"{name}: {' + '.join(f.cures)} heals for less" for f in found if cost(f.cures) < own]


def cost(names: Sequence[str]) -> tuple[int, bool, bool, int]:
    """Of doing all of them: the worst risk, any visit, any downtime, all the minutes."""
    rows = [remedies.table()[name] for name in names]
    risk, minutes = max(row.risk for row in rows), sum(row.minutes for row in rows)
    return risk, any(row.visit for row in rows), any(row.downtime for row in rows), minutes


def made(board: str, *faults: Fault) -> Scenario:
    """An update of both kinds on that board, with those faults."""
    example = boards.load(board).example
    return Scenario(
        title="proof", board=board, update=Update(bmc=example.bmc[1], bios=example.bios[1]), faults=faults,
        expect=Expect(ending="updated"),
    )  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_what_needs_hands_is_brought_back_by_hands_that_follow_the_ticket(name: str, tmp_path: Path) -> None:
    proof = run(scenario.load(name), tmp_path)
    assert proof.cheaper == []
    assert proof.healthy or proof.visits[-1:] == [REPLACED], (proof.ended, proof.visits)


@pytest.mark.parametrize("board", boards.names())
@pytest.mark.parametrize("fault", CURABLE, ids=[f"{f.kind}-{f.target}" for f in CURABLE])
def test_every_board_is_brought_back_after_each_fault(board: str, fault: Fault, tmp_path: Path) -> None:
    proof = run(made(board, fault), tmp_path)
    assert proof.cheaper == []
    assert proof.healthy, (proof.ended, proof.visits, [report.why for report in proof.reports])
    assert all(report.ended == "done" for report in proof.reports)


@pytest.mark.parametrize("board", [b for b in boards.names() if boards.load(b).vendor == "supermicro"])
def test_a_dead_bios_without_a_product_key_is_cured_by_a_stick(board: str, tmp_path: Path) -> None:
    proof = run(made(board, Fault(kind="bios-written-corrupt")), tmp_path, licensed=False)
    assert proof.visits == ["usb-bios-recovery"]
    assert proof.cheaper == []
    assert proof.healthy


@pytest.mark.parametrize("board", ["x12spi", "r730", "c6220"])
@pytest.mark.parametrize("fault", FOR_GOOD, ids=[f.kind for f in FOR_GOOD])
def test_another_board_is_asked_for_where_nothing_else_heals_and_only_there(
    board: str, fault: Fault, tmp_path: Path
) -> None:
    proof = run(made(board, fault), tmp_path)
    assert proof.visits[-1] == REPLACED
    assert proof.visits.count(REPLACED) == 1
    assert proof.cheaper == []
    assert "set the new board up" in proof.ended.remedy


@pytest.mark.parametrize("board", boards.names())
def test_every_grave_cell_of_every_boards_matrix_that_sends_somebody_is_brought_back(
    board: str, tmp_path: Path
) -> None:
    """Of four boards every cell is: tests/scenarios/test_matrix.py."""
    one = made(board)
    healthy_run = matrix.watch(prepare.from_scenario(one, tmp_path / "watched"))
    cells = [c for c in matrix.singles(healthy_run) if c.injections[0].fault.kind in GRAVE]
    visited, lost, cheaper = 0, [], []
    for number, cell in enumerate(cells):
        folder = tmp_path / str(number)
        folder.mkdir()
        proof = run(one, folder, injections=cell.injections)
        visited += bool(proof.visits)
        lost += [cell.name] if proof.visits and not proof.healthy else []
        cheaper += proof.cheaper
    assert visited
    assert (lost, cheaper) == ([], [])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("fault", [Fault(kind="severe-lock"), Fault(kind="bmc-never-returns")], ids=["lock", "dead"])
def test_a_clumsy_technician_is_noticed_or_brings_it_back(fault: Fault, seed: int, tmp_path: Path) -> None:
    proof = run(made("x11ssh-f", fault), tmp_path, error_rate=0.25, seed=seed)
    assert proof.healthy or proof.ended.ending in ("needs-hands", "failed")
    assert proof.server.chips["bios"].boot_firmware() is not None
    if proof.ended.ending == "updated":
        assert proof.healthy

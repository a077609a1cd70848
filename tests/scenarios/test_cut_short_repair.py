"""A repair can be cut short as well: what the first flash had proved of the bank says nothing of it any more.

The BIOS that was flashed is corrupt, and is written again through the BMC; that writing breaks off or stands still.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from emulators.server import VirtualServer
from emulators.world import World
from fwsim.events import Event, Fact
from fwsim.judged import Condition
from fwsim.rehearsal import in_memory, matrix, truth
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import load
from fwsim.report.matrix import Outcome
from recovery import unattended
from recovery.technician_visit import REPLACED
from tests.recovery.test_proof import Proof, made, run

AGAIN = "repair-reflash-bios-oob"
CUT, STALLED = "flash-interrupted:target=bios,percent=50", "flash-stalls:percent=50"
FOR_GOOD = ",times=9"  # more often than anybody tries
ENGINE = f"engine-not-in-recovery:nth=2@{AGAIN}"  # the second writing is refused, until all mains have been away
LICENSED = ("x11ssh-f", "x12spi", "r740", "c6220")
"""Boards whose BMC writes a BIOS without another product key: at once and staged, one bank and two, both vendors."""


def name(*faults: str) -> str:
    return "+".join(("bios-written-corrupt@bios-flash", *(f"{fault}@{AGAIN}" for fault in faults)))


def rehearsed(board: str, cell: str, folder: Path) -> Outcome:
    prepared = from_scenario(load(board), folder / "payloads")
    return matrix.rehearse(prepared, matrix.watch(prepared), matrix.parse_cell(cell), unattended.recover)


def followed(board: str, cell: str, folder: Path) -> Proof:
    """With a technician, who has the printed ticket alone."""
    return run(made(board), folder, injections=matrix.parse_cell(cell).injections)


@pytest.mark.parametrize("board", LICENSED)
@pytest.mark.parametrize(("fault", "then"), [(CUT, ()), (STALLED, ("repair-cold-reset", f"{AGAIN}-2"))])
def test_a_bios_half_written_through_the_bmc_is_written_again_and_not_started_before(
    board: str, fault: str, then: tuple[str, ...], tmp_path: Path
) -> None:
    """At once where its tool or job has ended; where it stands still, after the BMC's restart has ended it."""
    outcome = rehearsed(board, name(fault), tmp_path)
    assert outcome.fired
    assert outcome.broken == ()
    assert (outcome.verdict, outcome.remote) == ("repaired", (AGAIN, *then))


@pytest.mark.parametrize("fault", [CUT, STALLED])
@pytest.mark.parametrize(
    ("board", "ticket"), [("x11ssh-f", "usb-bios-recovery"), ("x12spi", "usb-bios-recovery"), ("r740", REPLACED)]
)
def test_one_that_the_bmc_never_writes_whole_has_a_ticket_for_the_next_best_way(
    board: str, ticket: str, fault: str, tmp_path: Path
) -> None:
    outcome = rehearsed(board, name(fault + FOR_GOOD), tmp_path)
    assert outcome.broken == ()
    assert (outcome.verdict, outcome.ticket) == ("needs-hands", ticket)


@pytest.mark.parametrize("board", ["x11ssh-f", "x12spi"])
def test_the_ticket_of_a_half_written_bios_brings_the_server_back(board: str, tmp_path: Path) -> None:
    proof = followed(board, f"{name(CUT)}+{ENGINE}", tmp_path)
    assert proof.visits == ["usb-bios-recovery"]
    assert proof.cheaper == []
    assert proof.healthy, (proof.ended, [report.why for report in proof.reports])


@pytest.mark.parametrize("fault", [CUT, STALLED])
def test_a_board_is_replaced_where_its_chip_takes_no_bios_and_there_is_no_stick_for_it(
    fault: str, tmp_path: Path
) -> None:
    proof = followed("r740", name(fault + FOR_GOOD), tmp_path)
    assert proof.visits == [REPLACED]
    assert proof.cheaper == []


@dataclass
class Repaired:
    """A run whose BIOS the BMC stopped writing, and what is left to judge it by."""

    prepared: Prepared
    server: VirtualServer
    before: Condition
    events: list[Event]
    folder: Path

    @classmethod
    def of(cls, folder: Path) -> Repaired:
        prepared = from_scenario(load("x11ssh-f"), folder / "payloads")
        server, events = VirtualServer(prepared.spec, World()), list[Event]()
        before, injections = truth.condition(server), matrix.parse_cell(name(STALLED)).injections
        in_memory(
            prepared, events.append, run_id=prepared.run_id, run_dir=folder, server=server, injections=injections,
            recover=unattended.recover,
        )  # fmt: skip
        return cls(prepared, server, before, events, folder)

    def broken(self) -> set[int]:
        found = truth.judge(self.prepared, self.server, self.before, self.events, self.folder, recovers=True)
        return {one.rule for one in found}


def test_the_bmc_has_its_time_before_it_is_restarted_and_is_restarted_once(tmp_path: Path) -> None:
    it = Repaired.of(tmp_path)
    told = [(e.at, e.value) for e in it.events if isinstance(e, Fact) and e.key == "bmc.writes"]
    assert [value for _, value in told] == ["begun", "ended", "begun", "ended"]
    (begun, _), (ended, _) = told[:2]
    resets = [r["at"] for r in it.server.world.records if r["kind"] == "bmc-dark" and r["at"] > begun]
    assert len(resets) == 1
    assert begun + 2700 <= resets[0] <= ended


@pytest.mark.parametrize("hidden", ["flash-stalled", "host-power-off"])
def test_a_bmc_that_is_restarted_while_it_writes_on_or_under_a_host_that_is_on_breaks_rule_11(
    hidden: str, tmp_path: Path
) -> None:
    it = Repaired.of(tmp_path)
    assert it.broken() == set()
    records = it.server.world.records
    records[:] = [r for r in records if r["kind"] != hidden]
    assert it.broken() == {11}


def test_clearing_jobs_says_nothing_of_a_flash_that_went_by_no_job(tmp_path: Path) -> None:
    """A C6220's BMC takes HPM.1: what broke off there may be incomplete, whatever its job queue holds."""
    prepared = from_scenario(load("c6220"), tmp_path / "payloads")
    cell = matrix.parse_cell("flash-interrupted@bmc-flash")
    outcome = matrix.rehearse(prepared, matrix.watch(prepared), cell, unattended.recover)
    assert (outcome.fired, outcome.verdict, outcome.broken) == (True, "repaired", ())

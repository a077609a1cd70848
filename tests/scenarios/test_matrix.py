"""Every fault at every moment: no single failure breaks a rule; the table and the files say what became of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import pytest

from fwsim.rehearsal import catalogue, matrix, pairing
from fwsim.rehearsal.matrix import Cell, Healthy
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import load
from fwsim.report import matrix_files
from fwsim.report.matrix import Matrix, Outcome, Verdict
from recovery import unattended
from recovery.technician_visit import REPLACED
from tests.recovery.test_proof import made, run
from tests.recovery.test_proof_steps import STEP_BY_STEP
from tests.scenarios.unanswered import UNANSWERED


def of(board: str, folder: Path) -> tuple[Prepared, Healthy, list[Cell]]:
    prepared = from_scenario(load(board), folder / "payloads")
    healthy = matrix.watch(prepared)
    return prepared, healthy, matrix.singles(healthy)


def cell_of(cells: list[Cell], kind: str) -> Cell:
    return next(c for c in cells if c.injections[0].fault.kind == kind)


@dataclass(frozen=True)
class Half:
    """Every second cell of a board's matrix, rehearsed with its repairs."""

    board: str
    outcomes: tuple[Outcome, ...]


BOARDS = ("x11ssh-f", "x11ssm-f", "r740", "r730")  # two banks and one, two generations of iDRAC
HALVES = [
    pytest.param((board, half), id=f"{board}-{half}", marks=pytest.mark.xdist_group(f"matrix-{board}-{half}"))
    for board in BOARDS
    for half in (0, 1)
]


@pytest.fixture(scope="module", params=HALVES)
def half(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Half:
    """All cells, none left out: half a minute's work for the larger boards, in two halves for two processes."""
    board, number = request.param
    prepared, healthy, cells = of(board, tmp_path_factory.mktemp("matrix"))
    assert healthy.ending == "updated"
    return Half(board, tuple(matrix.run(prepared, healthy, cells[number::2], recover=unattended.recover)))


@pytest.mark.timeout(300)
def test_no_single_failure_breaks_a_rule(half: Half) -> None:
    assert len(half.outcomes) > 250
    broken = [o for o in half.outcomes if o.broken and o.row.partition(":")[0] not in UNANSWERED]
    assert [(o.name, o.broken) for o in broken] == []
    assert [o.name for o in half.outcomes if not o.fired] == []


@pytest.mark.timeout(300)
def test_every_single_failure_that_sends_somebody_is_cured_by_the_printed_ticket_and_by_nothing_cheaper(
    half: Half, tmp_path: Path
) -> None:
    """Each such cell again, with a technician who has the page alone, and a judge who searches for less."""
    sent = [o for o in half.outcomes if o.verdict == "needs-hands" or o.ticket]
    for number, outcome in enumerate(sent):
        folder = tmp_path / str(number)
        folder.mkdir()
        proof = run(made(half.board), folder, injections=matrix.parse_cell(outcome.name).injections)
        assert proof.visits[:1] == [outcome.ticket], outcome.name
        assert proof.healthy or proof.visits[-1] == REPLACED, (outcome.name, proof.visits, proof.ended)
        assert proof.cheaper == [], outcome.name
        assert {*proof.visits} <= STEP_BY_STEP, outcome.name


@pytest.mark.parametrize("board", BOARDS)
def test_there_are_single_failures_that_send_somebody(board: str, tmp_path: Path) -> None:
    """Else the proof above would be about nothing."""
    prepared, healthy, cells = of(board, tmp_path)
    for kind in ("bmc-never-returns", "severe-lock"):
        outcome = matrix.rehearse(prepared, healthy, cell_of(cells, kind), unattended.recover)
        assert outcome.verdict == "needs-hands", kind


def test_each_kind_is_tried_at_each_step_in_which_it_can_fire(tmp_path: Path) -> None:
    _, healthy, cells = of("x11ssh-f", tmp_path)
    interrupted = {c.step for c in cells if c.injections[0].fault.kind == "flash-interrupted"}
    assert interrupted == {"bmc-flash", "bios-flash"}
    percents = {c.injections[0].fault.percent for c in cells if c.step == "bmc-flash"}
    assert percents >= {1.0, 25.0, 50.0, 75.0, 99.0}


def test_a_cell_is_found_again_by_its_name(tmp_path: Path) -> None:
    prepared, healthy, cells = of("x11ssh-f", tmp_path)
    for cell in cells:
        assert matrix.parse_cell(cell.name) == cell
    cell = cell_of(cells, "lan-reverts-to-dhcp")
    again = matrix.parse_cell(cell.name)
    assert matrix.rehearse(prepared, healthy, cell) == matrix.rehearse(prepared, healthy, again)


def test_what_was_repaired_is_told_apart_from_what_needed_no_repair(tmp_path: Path) -> None:
    prepared, healthy, cells = of("x11ssh-f", tmp_path)
    repaired = matrix.rehearse(prepared, healthy, cell_of(cells, "lan-reverts-to-dhcp"))
    assert (repaired.verdict, repaired.repaired_in) == ("repaired", "lan-settings")
    harmless = matrix.rehearse(prepared, healthy, matrix.parse_cell("hpm-silent:command=0x32@bmc-flash"))
    assert (harmless.verdict, harmless.repaired_in) == ("updated", "")


def test_a_fault_that_never_fired_is_said_so(tmp_path: Path) -> None:
    prepared, healthy, _ = of("x11ssh-f", tmp_path)
    late = matrix.rehearse(prepared, healthy, matrix.parse_cell("payload-corrupted@cleanup"))
    assert not late.fired
    done = Matrix("x", healthy.stages, (late,), 1)
    assert "1 more never fired" in done.sentence
    assert "## Never fired" in matrix_files.markdown(done)


def test_two_processes_give_the_same_table_as_one(tmp_path: Path) -> None:
    prepared, healthy, cells = of("r740", tmp_path)
    some = cells[:10]
    assert list(matrix.run(prepared, healthy, some, jobs=2)) == list(matrix.run(prepared, healthy, some))


def single(cell: Cell, ended_in: str, *, repaired_in: str = "") -> Outcome:
    verdict: Verdict = "repaired" if repaired_in else "updated" if ended_in == "cleanup" else "refused"
    return Outcome(cell.name, cell.row, cell.step, "x", verdict, True, repaired_in=repaired_in, ended_in=ended_in)


def test_every_two_kinds_are_rehearsed_together_at_their_first_moments(tmp_path: Path) -> None:
    _, healthy, cells = of("x11ssh-f", tmp_path)
    made = pairing.pairs(healthy, [single(cell, "cleanup") for cell in cells])
    kinds = {c.injections[0].fault.kind for c in cells}
    assert len(made) == len(kinds) * (len(kinds) - 1) // 2
    assert pairing.unmet(healthy, made) == 0
    two = next(c for c in made if {i.fault.kind for i in c.injections} == {"not-activated", "payload-corrupted"})
    assert [i.step for i in two.injections] == [
        cell_of(cells, "not-activated").step,
        cell_of(cells, "payload-corrupted").step,
    ]


def test_a_second_fault_does_not_wait_behind_the_end_of_the_first_ones_run(tmp_path: Path) -> None:
    _, healthy, cells = of("x11ssh-f", tmp_path)
    ends = {"tool-missing@bmc-flash": "bmc-flash", "tool-missing@bios-flash": "cleanup"}
    known = [single(c, ends.get(c.name, c.step if "tool-missing" in c.name else "cleanup")) for c in cells]
    made = pairing.pairs(healthy, known)
    late = {i.fault.kind: i.step for c in made for i in c.injections if "tool-missing@bios-flash" in c.name}
    assert late["bios-written-corrupt"] == "bios-flash"
    without = pairing.pairs(healthy, [o for o in known if "bios-written-corrupt" not in o.name])
    assert not [c for c in without if "tool-missing@bmc-flash" in c.name and "bios-written-corrupt" in c.name]


def test_the_second_fault_comes_once_more_after_the_first_ones_repair(tmp_path: Path) -> None:
    _, healthy, cells = of("x11ssh-f", tmp_path)
    first = cell_of(cells, "payload-corrupted")
    known = [single(cell, "cleanup") for cell in cells if cell != first]
    made = pairing.pairs(healthy, [*known, single(first, "cleanup", repaired_in="canary")])
    again = [c for c in made if c.injections[0] == first.injections[0] and c.step == "bios-wait"]
    assert any(c.injections[1].fault.kind == "host-never-returns" for c in again), "its first moment is the canary"


LATE = ("someone-resets-bmc", "someone-reboots-host", "watchdog-fires")


def test_a_server_that_goes_down_under_the_last_steps_is_waited_for(tmp_path: Path) -> None:
    prepared, healthy, _ = of("x11ssh-f", tmp_path)
    for kind in LATE:
        for step in ("host-parts", "bmc-settings", "cleanup", "last-look"):
            outcome = matrix.rehearse(prepared, healthy, matrix.parse_cell(f"{kind}@{step}"))
            assert (outcome.fired, outcome.verdict, outcome.broken) == (True, "updated", ()), outcome.name


def test_a_bmc_that_somebody_resets_between_two_reads_is_waited_for(tmp_path: Path) -> None:
    prepared, healthy, _ = of("x11ssh-f", tmp_path)
    for step in ("events", "lan-mode", "users", "bios-wait", "boot-order"):
        outcome = matrix.rehearse(prepared, healthy, matrix.parse_cell(f"someone-resets-bmc@{step}"))
        assert (outcome.fired, outcome.verdict, outcome.broken) == (True, "updated", ()), outcome.name


def test_what_is_missing_on_the_host_calls_nobody_to_the_server(tmp_path: Path) -> None:
    prepared, healthy, _ = of("x11ssh-f", tmp_path)
    endings = {"tool-missing@bmc-flash": "refused", "module-missing@bmc-flash": "refused"}
    for name, ending in {**endings, "module-missing@bios-flash": "failed"}.items():
        assert matrix.rehearse(prepared, healthy, matrix.parse_cell(name)).verdict == ending, name


def test_a_watchdog_that_is_armed_before_the_bioss_flash_is_disarmed_again(tmp_path: Path) -> None:
    prepared, healthy, _ = of("x11ssh-f", tmp_path)
    outcome = matrix.rehearse(prepared, healthy, matrix.parse_cell("watchdog-fires:seconds=1@bios-flash"))
    assert outcome.fired
    assert (outcome.verdict, outcome.repaired_in, outcome.ended_in) == ("repaired", "bios-flash", "as-before")


def test_the_preflight_fails_nothing_it_refuses(tmp_path: Path) -> None:
    prepared, healthy, _ = of("x11ssh-f", tmp_path)
    for name in ("tool-missing@same-bmc", "module-missing@self-test", "someone-resets-bmc@same-bmc"):
        assert matrix.rehearse(prepared, healthy, matrix.parse_cell(name)).verdict == "refused", name


def test_the_compact_table_has_one_row_a_kind_of_fault() -> None:
    rows = (
        Outcome("a:percent=1@s", "a:percent=1", "s", "bmc", "updated", True),
        Outcome("a:percent=9@s", "a:percent=9", "s", "bmc", "failed", True),
        Outcome("b@t", "b", "t", "bios", "needs-hands", True, broken=("rule 6",)),
    )
    lines = matrix_files.compact(Matrix("x", ("bmc", "backup", "bios"), rows, 3))
    assert lines[0] == "| fault | bmc | bios |"
    assert lines[2:] == ["| a | ok, failed |  |", "| b |  | **BROKEN**, hands |"]


@pytest.mark.parametrize("name", ["nonsense@bmc-flash", "flash-interrupted", "hpm-answer@bmc-flash", "hpm-slow:x@y"])
def test_a_name_that_is_no_cell_is_refused_in_words(name: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        matrix.parse_cell(name)


def test_the_files_say_the_same_as_the_table(tmp_path: Path) -> None:
    rows = (
        Outcome("a@s", "a", "s", "bmc", "updated", True, "well"),
        Outcome("a@t", "a", "t", "bios", "needs-hands", True, "dark", "call them", ("rule 4 at 1.0 s: <lost> & gone",)),
        Outcome("b@s", "b", "s", "bmc", "updated", False),
    )
    done = Matrix("server <1>", ("bmc", "bios"), rows, 4, idle=("c",))
    assert done.sentence == (
        "Of 2 single failures 1 ends updated all the same and 1 needs hands; 1 more never fired; 1 were not rehearsed; "
        "1 broke a rule."
    )
    for path in matrix_files.write(done, tmp_path):
        assert path.stat().st_size > 100
    suite = ElementTree.fromstring((tmp_path / "junit.xml").read_text())
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert "| a | updated | BROKEN (needs-hands) |" in (tmp_path / "matrix.md").read_text()
    page = (tmp_path / "matrix.html").read_text()
    assert "&lt;lost&gt; &amp; gone" in page
    assert 'class="needs-hands broken"' in page
    assert "http" not in page
    assert json.loads((tmp_path / "matrix.json").read_text())["cells"][1]["remedy"] == "call them"


def test_every_label_is_parsed_back() -> None:
    for kind in catalogue.kinds():
        for fault in catalogue.variants(kind, [catalogue.Passed("s", "hpm.command", 0x32)]):
            assert catalogue.parse(catalogue.label(fault)) == fault


def test_a_cell_says_which_repairs_were_tried_and_which_ticket_was_written(tmp_path: Path) -> None:
    prepared, healthy, _ = of("x11ssh-f", tmp_path)
    named: dict[str, tuple[str, tuple[str, ...], str]] = {
        "flash-interrupted@bmc-flash": ("repaired", ("repair-reflash-bmc",), "")
    }
    named["bmc-never-returns@bmc-reset"] = ("needs-hands", (), "power-removal")
    for name, expected in named.items():
        outcome = matrix.rehearse(prepared, healthy, matrix.parse_cell(name), unattended.recover)
        assert (outcome.verdict, outcome.remote, outcome.ticket, outcome.broken) == (*expected, ()), name


def test_a_server_that_is_left_for_dead_is_not_counted_as_one_with_a_remedy() -> None:
    rows = (
        Outcome("a@s", "a", "s", "bmc", "failed", True, "full", "free some space"),
        Outcome("b@s", "b", "s", "bmc", "failed", True, "dark", "install it", ("rule 6 at 1.0 s: the host is down",)),
        Outcome("c@s", "c", "s", "bmc", "failed", True, "dark"),
    )
    said = Matrix("x", ("bmc",), rows, 3).sentence
    assert "1 fails, with a remedy that needs nobody there and 2 fail, and nothing is offered that brings" in said


def test_the_sentence_counts_the_tickets() -> None:
    rows = tuple(
        Outcome(f"a@{n}", "a", "s", "bmc", "needs-hands", True, ticket=ticket)
        for n, ticket in enumerate(("cmos-clear", "dedicated-port", "cmos-clear"))
    )
    done = Matrix("x", ("bmc",), rows, 3)
    assert "3 need hands (2 cmos-clear, 1 dedicated-port)" in done.sentence
    assert done.rows[0][1][0] is not None
    assert done.rows[0][1][0].text == "needs-hands: cmos-clear, dedicated-port"

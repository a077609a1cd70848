"""Whatever is drawn (board, faults, where the engine dies), the rules hold over what was journaled so far."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulators.faults import Fault
from emulators.server import VirtualServer
from emulators.world import World
from fwsim import rehearsal
from fwsim.events import Event, RunEnded, StepStarted
from fwsim.journal import Journal
from fwsim.judged import Broken
from fwsim.rehearsal import Injection, matrix, truth
from fwsim.rehearsal.kill import Counter, Kill, counted, cut, run_until_killed
from fwsim.rehearsal.matrix import Cell
from fwsim.rehearsal.memory import drive
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import load
from tests.scenarios.unanswered import unanswered

BOARDS = ("x11ssh-f", "r740")
_scratch = TemporaryDirectory(prefix="fwsim-kills-")


@cache
def prepared(board: str) -> Prepared:
    return from_scenario(load(board), Path(_scratch.name) / board / "payloads")


@cache
def cells(board: str) -> tuple[Cell, ...]:
    return tuple(matrix.singles(matrix.watch(prepared(board))))


@dataclass(frozen=True)
class Died:
    """A rehearsal whose engine may have been killed. The world goes on in `server`."""

    ended: RunEnded | None
    calls: int
    events: list[Event]
    server: VirtualServer
    broken: list[Broken]


def rehearse(board: str, drawn: tuple[Cell, ...], kill: Kill | None, folder: Path, *, resume: bool = False) -> Died:
    plan, counter = prepared(board), Counter(kill)
    server = VirtualServer(plan.spec, World())
    before = truth.condition(server)
    events: list[Event] = []
    injections = [i for cell in drawn for i in cell.injections]
    with Journal(folder / "events.jsonl") as journal:

        def hear(event: Event) -> None:
            journal.write(event)
            events.append(event)
            if isinstance(event, StepStarted):
                for injection in injections:
                    if injection.step == event.step:
                        server.faults.arm(injection.fault)

        engine = rehearsal.engine(plan, hear, server, run_id=plan.run_id, run_dir=folder)
        engine._context.doors = counted(engine._context.doors, counter)
        ended = run_until_killed(engine.run())
        if resume and ended is None:
            past = tuple(events)
            engine = rehearsal.engine(plan, hear, server, run_id=plan.run_id, run_dir=folder, past=past)
            ended = drive(engine.run())
    broken = truth.judge(plan, server, before, events, folder, over=ended is not None)
    return Died(ended, counter.calls, events, server, broken)


@cache
def calls(board: str) -> int:
    """How many a healthy rehearsal makes."""
    with TemporaryDirectory() as folder:
        return rehearse(board, (), None, Path(folder)).calls


@st.composite
def drawn(draw: st.DrawFn) -> tuple[str, tuple[Cell, ...], Kill]:
    board = draw(st.sampled_from(BOARDS))
    faults = draw(st.lists(st.sampled_from(cells(board)), max_size=3, unique_by=lambda c: c.name))
    kill = Kill(draw(st.integers(1, calls(board))), draw(st.booleans()))
    return board, tuple(faults), kill


QUIET = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]


@settings(max_examples=25, deadline=None, suppress_health_check=QUIET)
@given(what=drawn())
def test_no_rule_is_broken_up_to_the_engines_death(what: tuple[str, tuple[Cell, ...], Kill]) -> None:
    board, faults, kill = what
    with TemporaryDirectory() as folder:
        died = rehearse(board, faults, kill, Path(folder))
        assert unanswered(faults, died.broken) == []


@settings(max_examples=15, deadline=None, suppress_health_check=QUIET)
@given(what=drawn())
def test_no_rule_is_broken_by_the_engine_that_resumes(what: tuple[str, tuple[Cell, ...], Kill]) -> None:
    board, faults, kill = what
    with TemporaryDirectory() as folder:
        died = rehearse(board, faults, kill, Path(folder), resume=True)
        assert died.ended is not None
        assert unanswered(faults, died.broken) == []


def test_an_image_that_somebody_elses_reset_has_started_is_proved_by_its_version(tmp_path: Path) -> None:
    fault = Injection(fault=Fault(kind="someone-resets-bmc"), step="self-test")
    died = rehearse("x11ssh-f", (Cell(injections=(fault,)),), Kill(call=196, after=False), tmp_path, resume=True)
    assert died.ended is not None
    assert (died.ended.ending, died.broken) == ("updated", [])


@settings(max_examples=10, deadline=None, suppress_health_check=QUIET)
@given(what=drawn(), share=st.floats(0, 1))
def test_a_journal_cut_at_any_byte_reads_back_what_was_told_first(
    what: tuple[str, tuple[Cell, ...], Kill], share: float
) -> None:
    board, faults, kill = what
    with TemporaryDirectory() as folder:
        died = rehearse(board, faults, kill, Path(folder))
        path = Path(folder) / "events.jsonl"
        at = round(share * path.stat().st_size)
        left = cut(path, at)
        assert left == died.events[: len(left)]
        assert path.read_bytes() == b"" or path.read_bytes().endswith(b"\n")


@pytest.mark.parametrize("after", [False, True])
def test_the_world_goes_on_when_the_engine_is_dropped(after: bool, tmp_path: Path) -> None:
    names = Counter(None)
    plan = prepared("x11ssh-f")
    engine = rehearsal.engine(plan, lambda e: None, VirtualServer(plan.spec), run_id="r", run_dir=tmp_path)
    engine._context.doors = counted(engine._context.doors, names)
    run_until_killed(engine.run())
    started = next(i for i, _ in enumerate(names.names) if i > 100)  # well inside the BMC's upload
    died = rehearse("x11ssh-f", (), Kill(started, after), tmp_path)
    assert died.ended is None
    assert not any(isinstance(e, RunEnded) for e in died.events)
    kinds = [r["kind"] for r in died.server.world.records]
    assert "flash-started" in kinds
    assert "flash-finished" not in kinds
    died.server.advance(died.server.now + 600)
    assert "flash-finished" in [r["kind"] for r in died.server.world.records], "the unit must go on without the engine"


def test_a_killed_engine_says_nothing_more(tmp_path: Path) -> None:
    died = rehearse("r740", (), Kill(10), tmp_path)
    assert died.ended is None
    assert died.calls == 10

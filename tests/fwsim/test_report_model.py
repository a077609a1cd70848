"""Events -> Report: a pure function, also of a journal that stops anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim import journal
from fwsim.events import RunEnded, StepEnded, StepStarted, to_json
from fwsim.report import model
from tests.fwsim.run_events import refused, started, until_the_flash, updated


def test_each_step_has_its_outcome_and_its_duration() -> None:
    report = model.build(updated())
    rows = [(s.number, s.stage, s.state, s.took_s) for s in report.steps]
    assert rows == [(1, "preflight", "done", 1.5), (2, "bmc", "done", 240.5), (3, "verify", "done", 4.0)]
    assert (report.ending, report.exit_code, report.at) == ("updated", 0, 246.0)
    assert report.versions == {"bmc": ("3.88", "3.90")}


def test_steps_that_a_refusal_leaves_out_are_not_run() -> None:
    report = model.build(refused())
    assert [s.outcome for s in report.steps] == ["refused", "not run", "not run"]
    assert (report.ending, report.exit_code) == ("refused", 3)


def test_events_without_an_ending_read_as_interrupted() -> None:
    report = model.build(until_the_flash())
    assert (report.ending, report.exit_code) == ("interrupted", 5)
    assert [s.outcome for s in report.steps] == ["done", "interrupted", "not run"]
    assert report.steps[1].took_s == pytest.approx(60.5)
    assert "step 2, Flash BMC 3.90" in report.message


def test_an_interrupted_change_is_never_answered_with_a_reset() -> None:
    remedy = model.build(until_the_flash()).remedy
    assert "flash of BMC 3.90 was begun" in remedy
    assert "do not reset, reboot or power off" in remedy


def test_an_interrupted_step_that_changed_nothing_may_be_repeated() -> None:
    report = model.build(until_the_flash()[:4])
    assert report.remedy.startswith("nothing was being changed")


def test_an_interrupted_run_reports_the_versions_that_were_read() -> None:
    assert model.build(until_the_flash()).versions == {"bmc": ("3.88", "")}
    assert model.build(updated()[:-1]).versions == {"bmc": ("3.88", "3.90")}


@pytest.mark.parametrize("count", range(len(updated())))
def test_a_run_cut_after_any_event_is_interrupted(count: int) -> None:
    assert model.build(updated()[:count]).ending == "interrupted"


def test_a_run_that_is_followed_has_no_ending_yet() -> None:
    report = model.follow(until_the_flash())
    assert report.ending is None
    assert report.current is not None
    assert report.current.id == "bmc-flash"


def test_a_torn_journal_reads_as_what_was_whole_of_it(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    whole = "".join(to_json(e) + "\n" for e in updated()).encode()
    for cut in (len(whole) - 1, len(whole) - 40, len(whole) // 2):
        path.write_bytes(whole[:cut])
        assert model.build(journal.read(path)).ending == "interrupted"
    path.write_bytes(whole)
    assert model.build(journal.read(path)).ending == "updated"


def test_a_resumed_run_keeps_what_its_steps_came_to() -> None:
    again = [
        *until_the_flash(),
        RunEnded(63.0, "interrupted", 5, "stopped", "", {}),
        started(at=70.0),
        StepStarted(70.0, "bmc-flash", 2, 3, "Flash BMC 3.90"),
    ]
    report = model.follow(again)
    assert report.ending is None
    assert [s.state for s in report.steps] == ["done", "running", "waiting"]
    ended = model.follow([*again, StepEnded(80.0, "bmc-flash", "done", "", 10.0)])
    assert ended.steps[1].state == "done"


def test_a_step_that_was_not_announced_is_still_shown() -> None:
    report = model.follow([*until_the_flash(), StepStarted(63.0, "extra", 4, 4, "Look again")])
    assert report.steps[-1].title == "Look again"


def test_warnings_and_remedies_name_their_step() -> None:
    assert [(s.number, w) for s, w in model.build(updated()).warnings] == [(1, "the clock is 40 s | off")]
    told_once = model.build(refused())
    assert told_once.remedies == ()
    assert told_once.remedy == "check the plan's host"

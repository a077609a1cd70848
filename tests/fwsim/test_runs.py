"""Where runs live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from fwsim.runs import Runs, UnknownRun, default_root

MOMENT = datetime(2026, 11, 22, 14, 30, 5, tzinfo=UTC)


def test_an_id_tells_the_moment_and_the_board(tmp_path: Path) -> None:
    run = Runs(tmp_path).new("X11SSH-F", MOMENT)
    assert run.id.startswith("20261122-143005-x11ssh-f-")
    assert run.journal == tmp_path / run.id / "events.jsonl"


def test_ids_are_in_utc_wherever_one_is(tmp_path: Path) -> None:
    here = MOMENT.astimezone(timezone(timedelta(hours=9)))
    assert Runs(tmp_path).new("r740", here).id.startswith("20261122-143005-")


def test_no_two_runs_share_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = iter(["3fa2", "3fa2", "0001"])
    monkeypatch.setattr("secrets.token_hex", lambda size: next(numbers))
    runs = Runs(tmp_path)
    assert runs.new("r740", MOMENT).id != runs.new("r740", MOMENT).id
    assert len(runs.all()) == 2


def test_only_the_owner_may_look_into_a_run(tmp_path: Path) -> None:
    assert Runs(tmp_path).new("r740").path.stat().st_mode & 0o077 == 0


def test_directories_of_other_names_are_no_runs(tmp_path: Path) -> None:
    (tmp_path / "notes").mkdir()
    (tmp_path / "20261122-143005-x11ssh-f-3fa2").touch()
    assert Runs(tmp_path).all() == []
    assert Runs(tmp_path / "absent").all() == []


def test_a_run_is_found_by_its_id_its_end_and_as_the_latest(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    first, last = runs.new("r740", MOMENT), runs.new("x11ssh-f", MOMENT + timedelta(hours=1))
    assert runs.find(first.id) == first
    assert runs.find(first.id[-4:]) == first
    assert runs.find("latest") == last


def test_a_rehearsal_in_memory_is_found_by_the_name_that_its_report_gives(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    made = [runs.new("x11ssh-f", MOMENT + timedelta(hours=hour)) for hour in range(3)]
    for run, named in zip(made, ("x11ssh-f-c7e7087c", "x11ssh-f-c7e7087c", "x11ssh-f-525ed5f6"), strict=True):
        run.journal.write_text(f'{{"kind": "run-started", "run": "{named}"}}\n')
    assert runs.find("x11ssh-f-c7e7087c") == made[1]
    assert runs.find("x11ssh-f-525ed5f6") == made[2]


@pytest.mark.parametrize("journal", ["", "{", "[]\n", '{"kind": "x"}\n'])
def test_a_broken_journal_gives_its_run_no_name(tmp_path: Path, journal: str) -> None:
    runs = Runs(tmp_path)
    runs.new("x11ssh-f").journal.write_text(journal)
    with pytest.raises(UnknownRun):
        runs.find("x11ssh-f-c7e7087c")


def test_an_unknown_run_is_answered_with_those_like_it(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    known = runs.new("x11ssh-f", MOMENT)
    with pytest.raises(UnknownRun) as caught:
        runs.find("20261122-143005-x11sshf-0000")
    assert caught.value.close == (known.id,)
    assert known.id in str(caught.value)


def test_an_ambiguous_beginning_is_not_guessed(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    pair = {runs.new("r740", MOMENT).id, runs.new("r740", MOMENT).id}
    with pytest.raises(UnknownRun) as caught:
        runs.find("20261122")
    assert set(caught.value.close) == pair


@pytest.mark.parametrize("name", ["", "..", "/etc", "../secrets"])
def test_no_name_leads_out_of_the_directory(tmp_path: Path, name: str) -> None:
    runs = Runs(tmp_path / "runs")
    runs.new("r740")
    with pytest.raises(UnknownRun):
        runs.find(name)


def test_runs_live_in_the_state_directory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert default_root() == tmp_path / "fwsim" / "runs"

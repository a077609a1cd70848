"""A matrix among the runs: it is listed and shown as what it is, and `latest` never means it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fwsim.report import matrix_files
from fwsim.report.matrix import Matrix, Outcome
from fwsim.runs import Run, Runs
from tests.fwsim.command_line import Fwsim, fwsim  # noqa: F401 - a fixture

MOMENT = datetime(2026, 11, 22, 14, 30, 5, tzinfo=UTC)


def matrix_in(root: Path) -> Run:
    run = Runs(root).new("r740", MOMENT + timedelta(hours=1))
    outcome = Outcome("a@s", "a", "s", "bmc", "refused", fired=True)
    matrix_files.write(Matrix("a server", ("bmc",), (outcome,), 1), run.path)
    return run


def run_in(root: Path) -> Run:
    run = Runs(root).new("r740", MOMENT)
    run.journal.write_text('{"event": "run-started", "run": "first"}\n')
    return run


def test_the_latest_run_is_the_last_with_a_journal_whatever_matrix_came_after_it(tmp_path: Path) -> None:
    run = run_in(tmp_path)
    matrix_in(tmp_path)
    assert Runs(tmp_path).find("latest") == run


def test_a_matrix_is_listed_with_its_cells_and_its_sentence(tmp_path: Path, fwsim: Fwsim) -> None:  # noqa: F811
    run_in(tmp_path)
    made = matrix_in(tmp_path)
    _, out, _ = fwsim("runs", "--runs", str(tmp_path))
    assert "matrix of 1 cells" in out
    assert f"{made.id}: Of 1 single failures 1 is refused" in out
    _, out, _ = fwsim("runs", "--json", "--runs", str(tmp_path))
    first, second = [json.loads(line) for line in out.splitlines()]
    assert (first["kind"], second["kind"], second["cells"], second["wanted"]) == ("run", "matrix", 1, 1)
    assert second["summary"].startswith("Of 1 single failures")


def test_a_matrix_is_shown_by_its_sentence_and_its_files(tmp_path: Path, fwsim: Fwsim) -> None:  # noqa: F811
    made = matrix_in(tmp_path)
    code, out, _ = fwsim("show", made.id, "--runs", str(tmp_path))
    assert code == 0
    assert "Of 1 single failures 1 is refused" in out
    assert str(made.path / "matrix.html") in out
    code, out, _ = fwsim("show", made.id, "--format", "md", "--runs", str(tmp_path))
    assert (code, out) == (0, (made.path / "matrix.md").read_text())


@pytest.mark.parametrize("words", [("show",), ("resume",), ("diagnose",), ("ticket", "latest")])
def test_where_there_is_a_matrix_alone_that_is_said(words: tuple[str, ...], tmp_path: Path, fwsim: Fwsim) -> None:  # noqa: F811
    made = matrix_in(tmp_path)
    code, _, err = fwsim(*words, "--runs", str(tmp_path))
    assert code == 2
    assert f"{made.id} is no run but a matrix: `fwsim show {made.id}`" in err


@pytest.mark.parametrize("words", [("resume",), ("diagnose",), ("ticket", "print")])
def test_what_needs_a_run_says_that_a_matrix_is_none(words: tuple[str, ...], tmp_path: Path, fwsim: Fwsim) -> None:  # noqa: F811
    made = matrix_in(tmp_path)
    code, _, err = fwsim(*words, made.id, "--runs", str(tmp_path))
    assert code == 2
    assert "is a matrix of many rehearsals, and no run" in err

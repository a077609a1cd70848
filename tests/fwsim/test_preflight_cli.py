"""`fwsim preflight` as one types it: the sheet, its formats, exit codes, and what is kept of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwsim.events import PreflightEnded, RunStarted, StepEnded, to_json
from fwsim.report import sheet, sheet_markdown
from tests.fwsim.command_line import Fwsim, fwsim
from tests.fwsim.run_events import started, updated

__all__ = ["fwsim"]  # pytest finds the fixture here


@pytest.fixture
def plan(fwsim: Fwsim, tmp_path: Path) -> Path:
    """As `plan new` prints it: nobody has attested anything, and its files are not there."""
    path = tmp_path / "db07.yaml"
    path.write_text(fwsim("plan", "new", "--board", "x11ssh-f")[1])
    return path


@pytest.mark.wire
def test_a_plan_that_nobody_attested_is_no_go_and_says_what_to_write(fwsim: Fwsim, plan: Path, tmp_path: Path) -> None:
    code, out, _ = fwsim("preflight", str(plan), "--rehearse", "--speed", "600", "--runs", str(tmp_path / "runs"))
    assert code == 3
    assert "quiet: {fencing: true, controllers: true}" in out
    assert out.splitlines()[-1] == "no-go: 1 of 23 checks is against it"


@pytest.mark.wire
def test_an_attested_plan_is_a_go_over_ssh_and_ipmi(fwsim: Fwsim, plan: Path, tmp_path: Path) -> None:
    plan.write_text(plan.read_text().replace("fencing: false", "fencing: true").replace("ers: false", "ers: true"))
    args = ("preflight", str(plan), "--rehearse", "--speed", "600", "--runs", str(tmp_path / "runs"))
    code, out, err = fwsim(*args, "--format", "json")
    assert code == 0, out + err
    found = json.loads(out)
    assert (found["schema"], found["verdict"], len(found["checks"])) == (1, "go", 23)
    assert "db07" not in out, "a rehearsal says nothing of the operator's own server"
    kept = next((tmp_path / "runs" / "preflights").iterdir())
    assert json.loads((kept / "sheet.json").read_text()) == found
    page = (kept / "sheet.md").read_text()
    assert page.startswith("# Preflight of 127.0.0.1, rehearsed on a virtual server: go\n")
    assert page.count("stands in for it") == page.count("- Stand-in: ") == 4, "no file was read that the plan names"
    assert fwsim("runs", "--runs", str(tmp_path / "runs"))[1] == "", "it is no run of an update: nothing to resume"


def test_a_preflight_of_a_real_server_needs_its_files(fwsim: Fwsim, plan: Path, tmp_path: Path) -> None:
    code, _, err = fwsim("preflight", str(plan), "--runs", str(tmp_path / "runs"))
    assert code == 2
    assert "fallback[0].file: there is no file" in err
    assert not (tmp_path / "runs").exists()


def test_a_plan_check_says_what_is_not_attested_yet(fwsim: Fwsim, plan: Path) -> None:
    for line in fwsim("plan", "check", str(plan))[2].splitlines():
        Path(line.rsplit(" ", 1)[1]).write_bytes(b"")
    err = fwsim("plan", "check", str(plan))[2]
    assert "the plan does not have quiet.fencing: true" in err
    assert "the plan does not have quiet.controllers: true" in err
    assert "BMC-X11SSH-F-3.88.hpm: is damaged" in err


def test_markdown_has_a_line_for_each_check_and_what_to_do() -> None:
    begun = started()
    ended = StepEnded(1.0, "bmc-flash", "refused", "the sensors | say: dead", 1.0, "repair the supply first")
    found = sheet.build([begun, ended, PreflightEnded(2.0, "no-go", 3, "1 of 3 checks is against it")])
    text = sheet_markdown.render(found)
    assert "| 2 | Flash BMC 3.90 | no-go | the sensors \\| say: dead |" in text
    assert "| 1 | Reach the host | not checked |  |" in text
    assert "- 2, Flash BMC 3.90: repair the supply first" in text


def test_a_journal_that_was_cut_is_an_interrupted_preflight() -> None:
    begun = started()
    assert isinstance(begun, RunStarted)
    found = sheet.build([begun])
    assert (found.verdict, found.exit_code) == ("interrupted", 5)
    assert {c.verdict for c in found.checks} == {"not checked"}


def test_events_without_a_beginning_make_no_sheet() -> None:
    with pytest.raises(ValueError, match="no events of a preflight"):
        sheet.build([])
    assert updated()


def test_the_end_of_a_preflight_reads_back_from_a_journal() -> None:
    from fwsim.events import from_json

    ended = PreflightEnded(2.0, "go", 0, "nothing is against it")
    assert from_json(to_json(ended)) == ended

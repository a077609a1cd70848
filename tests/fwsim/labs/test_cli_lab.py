"""`fwsim lab` as a learner and an instructor type it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from fwsim.labs import session as sessions
from fwsim.rehearsal import classroom
from tests.fwsim.command_line import Fwsim
from tests.fwsim.command_line import fwsim as fwsim

pytestmark = pytest.mark.wire


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[str]:
    """Where labs are kept; whatever runs there at the end is ended."""
    folder = tmp_path / "labs"
    yield str(folder)
    for session in sessions.all_of(sessions.kept(folder)):
        classroom.end(session.run.path, session.lab)


def test_the_list_has_every_lab_the_easiest_first(fwsim: Fwsim) -> None:
    code, out, _ = fwsim("lab", "list", "--json")
    rows = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert len(rows) >= 14
    assert [r["level"] for r in rows] == sorted(
        (r["level"] for r in rows), key=["first steps", "everyday", "trouble", "stress"].index
    )


def test_showing_a_lab_gives_the_job_and_not_the_solution(fwsim: Fwsim) -> None:
    code, out, _ = fwsim("lab", "show", "dhcp-reversion")
    assert code == 0
    assert "YOUR JOB" in out
    assert "ipsrc" not in out
    assert "lan-reverts" not in out
    shown = json.loads(fwsim("lab", "show", "dhcp-reversion", "--json")[1])
    assert not {"solution", "faults", "hints"} & set(shown)


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("start", "dhcp-reversal"), "did you mean dhcp-reversion?"),
        (("status",), "no lab runs now"),
        (("start", "dhcp-reversion", "--key", "x"), "--key is for --exam"),
        (("new", "lab.txt"), "ends with .yaml"),
        (("results", "."), "collect those that `fwsim lab finish` wrote"),
    ],
)
def test_bad_input_gets_one_clear_line(
    fwsim: Fwsim, runs: str, args: tuple[str, ...], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    more = ("--runs", runs) if args[0] in ("start", "status") else ()
    code, out, err = fwsim("lab", *args, *more)
    assert (code, out) == (2, "")
    assert told in err
    assert "Traceback" not in err


def test_a_whole_lab_from_start_to_debrief(fwsim: Fwsim, runs: str, tmp_path: Path) -> None:
    at = ("--runs", runs)
    code, out, _ = fwsim("lab", "start", "first-bmc-update", "--speed", "100", "--learner", "Ada", *at)
    assert code == 0
    assert "ssh -p" in out
    assert "/srv/firmware" in out
    assert fwsim("lab", "start", "dhcp-reversion", *at)[0] == 2, "one lab at a time"

    status = json.loads(fwsim("lab", "status", "--json", *at)[1])
    assert status["host_answers"]
    assert status["bmc_answers"]
    assert (status["hints_given"], status["hints"]) == (0, 3)
    assert "your first bmc update" in fwsim("lab", "status", *at)[1].lower()

    code, out, _ = fwsim("lab", "hint", *at)
    assert "it cost 2 points" in out

    code, out, _ = fwsim("lab", "check", *at)
    assert code == 1
    assert "[ ] The BMC runs 3.90" in out
    assert "hpm" not in out, "a check says what is missing, not how it is done"

    code, out, err = fwsim("lab", "finish", "--assess", "identify=5,flash=1", *at)
    assert code == 1
    assert "NOT PASSED" in out
    assert "look at this" in out, "five of five and no points: worth a talk"
    assert "result.json" in err
    assert fwsim("lab", "status", *at)[0] == 2, "it has ended"

    page = tmp_path / "page.html"
    assert fwsim("lab", "debrief", "-o", str(page), *at)[0] == 0
    assert "Ada" in page.read_text("utf-8")
    assert "a hint was given" in fwsim("lab", "debrief", "--replay", *at)[1]
    assert fwsim("lab", "debrief", "-o", str(tmp_path / "page.doc"), *at)[0] == 2


@pytest.mark.parametrize("given", ["flash", "flash=9", "cooking=3", "flash=3;verify=2"])
def test_an_assessment_that_cannot_be_read_loses_nothing(fwsim: Fwsim, runs: str, given: str) -> None:
    at = ("--runs", runs)
    fwsim("lab", "start", "first-bmc-update", "--speed", "100", *at)
    code, _, err = fwsim("lab", "finish", "--assess", given, *at)
    assert code == 2
    assert "expected SKILL=1-5" in err
    assert fwsim("lab", "status", "--json", *at)[0] == 0, "the lab runs on"


def test_an_exam_gives_no_hints(fwsim: Fwsim, runs: str) -> None:
    at = ("--runs", runs)
    fwsim("lab", "start", "first-bmc-update", "--exam", "--speed", "100", *at)
    code, _, err = fwsim("lab", "hint", *at)
    assert code == 2
    assert "an exam has no hints" in err


def test_the_demonstration_says_why_and_passes(fwsim: Fwsim, runs: str) -> None:
    code, out, _ = fwsim("lab", "solve", "first-bmc-update", "--speed", "300", "--runs", runs)
    assert code == 0
    assert "First of all see which board this really is." in out
    assert "PASSED   100 of 100" in out


def test_a_new_lab_is_sound_as_it_is_written(fwsim: Fwsim, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    assert fwsim("lab", "new", str(path))[0] == 0
    assert fwsim("lab", "new", str(path))[0] == 2, "nothing is overwritten"
    code, out, _ = fwsim("lab", "check", str(path), "--speed", "300")
    assert code == 0, out
    assert out.count("as it should be") == 4


def test_a_lab_with_words_that_name_nothing_is_refused(fwsim: Fwsim, tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    fwsim("lab", "new", str(path))
    path.write_text(path.read_text("utf-8").replace("shows: [HASH]", "shows: [HASHES]"), "utf-8")
    code, _, err = fwsim("lab", "check", str(path))
    assert code == 2
    assert "no item is called HASHES" in err


def test_a_technician_follows_the_learners_ticket(fwsim: Fwsim, runs: str, tmp_path: Path) -> None:
    at = ("--runs", runs)
    fwsim("lab", "start", "severe-lock", "--speed", "300", *at)
    session = sessions.find(sessions.kept(Path(runs)), None)
    ticket = tmp_path / "ticket.txt"
    inventory = str(session.run.path / "inventory.yaml")
    code, _, err = fwsim(
        "ticket", "--procedure", "look-and-report", "--inventory", inventory, "--bmc-dead", "-o", str(ticket)
    )
    assert code == 0, err
    code, out, _ = fwsim("lab", "hands", str(ticket), "--yes", *at)
    assert code == 0, out
    assert "The visit ended" in out
    assert any(e.door == "hands" for e in session.log().done)

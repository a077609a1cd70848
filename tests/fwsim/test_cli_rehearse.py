"""`fwsim rehearse` and `fwsim update` in memory: endings, exit codes, what is said where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwsim.events import RunEnded, RunStarted, from_json
from fwsim.rehearsal.memory import MemoryClock
from tests.fwsim.command_line import Fwsim, fwsim

__all__ = ["fwsim"]  # pytest finds the fixture here

HEALTHY = """\
title: Nothing goes wrong
board: x11ssh-f
update: {bmc: "3.90"}
expect: {ending: ENDING}
"""


@pytest.fixture
def plan(fwsim: Fwsim, tmp_path: Path) -> Path:
    """A plan whose payload files are not there."""
    path = tmp_path / "db07.yaml"
    text = fwsim("plan", "new", "--board", "x11ssh-f")[1]
    path.write_text(text.replace("fencing: false", "fencing: true").replace("controllers: false", "controllers: true"))
    return path


@pytest.fixture
def ready_plan(fwsim: Fwsim, plan: Path) -> Path:
    """The same with synthetic payloads, which only a rehearsal takes."""
    missing = fwsim("plan", "check", str(plan))[2].splitlines()
    rows = (("bmc", "3.90"), ("bios", "2.7"), ("bmc", "3.88"), ("bios", "2.6"))
    for line, (kind, version) in zip(missing, rows, strict=True):
        path = line.rsplit(" ", 1)[1]
        fwsim("image", "make", "--board", "x11ssh-f", "--kind", kind, "--version", version, "-o", path)
        sha256 = json.loads(fwsim("image", "show", path, "--json")[1])["sha256"]
        plan.write_text(plan.read_text().replace("0" * 64, sha256, 1))
    return plan


def test_the_default_rehearsal_ends_updated(fwsim: Fwsim, tmp_path: Path) -> None:
    code, out, err = fwsim("rehearse", "--virtual", "--runs", str(tmp_path))
    assert code == 0, out + err
    assert out.splitlines()[-1].startswith("updated: ")
    assert "BMC" in out
    assert "3.90" in out


def test_the_result_goes_to_stdout_and_progress_to_stderr(fwsim: Fwsim, tmp_path: Path) -> None:
    _, out, err = fwsim("rehearse", "--virtual", "--runs", str(tmp_path), "--json", "--progress", "json")
    report = json.loads(out)
    events = [from_json(line) for line in err.splitlines() if line.startswith("{")]
    assert report["ending"] == "updated"
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunEnded)


def test_the_run_is_kept_and_can_be_shown(fwsim: Fwsim, tmp_path: Path) -> None:
    _, out, _ = fwsim("rehearse", "--virtual", "--runs", str(tmp_path))
    assert fwsim("show", "latest", "--runs", str(tmp_path))[1] == out


def test_a_scenario_that_fails_as_expected_is_a_success(fwsim: Fwsim, tmp_path: Path) -> None:
    code, out, err = fwsim("rehearse", "tool-vanishes", "--virtual", "--runs", str(tmp_path))
    assert code == 0, out
    assert out.splitlines()[-1].startswith(("failed: ", "what to do: "))
    assert "as expected: failed" in err


def test_success_where_failure_was_expected_is_a_failure(fwsim: Fwsim, tmp_path: Path) -> None:
    scenario = tmp_path / "odd.yaml"
    scenario.write_text(HEALTHY.replace("ENDING", "failed"))
    code, _, err = fwsim("rehearse", str(scenario), "--virtual", "--runs", str(tmp_path / "runs"))
    assert code == 1
    assert "not as expected: ending: expected failed, got updated" in err


UNMET = """\
title: A BMC that hangs, and an expectation that is met in its ending alone
board: x11ssh-f
update: {bmc: "3.90"}
faults: [{kind: bmc-never-returns}]
expect:
  ending: needs-hands
  versions: {bmc: "3.90"}
  ticket: cmos-clear
  repairs: [cold-reset]
  must: [{world: mains}, {event: step-started, step: bmc-version}]
  never: [{world: bmc-dead}]
  final: {phase: "off", bmc: as-before}
"""
UNLIKE = {
    "versions.bmc": ("3.90", "nothing"),
    "ticket": ("cmos-clear", "power-removal"),
    "repairs": ("cold-reset", "none"),
    "must[0]": ("world=mains", "none of it"),
    "must[1]": ("event=step-started step=bmc-version", "none of it"),
    "never[0]": ("no world=bmc-dead", "one"),
    "final.phase": ("off", "up"),
    "final.bmc": ("as-before", "nowhere"),
}


def test_each_unmet_expectation_is_told_on_its_own_line_and_is_exit_1(fwsim: Fwsim, tmp_path: Path) -> None:
    scenario = tmp_path / "unmet.yaml"
    scenario.write_text(UNMET)
    code, out, err = fwsim("rehearse", str(scenario), "--virtual", "--json", "--runs", str(tmp_path / "runs"))
    assert code == 1
    told = {d["field"]: (d["expected"], d["got"]) for d in json.loads(out)["differences"]}
    assert told == UNLIKE
    lines = [line for line in err.splitlines() if line.startswith("not as expected: ")]
    assert sorted(lines) == sorted(f"not as expected: {k}: expected {e}, got {g}" for k, (e, g) in UNLIKE.items())
    assert "as expected: needs-hands" not in err.splitlines()


def test_an_update_that_was_expected_and_did_not_come_is_told_as_such(fwsim: Fwsim, tmp_path: Path) -> None:
    scenario = tmp_path / "hopeful.yaml"
    scenario.write_text(HEALTHY.replace("ENDING", "updated") + "faults: [{kind: bmc-never-returns}]\n")
    code, _, err = fwsim("rehearse", str(scenario), "--virtual", "--runs", str(tmp_path / "runs"))
    assert code == 1
    assert "not as expected: ending: expected updated, got needs-hands" in err


@pytest.mark.wire
def test_over_wires_the_server_itself_is_held_against_what_is_expected(fwsim: Fwsim, tmp_path: Path) -> None:
    scenario = tmp_path / "unmet.yaml"
    text = HEALTHY.replace("{ending: ENDING}", '{ending: refused, versions: {bmc: "3.90"}, must: [{world: mains}]}')
    scenario.write_text(text + "plan: {feeds: 1}\n")
    code, _, err = fwsim("rehearse", str(scenario), "--speed", "600", "--runs", str(tmp_path / "runs"))
    assert code == 1, err
    assert "not as expected: versions.bmc: expected 3.90, got 3.88" in err
    assert "not as expected: must[0]: expected world=mains, got none of it" in err
    assert len([line for line in err.splitlines() if line.startswith("not as expected")]) == 2


def test_a_rehearsal_in_memory_that_is_stopped_advises_what_can_be_done(
    fwsim: Fwsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sleeping = MemoryClock.sleep

    async def stopped(clock: MemoryClock, seconds: float) -> None:
        if clock.now() > 120:
            raise KeyboardInterrupt
        await sleeping(clock, seconds)

    monkeypatch.setattr(MemoryClock, "sleep", stopped)
    code, out, err = fwsim("rehearse", "--virtual", "--runs", str(tmp_path))
    assert code == 5
    assert "what to do: its server was in memory and has gone with it: rehearse again" in out
    assert "fwsim resume" not in out + err
    (journal,) = tmp_path.glob("*/events.jsonl")
    before = journal.read_bytes()
    code, _, err = fwsim("resume", "--runs", str(tmp_path))
    assert (code, journal.read_bytes()) == (2, before)
    assert "cannot be gone on with: its server was in memory" in err


def test_a_plans_missing_payloads_are_substituted_and_named(fwsim: Fwsim, plan: Path, tmp_path: Path) -> None:
    code, _, err = fwsim("rehearse", str(plan), "--virtual", "--runs", str(tmp_path / "runs"))
    notes = [line for line in err.splitlines() if line.startswith("note: ")]
    assert code == 0, err
    assert [n for n in notes if "BMC-X11SSH-F.hpm" in n and "stands in" in n]
    assert [n for n in notes if "BIOS-X11SSH-F.bin" in n and "stands in" in n]


def test_a_plans_own_payloads_are_rehearsed_where_they_can_be_read(
    fwsim: Fwsim, ready_plan: Path, tmp_path: Path
) -> None:
    code, _, err = fwsim("rehearse", str(ready_plan), "--virtual", "--runs", str(tmp_path / "runs"))
    assert code == 0, err
    assert "stands in" not in err


def test_every_fault_of_a_plan_that_is_refused_anyway_rehearses_none_and_says_why(
    fwsim: Fwsim, plan: Path, tmp_path: Path
) -> None:
    plan.write_text(plan.read_text().replace("fencing: true", "fencing: false"))
    code, out, err = fwsim("rehearse", str(plan), "--every-fault", "--jobs", "1", "--runs", str(tmp_path / "runs"))
    assert (code, out) == (3, "")
    assert "without any this ends refused" in err
    assert "nobody attests that cluster fencing" in err
    assert "what to do: see to it, then say so in the plan: quiet: {fencing: true}" in err
    assert not list((tmp_path / "runs").iterdir())


def test_every_fault_of_a_scenario_that_ends_otherwise_by_its_own_fault_is_rehearsed(
    fwsim: Fwsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scenario = tmp_path / "refused.yaml"
    faults = "faults: [{kind: tool-missing, name: sum}]\n"
    scenario.write_text(HEALTHY.replace("ENDING", "updated").replace("bmc:", "bios:") + faults)
    monkeypatch.setattr("fwsim.rehearsal.matrix.singles", lambda healthy: [])
    code, _, err = fwsim("rehearse", str(scenario), "--every-fault", "--runs", str(tmp_path / "runs"))
    assert code == 0, err
    assert "note: without any further fault this rehearsal ends refused: " in err


def test_a_broken_plan_is_told_by_line(fwsim: Fwsim, plan: Path, tmp_path: Path) -> None:
    plan.write_text(plan.read_text().replace("port: 22", "port: ssh"))
    code, _, err = fwsim("rehearse", str(plan), "--virtual", "--runs", str(tmp_path / "runs"))
    assert code == 2
    assert f"{plan}:" in err
    assert "host.port" in err
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_prints_commands_and_touches_nothing(fwsim: Fwsim, ready_plan: Path, tmp_path: Path) -> None:
    code, out, err = fwsim("update", str(ready_plan), "--dry-run", "--runs", str(tmp_path / "runs"))
    assert code == 0, err
    assert "hpm upgrade" in out
    assert "UpdateBios" in out
    assert "nothing was done" in err
    assert not (tmp_path / "runs").exists()


def test_an_update_without_a_terminal_needs_yes(fwsim: Fwsim, ready_plan: Path, tmp_path: Path) -> None:
    code, out, err = fwsim("update", str(ready_plan), "--runs", str(tmp_path / "runs"))
    assert (code, out) == (3, "")
    assert "--yes" in err
    assert not (tmp_path / "runs").exists()

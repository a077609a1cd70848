"""`fwsim rehearse` and `fwsim update` in memory: endings, exit codes, what is said where."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fwsim.events import RunEnded, RunStarted, from_json
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
    assert "expected failed, got updated" in err


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

"""A real `kill -9` of `fwsim rehearse` over real SSH and IPMI, at different moments, and then `fwsim resume`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fwsim.rehearsal import standing
from tests.e2e.test_program import PATIENCE_S, started, until

pytestmark = [pytest.mark.e2e, pytest.mark.wire]
SPEED = "600"
Events = list[dict[str, Any]]


def events(runs: Path) -> Events:
    found = list(runs.glob("*/events.jsonl"))
    data = found[0].read_bytes() if found else b""
    return [json.loads(line) for line in data[: data.rfind(b"\n") + 1].splitlines()]


def step(name: str) -> Callable[[Events], bool]:
    return lambda told: any(e["event"] == "step-started" and e["step"] == name for e in told)


def uploaded(name: str, fraction: float) -> Callable[[Events], bool]:
    def far(e: dict[str, Any]) -> bool:
        return e["event"] == "progress" and e["step"] == name and (e["fraction"] or 0) >= fraction

    return lambda told: any(map(far, told))


MOMENTS: dict[str, Callable[[Events], bool]] = {
    "in the preflight": step("power"),
    "in the BMC's upload": uploaded("bmc-flash", 0.3),
    "in the BMC's restart": step("bmc-wait"),
    "in the BIOS's writing": uploaded("bios-flash", 0.3),
    "in the host's restart": step("bios-wait"),
}


def resume(runs: Path, state: Path, *more: str) -> tuple[int, str, str]:
    with started("resume", "latest", "--runs", str(runs), "--progress", "plain", *more, state=state) as process:
        out, err = process.communicate(timeout=PATIENCE_S * 2)
    return process.returncode, out, err


def killed(runs: Path, state: Path, moment: Callable[[Events], bool]) -> standing.Standing:
    """`fwsim rehearse`, killed at that moment; the server that it has left behind."""
    with started("rehearse", "--speed", SPEED, "--runs", str(runs), state=state) as process:
        until(lambda: process.poll() is not None or moment(events(runs)))
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert process.returncode == -signal.SIGKILL, "it ended before the moment came"
    (run,) = runs.iterdir()
    return standing.find(run, {}, "")


@pytest.mark.parametrize("moment", list(MOMENTS))
def test_a_killed_rehearsal_is_gone_on_with_to_its_end(moment: str, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    server = killed(runs, tmp_path, MOMENTS[moment])
    code, out, err = resume(runs, tmp_path)
    assert code == 0, out + err
    assert out.splitlines()[-1].startswith("updated: ")
    told, (world,) = events(runs), list(runs.glob("*/world.jsonl"))
    flashed = [json.loads(line) for line in world.read_text().splitlines() if "flash-started" in line]
    assert sorted(record["chip"] for record in flashed) == ["bios", "bmc"]
    times = [e["at"] for e in told]
    assert times == sorted(times)
    assert not server.alive, "the server ends with the run"


def test_a_rehearsal_whose_server_is_gone_is_lost(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    server = killed(runs, tmp_path, step("path"))
    standing.end(server)
    code, out, _ = resume(runs, tmp_path)
    assert code == 1
    assert "the rehearsal is lost" in out
    code, _, err = resume(runs, tmp_path)
    assert code == 2, "and over"
    assert "rehearse again" in err


def test_another_process_of_the_same_pid_is_not_taken_for_the_server(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    server = killed(runs, tmp_path, step("path"))
    (run,) = runs.iterdir()
    path = run / standing.NAME
    try:
        with subprocess.Popen(["sleep", "60"]) as other:
            path.write_text(json.dumps(json.loads(path.read_text()) | {"pid": other.pid}))
            code, out, _ = resume(runs, tmp_path)
            assert code == 1
            assert "has gone" in out
            assert other.poll() is None, "it was left alone"
            other.kill()
    finally:
        standing.end(server)


def test_ctrl_c_leaves_the_server_for_a_resume(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with started("rehearse", "--speed", SPEED, "--runs", str(runs), state=tmp_path) as process:
        until(lambda: step("bmc-check")(events(runs)))
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=PATIENCE_S)
    (run,) = runs.iterdir()
    assert process.returncode == 5, out + err
    assert f"fwsim resume {run.name}" in err
    assert standing.find(run, {}, "").alive
    code, out, err = resume(runs, tmp_path)
    assert code == 0, out + err


def test_a_run_that_is_at_work_is_not_resumed_by_another(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with started("rehearse", "--speed", "60", "--runs", str(runs), state=tmp_path) as process:
        until(lambda: step("path")(events(runs)))
        code, _, err = resume(runs, tmp_path)
        assert code == 2
        assert "another fwsim is working on the run" in err
        assert process.poll() is None
        server = standing.find(next(runs.iterdir()), {}, "")
    standing.end(server)


def test_a_run_that_is_over_says_so(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with started("rehearse", "--virtual", "--runs", str(runs), state=tmp_path) as process:
        process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    code, _, err = resume(runs, tmp_path)
    assert code == 2
    assert "there is nothing to go on with" in err
    assert os.listdir(runs)

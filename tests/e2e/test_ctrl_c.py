"""Ctrl-C while a flash runs: it warns, a second one stops watching, and the flash goes on to its end on the server."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.wire]
FWSIM = (sys.executable, "-m", "fwsim")
SPEED = "40"


def until(what: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait for something that happens on the wall clock."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    """The records of that file of the only run; the last line may be half written."""
    found = list(folder.glob(f"runs/*/{name}"))
    records = []
    for line in found[0].read_text("utf-8", "replace").splitlines() if found else []:
        try:
            records.append(json.loads(line))
        except ValueError:
            continue
    return records


def happened(folder: Path, kind: str) -> int:
    """How often the server's own record says so."""
    return sum(record.get("kind") == kind for record in lines(folder, "world.jsonl"))


def environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "XDG_STATE_HOME": str(folder), "NO_COLOR": "1"}


def uploading(folder: Path) -> bool:
    return any(e["event"] == "progress" and e["fraction"] for e in lines(folder, "events.jsonl"))


def test_a_flash_outlives_ctrl_c_and_resume_takes_it_up_without_a_second_one(tmp_path: Path) -> None:
    runs = ("--runs", str(tmp_path / "runs"))
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*FWSIM, "rehearse", "--speed", SPEED, *runs, "--progress", "plain"],
        env=environment(tmp_path), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True,
    ) as process:  # fmt: skip
        try:
            until(lambda: uploading(tmp_path))
            process.send_signal(signal.SIGINT)
            seen = len(lines(tmp_path, "events.jsonl"))
            until(lambda: len(lines(tmp_path, "events.jsonl")) > seen + 2)
            assert process.poll() is None, "the first Ctrl-C only warns"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 5, out + err
    assert err.count("a flash is running") == 1
    assert "fwsim resume" in out + err
    assert happened(tmp_path, "flash-started") == 1
    resumed = subprocess.run(
        [*FWSIM, "resume", *runs, "--progress", "plain"],
        env=environment(tmp_path), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert happened(tmp_path, "flash-started") == 2, "one flash a payload"
    assert happened(tmp_path, "flash-interrupted") == 0


def test_outside_a_flash_the_first_ctrl_c_stops(tmp_path: Path) -> None:
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*FWSIM, "rehearse", "--speed", "5", "--runs", str(tmp_path / "runs"), "--progress", "plain"],
        env=environment(tmp_path), stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True,
    ) as process:  # fmt: skip
        try:
            until(lambda: lines(tmp_path, "events.jsonl"))
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 5, out + err
    assert "a flash is running" not in err
    for record in tmp_path.glob("runs/*/server.json"):
        os.kill(json.loads(record.read_text())["pid"], signal.SIGTERM)

"""The program as a user runs it: processes, signals, sockets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.tools import require_tool

pytestmark = [pytest.mark.e2e, pytest.mark.wire]
FWSIM = (sys.executable, "-m", "fwsim")
PATIENCE_S = 60.0


@contextmanager
def started(*args: str, state: Path) -> Iterator[subprocess.Popen[str]]:
    """`fwsim ARGS...`, ended at the end of the block if it still runs."""
    env = {**os.environ, "XDG_STATE_HOME": str(state), "NO_COLOR": "1"}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*FWSIM, *args], env=env, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()  # so that it takes away what it made


def until(what: Callable[[], object]) -> None:
    """Wait for something that happens on the wall clock."""
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_the_default_rehearsal_over_wires_ends_updated(tmp_path: Path) -> None:
    with started("rehearse", "--speed", "300", "--runs", str(tmp_path / "runs"), state=tmp_path) as process:
        out, err = process.communicate(timeout=110)
    assert process.returncode == 0, out + err
    assert out.splitlines()[-1].startswith("updated: ")
    assert "100 %" in err


def test_a_stopped_rehearsal_is_interrupted_and_leaves_its_server_to_a_resume(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    with started("rehearse", "--runs", str(runs), state=tmp_path) as process:
        until(lambda: [j for j in runs.glob("*/events.jsonl") if b"step-started" in j.read_bytes()])
        (record,) = runs.glob("*/server.json")
        server: int = json.loads(record.read_text())["pid"]
        assert running(server)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 5, out + err
    assert "interrupted" in out
    assert "Traceback" not in err
    assert f"fwsim resume {record.parent.name}" in err
    assert running(server)
    os.kill(server, signal.SIGTERM)
    until(lambda: not running(server))


def emulator(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, process.communicate(timeout=60)[1]
    ready: dict[str, Any] = json.loads(line)
    return ready


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_emulator_says_how_to_reach_it_and_ends_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    with started("emulator", "up", "x11ssh-f", "--json", state=tmp_path) as process:
        ready = emulator(process)
        assert {"name", "board", "ipmi", "ssh", "web"} <= set(ready)
        assert set(ready["ipmi"]) == {"host", "port", "user", "password"}
        process.send_signal(number)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (0, "")


def test_an_emulator_answers_the_machines_ipmitool(tmp_path: Path) -> None:
    tool = require_tool("ipmitool")
    with started("emulator", "up", "x11ssh-f", "--json", state=tmp_path) as process:
        at = emulator(process)["ipmi"]
        command = [tool, "-I", "lanplus", "-H", at["host"], "-p", str(at["port"]), "-U", at["user"], "-E", "mc", "info"]
        env = {"IPMI_PASSWORD": at["password"], "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    assert "Firmware Revision         : 3.88" in done.stdout


def test_a_taken_port_is_one_clear_error(tmp_path: Path) -> None:
    with started("emulator", "up", "x11ssh-f", "--json", state=tmp_path) as first:
        port = emulator(first)["ssh"]["port"]
        with started("emulator", "up", "x11ssh-f", "--ssh-port", str(port), state=tmp_path) as second:
            _, err = second.communicate(timeout=20)
    assert second.returncode == 1
    assert "Traceback" not in err
    assert err.startswith("fwsim: ")
    assert "unexpected" not in err

"""Wall time of the default rehearsal, beside the same commands typed by hand. Aim: at most 1.2 times as long.

The rehearsal's time has everything in it: the interpreter's start, the virtual server's start, the journal. The
script's time begins when its server answers.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import by_hand
from fwsim import journal
from fwsim.events import Event

BOARD, SPEED, ROUNDS, AIM = "x11ssh-f", "60", 3, 1.2
FWSIM = [sys.executable, "-m", "fwsim"]


def rehearsal(runs: Path) -> tuple[float, Path]:
    """Seconds that it took, and its run's directory."""
    before = set(runs.glob("*"))
    began = time.perf_counter()
    command = [*FWSIM, "rehearse", "--board", BOARD, "--speed", SPEED, "--progress", "plain", "--runs", str(runs)]
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    took = time.perf_counter() - began
    (run,) = set(runs.glob("*")) - before
    return took, run


def hand_typed(events: list[Event], payloads: list[Path]) -> float:
    """Seconds that the script took on a fresh server. Raises RuntimeError where it did not bring the new versions."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        up = [*FWSIM, "emulator", "up", BOARD, "--speed", SPEED, "--json"]
        with subprocess.Popen(up, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                return _timed(_written(json.loads(server.stdout.readline()), events, payloads, scratch), events)
            finally:
                server.terminate()


def _written(ready: dict[str, Any], events: list[Event], payloads: list[Path], scratch: Path) -> Path:
    ssh, bmc = ready["ssh"], ready["ipmi"]
    askpass = scratch / "askpass"
    askpass.write_text(f"#!/bin/sh\necho '{ssh['password']}'\n")
    askpass.chmod(0o700)
    path = scratch / "by_hand.sh"
    where = {f"ssh_{k}": v for k, v in ssh.items()} | {f"bmc_{k}": v for k, v in bmc.items()}
    path.write_text(by_hand.script(events, payloads, scratch=scratch, **where))
    return path


def _timed(script: Path, events: list[Event]) -> float:
    log = script.with_suffix(".log")
    began = time.perf_counter()
    with log.open("w") as out:
        subprocess.run(["bash", str(script)], stdout=out, stderr=subprocess.STDOUT, check=True, timeout=120)
    took = time.perf_counter() - began
    text = log.read_text()
    for kind, version in _reached(events).items():
        if version not in text:
            raise RuntimeError(f"the script did not bring {kind} {version}:\n{text[-3000:]}")
    return took


def _reached(events: list[Event]) -> dict[str, str]:
    from fwsim.report import model

    return {kind: after for kind, (_, after) in model.build(events).versions.items()}


def main() -> int:
    """0 when the aim is met, 1 when it is not, 2 where the script cannot run."""
    missing = [tool for tool in ("ssh", "scp", "ipmitool", "bash") if shutil.which(tool) is None]
    if missing:
        print(f"not measured: {', '.join(missing)} not installed")
        return 2
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as runs:
        for _ in range(ROUNDS):
            took, run = rehearsal(Path(runs))
            ours.append(took)
            theirs.append(hand_typed(journal.read(run / "events.jsonl"), sorted((run / "payloads").iterdir())))
    engine, script = statistics.median(ours), statistics.median(theirs)
    ratio = engine / script
    print(f"fwsim rehearse   {engine:6.1f} s   ({', '.join(f'{t:.1f}' for t in ours)})")
    print(f"typed by hand    {script:6.1f} s   ({', '.join(f'{t:.1f}' for t in theirs)})")
    print(f"ratio            {ratio:6.2f}     (aim: at most {AIM}; speed {SPEED}, {os.cpu_count()} cores)")
    return 0 if ratio <= AIM else 1


if __name__ == "__main__":
    sys.exit(main())

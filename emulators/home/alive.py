"""Which process is which: a pid alone may be another's by now, a pid with its start time is not."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

END_S = 10.0  # wall, for an orderly end
POLL_S = 0.02


def start_time(pid: int) -> str:
    """When that process started, as the system writes it: it tells two processes of one pid apart. "" for none."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return "" if state == "Z" else fields[18]
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return ""
    asked = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return asked.stdout.strip()


def alive(pid: int, started: str) -> bool:
    """Does the very process still run that had this pid and start time?"""
    return bool(started) and start_time(pid) == started


def ended(pid: int, started: str, within_s: float = END_S) -> bool:
    """Has it ended, at the latest after `within_s`?"""
    deadline = time.monotonic() + within_s
    while alive(pid, started):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def end(pid: int, started: str) -> None:
    """End it, orderly if it can be. Only ever the very process that is meant."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if not alive(pid, started):
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        if ended(pid, started):
            return

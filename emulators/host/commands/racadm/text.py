"""How racadm writes: errors, padded keys, the job queue's two dialects (facts/vendor-tools-and-boards.md section 4)."""

from __future__ import annotations

from datetime import UTC, datetime

from emulators.boards import Board
from emulators.host.process import Invocation
from emulators.lifecycle import Job

UNABLE = "ERROR: Unable to perform requested operation."
INVALID = "ERROR: Invalid subcommand specified."
SYNTAX = "ERROR: Invalid syntax."
QUEUE_HEAD = "-------------------------JOB QUEUE------------------------\n"
JOB_HEAD = "---------------------------- JOB -------------------------\n"
RULE = "-" * 58 + "\n"


class RacadmError(Exception):
    """racadm prints `text` and ends with 1."""

    def __init__(self, text: str = UNABLE) -> None:
        super().__init__(text)
        self.text = text


def padded(name: str, value: str, width: int = 23) -> str:
    """`Name                    = value`."""
    return f"{name:<{width}} = {value}\n"


def moment(inv: Invocation, at: float, form: str = "%a, %d %b %Y %H:%M:%S") -> str:
    """Simulated second `at` as the iDRAC's clock shows it."""
    return datetime.fromtimestamp(inv.host.server.spec.epoch + at, UTC).strftime(form)


def job(inv: Invocation, board: Board, entry: Job) -> str:
    """One job's lines, [Job ID=...] first, without rules."""
    head = f"[Job ID={entry.id}]\nJob Name={entry.name}\nStatus={entry.status}\n"
    return head + (_new_lines(inv, entry) if board.racadm == "idrac9" else _old_lines(entry))


def _start(entry: Job) -> str:
    match entry.status:
        case "Scheduled":
            return "Next Reboot"
        case "Failed" | "New":
            return "Not Applicable"
        case _:
            return "Now"


def _old_lines(entry: Job) -> str:
    """iDRAC7 and 8: no percent line while it waits for a reboot."""
    percent = "" if entry.status == "Scheduled" else f"Percent Complete=[{entry.percent or 0}]\n"
    return f"Start Time=[{_start(entry)}]\nExpiration Time=[Not Applicable]\nMessage=[{entry.message}]\n{percent}"


def _new_lines(inv: Invocation, entry: Job) -> str:
    """Newer iDRAC9: scheduled and actual times."""
    times = [moment(inv, at) if at is not None else "Not Applicable" for at in (entry.started, entry.completed)]
    return (
        f"Scheduled Start Time=[{_start(entry)}]\n"
        "Expiration Time=[Not Applicable]\n"
        f"Actual Start Time=[{times[0]}]\n"
        f"Actual Completion Time=[{times[1]}]\n"
        f"Message=[{entry.message}]\n"
        f"Percent Complete=[{entry.percent or 0}]\n"
    )

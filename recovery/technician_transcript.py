"""What a visit was like, as a file in the run's folder: each step, what was seen, what the telephone said.

An account that was read out does not stand in it: the technician's own log leaves it out.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from recovery.technician import Report
from recovery.ticket import Ticket

FOLDER = "visits"


def write(folder: Path, number: int, made: Ticket, report: Report, began_s: float) -> str:
    """Its name below the run's folder. `number`: which visit of the run; `began_s`: by the server's clock."""
    name = f"{FOLDER}/{number}-{made.procedure}.txt"
    (folder / FOLDER).mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("\n".join(lines(number, made, report, began_s)) + "\n", "utf-8")
    return name


def lines(number: int, made: Ticket, report: Report, began_s: float) -> Iterator[str]:
    """The transcript."""
    yield f"Visit {number}: ticket {made.id} rev {made.revision}, {made.procedure}, server {made.server}"
    yield f"Began at {began_s:.0f} s of the run, took {report.minutes:.0f} min"
    yield f"Ended {report.ended} at step {report.step} of {len(made.steps)}: {report.why}"
    yield from (f"Slip: {slip}" for slip in report.slips)
    yield ""
    yield from report.log
    yield ""
    yield "Seen at the end:"
    yield from (f"{name}: {state}" for name, state in report.seen.items())
    if report.screen:
        yield "Screen, as it was photographed last:"
        yield report.screen

"""For instructors: is a result what the server has recorded, and how did a class do?"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from fwsim.cli import screen
from fwsim.cli.errors import BadInput
from fwsim.labs import exam, grade
from fwsim.labs import lab as labs
from fwsim.labs import session as sessions
from fwsim.labs.grade import Grade
from fwsim.labs.session import Result

MEDDLING = ("fault-healed", "fault-armed")  # by hand, through the home's control channel
COLUMNS = ("learner", "lab", "mode", "score", "passed", "goals", "gates missed", "hints", "record")


def verify(path: Path, key: Path) -> None:
    """Print the verdict. Raises Forged, BadKey, NoSession, OSError."""
    result = sessions.read_result(path)
    check(result, key)
    if _shipped_otherwise(result):
        screen.note(f"note: the lab differs from the {result.name} that ships with this fwsim")
    lab = sessions.lab_of(result)
    found = grade.grade(lab, result.log(lab))
    screen.note(f"{path}: the record is the one that the server vouched for")
    print(f"{result.learner or 'no name'}  {result.name}  {found.score:.0f} of 100  "
          f"{'passed' if found.passed else 'not passed'}")  # fmt: skip


def check(result: Result, key: Path) -> None:
    """Raises Forged where the record, the lab or the learner's name is not what the server vouched for."""
    exam.check(result.records, result.mac, result.sealed, key)
    handed = next((r for r in result.records if r["kind"] == sessions.HANDED_OVER), {})
    lab = sessions.lab_of(result)
    if handed.get("lab") != sessions.digest(lab):
        raise exam.Forged("the lab in the result is not the one that was handed over")
    for name in ("learner", "mode", "speed"):
        if handed.get(name) != getattr(result, name):
            raise exam.Forged(f"{name} in the result is not what was handed over")
    own = next((name for name in labs.names() if sessions.digest(labs.load(name)) == handed["lab"]), None)
    if own is not None and own != result.name:
        raise exam.Forged(f"the result goes by {result.name}, but the lab in it is that of {own}")
    meddled = sorted({r["kind"] for r in result.records if r["kind"] in MEDDLING and r["at"] > handed["at"]})
    if meddled:
        raise exam.Forged(f"somebody changed the server's faults by hand during the exam: {', '.join(meddled)}")


def _shipped_otherwise(result: Result) -> bool:
    """Does another lab ship under that name?"""
    return result.name in labs.names() and sessions.digest(labs.load(result.name)) != sessions.digest(
        sessions.lab_of(result)
    )


def table(directory: Path, *, as_csv: bool, key: Path | None) -> None:
    """Print one row a result, by learner. Raises BadInput where there is none."""
    rows = [_row(path, key) for path in sorted(directory.rglob(sessions.RESULT))]
    rows += [_row(p, key) for p in sorted(directory.glob("*.json")) if p.name not in (sessions.RESULT, sessions.CARD)]
    if not rows:
        raise BadInput(f"{directory} has no {sessions.RESULT}; collect those that `fwsim lab finish` wrote")
    rows.sort()
    if as_csv:
        text = io.StringIO()
        csv.writer(text).writerows([COLUMNS, *rows])
        print(text.getvalue(), end="")
        return
    print(f"| {' | '.join(COLUMNS)} |")
    print(f"|{'---|' * len(COLUMNS)}")
    for row in rows:
        print(f"| {' | '.join(cell.replace('|', '/') for cell in row)} |")


def _row(path: Path, key: Path | None) -> tuple[str, ...]:
    result = sessions.read_result(path)
    lab = sessions.lab_of(result)
    found: Grade = grade.grade(lab, result.log(lab))
    reached = f"{sum(g.met for g in found.goals)} of {len(found.goals)}"
    vouched = "not vouched for"
    if key is not None and result.mac:
        try:
            check(result, key)
            vouched = "as recorded"
            if _shipped_otherwise(result):
                vouched += f"; another lab than the {result.name} that ships"
        except exam.Forged as error:
            vouched = str(error)
    return (
        result.learner or path.parent.name, result.name, result.mode, f"{found.score:.0f}",
        "yes" if found.passed else "no", reached, " ".join(found.gates) or "-", str(found.hints), vouched,
    )  # fmt: skip

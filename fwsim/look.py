"""Look before every start (DESIGN rule 3): what was seen -> what follows. One table; the steps interpret it.

The README of this folder publishes it, and a test compares the two.
"""

from __future__ import annotations

from typing import Literal

UnitSeen = Literal["active", "ended", "unknown"]
VersionSeen = Literal["old", "new", "unreadable"]
Verdict = Literal["follow", "judge", "skip", "start", "wait", "stop"]

UNIT: dict[UnitSeen, str] = {
    "active": "the unit runs",
    "ended": "the unit has ended, and still says how",
    "unknown": "no unit of this image: never started, taken away, or forgotten by a reboot",
}
MEANING: dict[Verdict, str] = {
    "follow": "attach to the running flash; nothing else is sent to the server until it has ended",
    "judge": "read its log and exit status: proved whole, the restart follows; else failed, and nothing is restarted",
    "skip": "the wanted version runs: nothing is flashed",
    "start": "flash, by what runs now; a bank that was begun before is written anew",
    "wait": "wait until the BMC answers steadily, then look again; silent to the deadline: needs hands",
    "stop": "failed: nothing is started blind",
}
TABLE: dict[tuple[UnitSeen, VersionSeen, bool], Verdict] = {  # unit, version, does the BMC answer?
    ("active", "old", True): "follow",
    ("active", "old", False): "follow",
    ("active", "new", True): "follow",
    ("active", "new", False): "follow",
    ("active", "unreadable", True): "follow",
    ("active", "unreadable", False): "follow",
    ("ended", "old", True): "judge",
    ("ended", "old", False): "wait",
    ("ended", "new", True): "skip",
    ("ended", "new", False): "wait",
    ("ended", "unreadable", True): "judge",
    ("ended", "unreadable", False): "wait",
    ("unknown", "old", True): "start",
    ("unknown", "old", False): "wait",
    ("unknown", "new", True): "skip",
    ("unknown", "new", False): "wait",
    ("unknown", "unreadable", True): "stop",
    ("unknown", "unreadable", False): "wait",
}


def follows(unit: UnitSeen, version: VersionSeen, answers: bool) -> Verdict:
    """What follows from what was seen."""
    return TABLE[unit, version, answers]


def markdown() -> str:
    """The table as the README has it."""
    rows = ["| unit | version | BMC | what follows |", "|---|---|---|---|"]
    for (unit, version, answers), verdict in TABLE.items():
        rows.append(f"| {unit} | {version} | {'answers' if answers else 'silent'} | {verdict} |")
    rows += ["", *(f"- **{name}**: {text}." for name, text in UNIT.items())]
    return "\n".join([*rows, *(f"- **{name}**: {text}." for name, text in MEANING.items())])

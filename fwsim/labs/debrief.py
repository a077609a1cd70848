"""From a finished session to what is talked over afterwards: a timeline, decision points, what went well, what is next.

A decision point is a moment at which one of the rubric's gates or a missed item was settled: what was known then, what
could have been done, what was, what an experienced administrator does, and what came of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fwsim.labs.grade import Finding, Grade, grade, rubric
from fwsim.labs.lab import Lab
from fwsim.labs.log import BECAME, DID, Entry, Log
from fwsim.labs.wording import clock

DOORS = {
    "host": "on the host",
    "lan": "IPMI over LAN",
    "kcs": "IPMI in band",
    "web": "web page",
    "transfer": "file copied",
    "hands": "hands",
}
TOLD = {
    "flash-started": "the writing of the {chip} began",
    "flash-finished": "the {chip} was written to its end",
    "flash-interrupted": "the writing of the {chip} was cut off",
    "flash-failed": "the writing of the {chip} failed",
    "bmc-dark": "the BMC went dark",
    "bmc-up": "the BMC was up, running {version}",
    "bmc-dead": "the BMC did not come up",
    "bmc-forgot": "the BMC had forgotten something",
    "host-up": "the host was up",
    "host-shutdown": "the host shut down",
    "host-power-off": "the host was off",
    "post": "the host began its POST",
    "post-hung": "POST stopped",
    "hint": "a hint was given",
    "mains": "the mains changed",
}
"""Kinds of the world's record that a timeline tells, in words."""


@dataclass(frozen=True)
class Row:
    """One line of the timeline. `who`: a person or the server. `mark`: ids of findings that this entry settled."""

    at: float
    when: str
    who: str
    what: str
    status: str
    state: Mapping[str, Any]
    mark: tuple[str, ...]


@dataclass(frozen=True)
class Decision:
    """One decision point."""

    id: str
    title: str
    when: str
    known: tuple[str, ...]
    options: tuple[str, ...]
    chosen: str
    golden: str
    consequence: str
    well: bool


@dataclass(frozen=True)
class Debrief:
    """Everything that the page says."""

    lab: Lab
    log: Log
    learner: str
    mode: str
    grade: Grade
    own: Mapping[str, int]
    rows: tuple[Row, ...]
    decisions: tuple[Decision, ...]
    well: tuple[str, ...]
    next_time: tuple[str, ...]
    drill: str


def make(
    lab: Lab, log: Log, *, learner: str = "", mode: str = "practice", own: Mapping[str, int] | None = None
) -> Debrief:
    """The debrief of that log."""
    found = grade(lab, log)
    weakest = found.weakest
    return Debrief(
        lab=lab,
        log=log,
        learner=learner,
        mode=mode,
        grade=found,
        own=own or {},
        rows=tuple(_rows(log, found)),
        decisions=tuple(_decision(f, log) for f in found.findings if f.item.gate or not f.met),
        well=tuple(f.item.title for f in found.findings if f.met),
        next_time=tuple(f"{f.item.title}: {f.item.golden}" for f in found.findings if not f.met),
        drill=rubric().skills[weakest].drill if weakest else "None is needed: take a harder lab.",
    )


def _rows(log: Log, found: Grade) -> list[Row]:
    marks: dict[float, list[str]] = {}
    for f in found.findings:
        if f.at is not None:
            marks.setdefault(f.at, []).append(f.item.id)
    rows, state = [], log.state_at(log.began)
    for entry in log.entries:
        if entry.kind == BECAME:
            state = entry.state
            continue
        words = _words(entry)
        if words is None:
            continue
        state = entry.state or state
        who = DOORS[entry.door] if entry.kind == DID else "server"
        mark = tuple(marks.pop(entry.at, ()))
        rows.append(Row(entry.at, clock(entry.at - log.began), who, words, _status(entry), state, mark))
    return rows


def _status(entry: Entry) -> str:
    code = entry.fields.get("code", 0)
    if entry.status:
        return f"exit {entry.status}"
    return f"code {code:#04x}" if code else ""


def _words(entry: Entry) -> str | None:
    """What the timeline says of it, or None where it says nothing: a command's own messages are the command's."""
    if entry.kind == DID:
        return None if entry.door == "kcs" else entry.what
    if entry.kind not in TOLD:
        return None
    names = {"bmc": "BMC", "bios": "BIOS"}
    fields = {k: names.get(str(v), v) for k, v in entry.fields.items()}
    return TOLD[entry.kind].format_map({"chip": "flash", "version": "", **fields})


def _decision(f: Finding, log: Log) -> Decision:
    at = f.at if f.at is not None else log.end
    before = log.until(at)
    looked = [e.what for e in before.done if e.door in ("host", "lan", "web", "hands")]
    shown = next((e for e in log.entries if e.at == f.at and f.what in (e.what, e.kind)), None)
    said = (shown.what or _words(shown) or "") if shown is not None else ""
    chosen = said or ("it was not done" if not f.met else "nothing that speaks against it was done")
    return Decision(
        id=f.item.id,
        title=f.item.title,
        when=clock(at - log.began),
        known=tuple(_known(log, at)) + tuple(f"seen: {what}" for what in looked[-3:]),
        options=(f.item.golden, *f.item.instead),
        chosen=chosen,
        golden=f.item.golden,
        consequence=_consequence(f, log, at),
        well=f.met,
    )


def _known(log: Log, at: float) -> list[str]:
    state = next((e.state for e in log.done if e.at == at), None) or log.state_at(at)
    if not state:
        return []
    versions = state["versions"]
    words = [f"host {state['host']}", f"BMC {state['bmc']} ({versions['bmc'] or 'nothing runs'})"]
    words.append(f"BIOS {versions['bios'] or 'none'}")
    if state["writing"]:
        words.append(f"being written: {', '.join(state['writing'])}")
    return words


def _consequence(f: Finding, log: Log, at: float) -> str:
    """What became of the server after that moment."""
    bad = [
        e
        for e in log.entries
        if e.at >= at and e.kind in ("flash-interrupted", "flash-failed", "bmc-dead", "post-hung")
    ]
    if bad and not f.met:
        return "; ".join(dict.fromkeys(_words(e) or e.kind for e in bad))
    if f.met:
        return "nothing went wrong by it"
    final = log.state
    if final and (final["damaged"] or final["bmc"] != "up" or final["host"] != "up"):
        return f"in the end: host {final['host']}, BMC {final['bmc']}"
    return "it went well this time; it would not have been noticed if it had not"

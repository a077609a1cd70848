"""The go/no-go sheet of a preflight: a pure function of its events. Also as one JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal

from fwsim.events import Event, Outcome, PreflightEnded, RunStarted, StepEnded

Verdict = Literal["go", "no-go", "waived", "could not tell", "not checked"]
SCHEMA = 1  # grows when a field changes its meaning or goes away
VERDICTS: dict[Outcome, Verdict] = {
    "done": "go",
    "waived": "waived",
    "warned": "could not tell",
    "skipped": "could not tell",
    "refused": "no-go",
    "failed": "no-go",
    "needs-hands": "no-go",
    "interrupted": "not checked",
}


@dataclass(frozen=True)
class Check:
    """One line. `todo`: what to do about it, "" where nothing is."""

    id: str
    title: str
    verdict: Verdict
    message: str = ""
    todo: str = ""


@dataclass(frozen=True)
class Sheet:
    """`verdict`: of all of it. `epoch`: Unix time at which it began, of the server's time in a rehearsal."""

    board: str
    host: str
    bmc: str
    plan_sha256: str
    fwsim: str
    epoch: float
    verdict: Literal["go", "no-go", "interrupted"]
    exit_code: int
    message: str
    checks: tuple[Check, ...]
    rehearsed: tuple[str, ...] | None = None
    """On a virtual server: what stood in for what. None: on the real one."""

    def of(self, verdict: Verdict) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if check.verdict == verdict)


def build(events: Iterable[Event]) -> Sheet:
    """Raises ValueError for events that are no preflight's."""
    started: RunStarted | None = None
    ended: PreflightEnded | None = None
    told: dict[str, StepEnded] = {}
    for event in events:
        match event:
            case RunStarted():
                started = event
            case StepEnded():
                told[event.step] = event
            case PreflightEnded():
                ended = event
    if started is None:
        raise ValueError("these are no events of a preflight")
    ended = ended or PreflightEnded(0.0, "interrupted", 5, "the journal stops before its end; nothing was changed")
    checks = tuple(_check(id, title, told.get(id)) for id, _, title in started.steps)
    about = (started.board, started.host, started.bmc, started.plan_sha256, started.version, started.epoch)
    return Sheet(*about, ended.verdict, ended.exit_code, ended.message, checks)


def _check(id: str, title: str, ended: StepEnded | None) -> Check:
    if ended is None:
        return Check(id, title, "not checked")
    return Check(id, title, VERDICTS[ended.outcome], ended.message, ended.remedy)


def document(sheet: Sheet) -> str:
    """One line of JSON."""
    return json.dumps({"schema": SCHEMA, **asdict(sheet)}, ensure_ascii=False)

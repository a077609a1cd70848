"""What happens in a run, as plain data. Imports nothing of ours; knows nothing of the engine that makes them.

Two kinds: lifecycle events are synced to the journal before the engine goes on; progress events are not.
Every display and report is a function of the list of events. The last one of a run is RunEnded, always.
`at` is seconds of the server's time since the run began.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

Ending = Literal["updated", "refused", "failed", "needs-hands", "interrupted"]
Stage = Literal["begun", "not-begun", "whole", "restarting", "verified"]
Outcome = Literal["done", "skipped", "warned", "waived", "refused", "failed", "needs-hands", "interrupted"]

EXIT_CODES: dict[Ending, int] = {"updated": 0, "failed": 1, "refused": 3, "needs-hands": 4, "interrupted": 5}


@dataclass(frozen=True)
class Event:
    """`at`: seconds since the run began."""

    name: ClassVar[str]
    at: float


@dataclass(frozen=True)
class RunStarted(Event):
    """`steps`: (id, stage, title) of every step, in order. `epoch`: Unix time of at = 0."""

    name = "run-started"
    run: str
    board: str
    host: str
    bmc: str
    plan_sha256: str
    steps: tuple[tuple[str, str, str], ...]
    epoch: float
    version: str


@dataclass(frozen=True)
class StepStarted(Event):
    name = "step-started"
    step: str
    number: int
    total: int
    title: str


@dataclass(frozen=True)
class Intent(Event):
    """Something that changes the server is about to be done. `boot_id` is the host's at that time, "" if unknown."""

    name = "intent"
    step: str
    action: str
    target: str
    boot_id: str


@dataclass(frozen=True)
class CommandRan(Event):
    """A command ended. `where`: host, bmc (over LAN) or operator. Output is cut to what is worth keeping."""

    name = "command"
    step: str
    where: str
    argv: tuple[str, ...]
    status: int | None
    stdout: str
    stderr: str
    took_s: float
    changes: bool


@dataclass(frozen=True)
class Fact(Event):
    """Something learned of the server: key and value as text, e.g. bmc.version, host.board, lan.address."""

    name = "fact"
    step: str
    key: str
    value: str


@dataclass(frozen=True)
class ImageMarked(Event):
    """How far one image has come: what the engine must still know after its own death.

    begun: its flash is about to be started; not-begun: taken back, nothing was written; whole: proved complete;
    restarting: the restart that makes it run is about to be sent; verified: read back. `note`: tool, jobs, boot id.
    """

    name = "image"
    step: str
    kind: str
    version: str
    sha256: str
    stage: Stage
    note: dict[str, str]


@dataclass(frozen=True)
class Progress(Event):
    """How far a long step is. `fraction` 0..1 or None; `rate` in `unit` a second; `left_s` None where unknown."""

    name = "progress"
    step: str
    text: str
    fraction: float | None = None
    rate: float | None = None
    unit: str = ""
    left_s: float | None = None


@dataclass(frozen=True)
class Warned(Event):
    """Not a failure; a person should know."""

    name = "warning"
    step: str
    message: str


@dataclass(frozen=True)
class Asked(Event):
    """A person is asked on the terminal; displays that redraw it hold still until Answered."""

    name = "asked"
    question: str


@dataclass(frozen=True)
class Answered(Event):
    """`agreed`: the run goes on."""

    name = "answered"
    agreed: bool


@dataclass(frozen=True)
class NotRehearsed(Event):
    """A command for the operator's machine that a rehearsal only wrote down."""

    name = "not-rehearsed"
    step: str
    argv: tuple[str, ...]


@dataclass(frozen=True)
class StepEnded(Event):
    """`message` says what was found; `remedy` what to do where the outcome is not good."""

    name = "step-ended"
    step: str
    outcome: Outcome
    message: str
    took_s: float
    remedy: str = ""


@dataclass(frozen=True)
class RunEnded(Event):
    """The end. `versions`: kind -> (before, after), "" where unread."""

    name = "run-ended"
    ending: Ending
    exit_code: int
    message: str
    remedy: str
    versions: dict[str, tuple[str, str]]


@dataclass(frozen=True)
class PreflightEnded(Event):
    """The end of a preflight, which is no run of an update and has no RunEnded."""

    name = "preflight-ended"
    verdict: Literal["go", "no-go", "interrupted"]
    exit_code: int
    message: str


_encode = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, check_circular=False).encode
KINDS: dict[str, type[Event]] = {k.name: k for k in Event.__subclasses__()}


def to_json(event: Event) -> str:
    """One line of a journal, without its newline."""
    return _encode({"event": event.name, **vars(event)})


def from_json(line: str) -> Event:
    """The event of a journal's line. Raises ValueError for what is none."""
    try:
        record: dict[str, Any] = json.loads(line)
        kind = KINDS[record.pop("event")]
    except (KeyError, AttributeError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"not an event: {line[:80]!r}") from error
    known = {f.name for f in fields(kind)}
    try:
        return kind(**{k: _frozen(v) for k, v in record.items() if k in known})
    except TypeError as error:
        raise ValueError(f"not a {kind.name} event: {error}") from error


def _frozen(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_frozen(v) for v in value)
    if isinstance(value, dict):
        return {k: _frozen(v) for k, v in value.items()}
    return value

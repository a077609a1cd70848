"""One learner's lab: a run's directory with the lab's file, what is known of the session, the record, the result."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ValidationError

from fwsim.labs import lab as labs
from fwsim.labs.lab import Lab
from fwsim.labs.log import Log, records
from fwsim.runs import LATEST, Run, Runs, default_root

Mode = Literal["practice", "exam", "demo"]
CARD, FILE, WORLD, RESULT = "lab.json", "lab.yaml", "world.jsonl", "result.json"
PREFIX = "lab-"
HANDED_OVER, HINT, ASSESSED = "handed-over", "hint", "assessed"


class NoSession(Exception):
    """There is no lab to go on with."""


class Card(BaseModel):
    """What is known of a session. `wall`: Unix time of the handing over; `sealed`: is the record vouched for?"""

    name: str
    mode: Mode
    learner: str = ""
    speed: float
    wall: float
    sealed: bool = False
    ended: bool = False


class Result(BaseModel):
    """What is kept of a finished session, and what an instructor checks. `assessment`: skill -> 1 to 5, one's own."""

    name: str
    mode: Mode
    learner: str
    speed: float
    lab: dict[str, Any]
    records: list[dict[str, Any]]
    assessment: dict[str, int] = {}
    mac: str = ""
    sealed: dict[str, str] = {}

    def log(self, lab: Lab) -> Log:
        """What was done between the handing over and the end, or the end of an exam's time."""
        return since_handed_over(self.records, lab, self.mode)


@dataclass(frozen=True)
class Session:
    """One session's directory."""

    run: Run
    lab: Lab
    card: Card

    @property
    def world(self) -> Path:
        return self.run.path / WORLD

    def log(self) -> Log:
        """What has been done so far. Raises OSError."""
        return since_handed_over(records(self.world), self.lab, self.card.mode)

    def result(self) -> Result:
        """What was kept at the end. Raises NoSession where it has not ended."""
        path = self.run.path / RESULT
        if not path.exists():
            raise NoSession(f"{self.run.id} has not been finished; `fwsim lab finish` ends it")
        return read_result(path)


def kept(root: Path | None) -> Runs:
    """Where sessions are kept: a folder of their own, for they are no runs of an update."""
    return Runs(root or default_root().with_name("labs"))


def write(directory: Path, card: Card) -> None:
    """Keep what is known now."""
    path = directory / CARD
    path.with_suffix(".new").write_text(card.model_dump_json() + "\n", "utf-8")
    path.with_suffix(".new").replace(path)


def since_handed_over(rows: list[dict[str, Any]], lab: Lab, mode: Mode) -> Log:
    since = next((float(r["at"]) for r in rows if r["kind"] == HANDED_OVER), 0.0)
    log = Log.of(rows, since=since)
    return log.until(since + lab.minutes * 60) if mode == "exam" else log


def begin(runs: Runs, name: str) -> tuple[Run, Lab]:
    """A directory for a new session, with a copy of the lab's file. Raises UnknownLab, FileError, RunsUnusable."""
    file = labs.find(name)
    lab = labs.load(name)
    run = runs.new(f"{PREFIX}{file.stem}")
    shutil.copyfile(file, run.path / FILE)
    return run, lab


def all_of(runs: Runs) -> list[Session]:
    """Every session, the oldest first."""
    found = []
    for run in runs.all():
        session = _read(run)
        if session is not None:
            found.append(session)
    return found


def find(runs: Runs, name: str | None) -> Session:
    """The session of that run, or the latest that has not ended. Raises NoSession, UnknownRun."""
    if name is None or name == LATEST:
        sessions = [s for s in all_of(runs) if name == LATEST or not s.card.ended]
        if not sessions:
            raise NoSession("no lab runs now; `fwsim lab start NAME` starts one, `fwsim lab list` shows what there is")
        return max(sessions, key=lambda s: s.card.wall)
    session = _read(runs.find(name))
    if session is None:
        raise NoSession(f"{name} is no lab's run; `fwsim lab list` shows the labs")
    return session


def _read(run: Run) -> Session | None:
    try:
        card = Card.model_validate_json((run.path / CARD).read_bytes())
        return Session(run, labs.load(str(run.path / FILE)), card)
    except (OSError, ValidationError):
        return None


def keep_result(session: Session, assessment: Mapping[str, int], vouched: Mapping[str, Any]) -> Path:
    """Write result.json and close the session."""
    result = Result(
        name=session.card.name,
        mode=session.card.mode,
        learner=session.card.learner,
        speed=session.card.speed,
        lab=session.lab.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        records=records(session.world)[: int(vouched.get("records", 0)) or None],
        assessment=dict(assessment),
        mac=vouched.get("mac", ""),
        sealed=vouched.get("sealed", {}),
    )
    path = session.run.path / RESULT
    path.write_text(json.dumps(result.model_dump(mode="json"), indent=1) + "\n", "utf-8")
    write(session.run.path, session.card.model_copy(update={"ended": True}))
    return path


def digest(lab: Lab) -> str:
    """What tells one lab from another, whatever its file looks like."""
    text = json.dumps(lab.model_dump(mode="json", by_alias=True, exclude_defaults=True), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def read_result(path: Path) -> Result:
    """Raises NoSession for what is no result, or cannot be read."""
    try:
        return Result.model_validate_json(path.read_bytes())
    except OSError as error:
        raise NoSession(f"{path}: cannot be read: {error.strerror}; expected a {RESULT}") from error
    except ValidationError as error:
        raise NoSession(f"{path} is no result of a lab; expected the {RESULT} that `fwsim lab finish` wrote") from error


def lab_of(result: Result) -> Lab:
    """The lab as it was when it was worked on. Raises NoSession."""
    try:
        return Lab.model_validate(result.lab)
    except ValidationError as error:
        raise NoSession(f"the lab in that result cannot be read: {error.error_count()} problems") from error

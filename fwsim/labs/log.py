"""What was done to a lab's server and what became of it, as the world's record tells: one list in the order of time.

Graders and debriefs may read the world's record; the engine and recovery never do (DESIGN section 2).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DID, ENDED, BECAME, KEPT = "did", "ended", "became", "kept"


@dataclass(frozen=True)
class Entry:
    """One line of the record. `at`: the server's seconds; `what`: a command line, or words; `state`: the server's then.

    `status`: of a host's command that has ended, else None; `ended`: when. `fields`: whatever else is known.
    """

    at: float
    kind: str
    door: str = ""
    what: str = ""
    status: int | None = None
    ended: float | None = None
    state: Mapping[str, Any] = field(default_factory=dict)
    fields: Mapping[str, Any] = field(default_factory=dict)

    @property
    def by_somebody(self) -> bool:
        """Did a person do it, and not the server?"""
        return self.kind == DID


@dataclass(frozen=True)
class Log:
    """All entries since the server was handed to the learner."""

    entries: tuple[Entry, ...]

    @classmethod
    def of(cls, records: Iterable[Mapping[str, Any]], *, since: float = 0.0) -> Log:
        """From the world's records. What was before `since`, the preparation, is left out; the state then is kept."""
        rows = list(records)
        endings = {r["number"]: r for r in rows if r["kind"] == ENDED}
        entries = [_entry(r, endings) for r in rows if r["kind"] != ENDED]
        before = [e for e in entries if e.at < since and e.state]
        return cls((*_handed_over(before, since), *(e for e in entries if e.at >= since)))

    @classmethod
    def read(cls, path: Path, *, since: float = 0.0) -> Log:
        """From a world.jsonl; half a line at its end is none yet. Raises OSError."""
        return cls.of(records(path), since=since)

    @property
    def done(self) -> list[Entry]:
        """What somebody did."""
        return [e for e in self.entries if e.by_somebody]

    @property
    def state(self) -> Mapping[str, Any]:
        """The server at the end."""
        return next((e.state for e in reversed(self.entries) if e.kind == BECAME), {})

    @property
    def kept(self) -> Mapping[str, Any]:
        """What was stored on the server when somebody looked last."""
        return next((e.fields for e in reversed(self.entries) if e.kind == KEPT), {})

    @property
    def began(self) -> float:
        """When the server was handed over."""
        return self.entries[0].at if self.entries else 0.0

    @property
    def end(self) -> float:
        """When the last of it was."""
        return self.entries[-1].at if self.entries else 0.0

    def state_at(self, at: float) -> Mapping[str, Any]:
        """The server at that moment."""
        known: Mapping[str, Any] = {}
        for entry in self.entries:
            if entry.at > at:
                break
            known = entry.state or known
        return known

    def until(self, at: float) -> Log:
        """The log as it was at that moment."""
        return Log(tuple(e for e in self.entries if e.at <= at))


def records(path: Path) -> list[dict[str, Any]]:
    """The lines of a world.jsonl. Raises OSError, ValueError for a line that is no record."""
    text = path.read_text("utf-8")
    return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def _handed_over(before: Sequence[Entry], since: float) -> list[Entry]:
    """The server as the learner was given it."""
    return [Entry(since, BECAME, state=before[-1].state)] if before else []


_OWN = ("at", "kind", "door", "what", "state", "status")


def _entry(record: Mapping[str, Any], endings: Mapping[int, Mapping[str, Any]]) -> Entry:
    ending = endings.get(record.get("number", 0))
    rest = {k: v for k, v in record.items() if k not in _OWN}
    return Entry(
        record["at"],
        record["kind"],
        record.get("door", ""),
        record.get("what", ""),
        ending["status"] if ending else None,
        ending["at"] if ending else None,
        record.get("state", {}),
        rest,
    )

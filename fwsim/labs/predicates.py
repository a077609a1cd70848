"""What can be asked of a lab's log: which entries a pattern fits, and whether they stand as they should.

A moment is a name for patterns that mean the same, e.g. `flash-bmc` for every way in which the writing of a BMC begins.
A predicate is data, as it stands in a lab's file or in the rubric; `holds` says yes or no, and which entry shows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from fwsim.labs.log import Entry, Log

Scalar = str | int | float | bool
Door = Literal["host", "lan", "kcs", "web", "transfer", "hands"]
Moments = Mapping[str, tuple["Pattern", ...]]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Pattern(Part):
    """What an entry must be. `what`: a regular expression found in its words; `state`: parts of the server's state just
    before, dotted; `fields`: more of the record. A list has the value in it; `ok`: answered or ended without error."""

    kind: str = "did"
    door: tuple[Door, ...] = ()
    what: str = ""
    state: dict[str, Scalar] = {}
    fields: dict[str, Scalar] = {}
    ok: bool | None = None

    @field_validator("what")
    @classmethod
    def _compiles(cls, what: str) -> str:
        try:
            re.compile(what)
        except re.error as error:
            raise ValueError(f"expected a regular expression: {error}") from error
        return what

    @field_validator("door", mode="before")
    @classmethod
    def _one_or_more(cls, door: Any) -> Any:
        return (door,) if isinstance(door, str) else door

    def fits(self, entry: Entry) -> bool:
        """Is that entry one of these?"""
        return (
            entry.kind == self.kind
            and (not self.door or entry.door in self.door)
            and re.search(self.what, entry.what) is not None
            and all(_has(entry.state, key, value) for key, value in self.state.items())
            and all(_has(entry.fields, key, value) for key, value in self.fields.items())
            and (self.ok is None or self.ok == _went_well(entry))
        )


class Predicate(Part):
    """One question; exactly one of the keys, and what belongs to it.

    seen, absent: a moment occurs, or not. before: the first moment's first is before the second one's first; where the
    second never occurs there is nothing to be late for. after: the first occurs again once the second has. gap: from
    the first to the next of the second `at_least_s` pass. absent_between: that moment does not occur from `start` to
    the next `end` (or ever after). state, kept: of the server at the end. all, any, none: of more questions.
    ladder: somebody looked before acting, and nothing more invasive than the cure was tried before it.
    """

    seen: str | None = None
    absent: str | None = None
    before: tuple[str, str] | None = None
    after: tuple[str, str] | None = None
    gap: tuple[str, str] | None = None
    at_least_s: float = 0.0
    absent_between: str | None = None
    start: str = ""
    end: str = ""
    state: dict[str, Scalar] = {}
    kept: dict[str, Scalar] = {}
    ladder: str | None = None
    all_of: tuple[Predicate, ...] = Field((), alias="all")
    any_of: tuple[Predicate, ...] = Field((), alias="any")
    none_of: tuple[Predicate, ...] = Field((), alias="none")

    @model_validator(mode="after")
    def _one(self) -> Predicate:
        asked = [key for key in KEYS if getattr(self, key) not in (None, {}, ())]
        if len(asked) != 1:
            names = ", ".join(key.removesuffix("_of") for key in KEYS)
            raise ValueError(f"expected exactly one of {names}; this has {len(asked)}")
        return self

    def moments(self) -> set[str]:
        """The names of moments that it uses."""
        own = {self.seen, self.absent, self.absent_between, self.start, self.end}
        pairs = {name for pair in (self.before, self.after, self.gap) if pair for name in pair}
        deeper = {n for p in (*self.all_of, *self.any_of, *self.none_of) for n in p.moments()}
        return {name for name in own | pairs | deeper if name}


TROUBLE = "trouble"  # the moment from which the ladder counts
KEYS = (
    "seen", "absent", "before", "after", "gap", "absent_between", "state", "kept", "ladder",
    "all_of", "any_of", "none_of",
)  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """`entry`: what shows it, where an entry does."""

    holds: bool
    entry: Entry | None = None


@dataclass(frozen=True)
class Asked:
    """What questions are asked of. `ladder`: the rungs, least invasive first; the first one is looking. `cure`: the
    rung that brings this server back."""

    log: Log
    named: Moments
    ladder: tuple[str, ...] = ()
    cure: str = ""

    def find(self, moment: str, *, after: float | None = None) -> Iterator[Entry]:
        """The entries of that moment, in order. Raises KeyError for one that nobody has named."""
        patterns = self.named[moment]
        for entry in self.log.entries:
            if (after is None or entry.at > after) and any(p.fits(entry) for p in patterns):
                yield entry

    def first(self, moment: str, *, after: float | None = None) -> Entry | None:
        return next(self.find(moment, after=after), None)


def ask(predicate: Predicate, asked: Asked) -> Answer:
    """Does it hold? Raises KeyError for a moment that has no name."""
    p = predicate
    if p.seen is not None:
        found = asked.first(p.seen)
        return Answer(found is not None, found)
    if p.absent is not None:
        found = asked.first(p.absent)
        return Answer(found is None, found)
    if p.before is not None:
        return _before(*p.before, asked)
    if p.after is not None:
        return _after(*p.after, asked)
    if p.gap is not None:
        return _gap(*p.gap, p.at_least_s, asked)
    if p.absent_between is not None:
        return _absent_between(p.absent_between, p.start, p.end, asked)
    if p.ladder is not None:
        return _ladder(asked.cure if p.ladder == "cure" else p.ladder, asked)
    if p.state or p.kept:
        wanted, found_ = (p.state, asked.log.state) if p.state else (p.kept, asked.log.kept)
        return Answer(all(_has(found_, key, value) for key, value in wanted.items()))
    return _of_many(p, asked)


def _of_many(p: Predicate, asked: Asked) -> Answer:
    answers = [ask(each, asked) for each in (*p.all_of, *p.any_of, *p.none_of)]
    failing = sorted((a for a in answers if not a.holds), key=lambda a: a.entry is None)
    wrong = failing[0] if failing else None  # the one that an entry shows, where one does
    right = next((a for a in answers if a.holds), None)
    if p.all_of:
        return wrong or answers[0]
    if p.any_of:
        return right or answers[-1]
    return Answer(right is None, right.entry if right else None)


def _before(first: str, second: str, asked: Asked) -> Answer:
    a, b = asked.first(first), asked.first(second)
    if b is None:
        return Answer(True)
    if a is None or asked.log.entries.index(a) > asked.log.entries.index(b):
        return Answer(False, b)
    return Answer(True, a)


def _after(first: str, second: str, asked: Asked) -> Answer:
    b = asked.first(second)
    found = asked.first(first, after=b.at) if b is not None else None
    return Answer(found is not None, found or b)


def _gap(first: str, second: str, seconds: float, asked: Asked) -> Answer:
    for a in asked.find(first):
        b = asked.first(second, after=a.at)
        if b is not None and b.at - a.at < seconds:
            return Answer(False, b)
    return Answer(True)


def _absent_between(moment: str, start: str, end: str, asked: Asked) -> Answer:
    for a in asked.find(start):
        stop = asked.first(end, after=a.at)
        found = asked.first(moment, after=a.at)
        if found is not None and (stop is None or found.at < stop.at):
            return Answer(False, found)
    return Answer(True)


def _ladder(cure: str, asked: Asked) -> Answer:
    """Since the trouble began: somebody looked before acting, and nothing above the cure was tried before it."""
    look, *rungs = asked.ladder
    trouble = asked.first(TROUBLE)
    if trouble is None:
        return Answer(False)
    tried = [(entry, rungs.index(rung)) for rung in rungs for entry in asked.find(rung, after=trouble.at)]
    tried.sort(key=lambda t: t[0].at)
    seen = asked.first(look, after=trouble.at)
    if not tried:
        return Answer(False)
    if seen is None or seen.at > tried[0][0].at:
        return Answer(False, tried[0][0])
    for entry, rung in tried:
        if rung >= rungs.index(cure):
            return Answer(rung == rungs.index(cure), entry)
    return Answer(False, tried[-1][0])


def _went_well(entry: Entry) -> bool:
    return entry.status == 0 or (entry.door != "host" and entry.fields.get("code", 0) == 0)


def _has(state: Mapping[str, Any], key: str, wanted: Scalar) -> bool:
    """Is that part of it the wanted one, or has it in it? `a.b` is b of a; "any" is whatever is not empty."""
    value: Any = state
    for name in key.split("."):
        if not isinstance(value, Mapping) or name not in value:
            return False
        value = value[name]
    if wanted == "any":
        return bool(value)
    if isinstance(value, list | tuple | dict):
        return wanted in value or (not wanted and not value)
    return bool(value == wanted)

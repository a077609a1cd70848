"""What an observation is, which ones there are, and what an operator or technician may report.

The vocabulary is closed (observations.yaml): a rule can only ask for what stands there, and who reports is told what
there is. "Could not tell" is a value of its own, None: it speaks for nothing and against nothing.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

REPORTED = "seen."  # keys of that name are what a person alone sees


@dataclass(frozen=True)
class Observation:
    """`value` None: could not tell, and `why`. `at`: seconds since the run began; without one, since the look did."""

    key: str
    value: str | None
    at: float
    source: str
    why: str = ""


@dataclass(frozen=True)
class Evidence:
    """All that was observed. More than one value of a key may be there: witnesses differ, and things change."""

    observations: tuple[Observation, ...] = ()

    def values(self, key: str) -> frozenset[str]:
        """What was told of it; empty where nobody could tell."""
        return frozenset(o.value for o in self.observations if o.key == key and o.value is not None)

    def value(self, key: str) -> str | None:
        """The latest word on it."""
        return next((o.value for o in reversed(self.observations) if o.key == key and o.value is not None), None)

    def of(self, key: str) -> Iterator[Observation]:
        return (o for o in self.observations if o.key == key)

    def plus(self, more: Iterable[Observation]) -> Evidence:
        return Evidence((*self.observations, *more))


class Key(BaseModel):
    """One row of observations.yaml, which says what its fields mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    means: str
    how: str
    values: tuple[str, ...] = ()
    who: Literal["fwsim", "operator", "technician", "nobody"] = "fwsim"
    cost: int = 0
    through: dict[str, tuple[str, ...]] = {}
    report: str = ""


@cache
def keys() -> dict[str, Key]:
    """Everything that can be observed, by its name."""
    rows = yaml.safe_load(files(__package__).joinpath("observations.yaml").read_text("utf-8"))
    return {name: Key(**row) for name, row in rows.items()}


class BadReport(ValueError):
    """What was reported is not in the vocabulary. The message says what is."""


def reportable() -> dict[str, tuple[str, ...]]:
    """Name -> values: what `--observed` takes."""
    return {name: keys()[key].values for name, key in reports().items()}


@cache
def reports() -> dict[str, str]:
    """Name -> key: what people may report, and the observation that it is."""
    own = {key.removeprefix(REPORTED): key for key in keys() if key.startswith(REPORTED)}
    return {**own, **{known.report: key for key, known in keys().items() if known.report}}


def reported(text: str, at: float = 0.0, source: str = "reported") -> tuple[Observation, ...]:
    """The observations in `fans=100%,video=none`; "?" as a value is "could not tell". Raises BadReport."""
    if not text.strip():
        return ()
    return tuple(_one(part.strip(), at, source) for part in text.split(",") if part.strip())


def _one(part: str, at: float, source: str) -> Observation:
    known = reportable()
    name, equals, value = (word.strip().lower() for word in part.partition("="))
    if not equals:
        raise BadReport(f"{part!r}: expected NAME=VALUE, e.g. fans=100%")
    if name not in known:
        raise BadReport(f"{name!r} cannot be reported{_close(name, known)}; there are: {', '.join(known)}")
    if value == "?":
        return Observation(reports()[name], None, at, source, "nobody could tell")
    if value not in known[name]:
        raise BadReport(f"{name}={value}{_close(value, known[name])}; expected one of {', '.join(known[name])}, or ?")
    return Observation(reports()[name], value, at, source)


def _close(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def vocabulary() -> str:
    """The table of what can be reported, as the README has it."""
    rows = ["| name | values | means |", "|---|---|---|"]
    for name, key in reports().items():
        rows.append(f"| `{name}` | {', '.join(keys()[key].values)} | {keys()[key].means} |")
    return "\n".join(rows)

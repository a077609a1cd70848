"""Where whoever looks writes down what was seen: an observation at a time, with its source."""

from __future__ import annotations

from dataclasses import dataclass, field

from fwsim.context import Context
from recovery.observation import Observation, keys


@dataclass
class Notes:
    """`saw` for what was seen, `cannot` for what could not be told and why."""

    context: Context
    epoch: float = 0.0  # Unix time at the clock's 0
    kept: list[Observation] = field(default_factory=list)

    def saw(self, key: str, value: str, source: str, *, at: float | None = None) -> None:
        known = keys()[key].values
        assert not known or value in known, f"{key} is {value}, which is none of {known}"
        self.kept.append(Observation(key, value, self.context.now() if at is None else at, source))

    def cannot(self, key: str, why: str, source: str) -> None:
        assert key in keys(), key
        self.kept.append(Observation(key, None, self.context.now(), source, why))

    def value(self, key: str) -> str | None:
        """The latest word on it."""
        return next((o.value for o in reversed(self.kept) if o.key == key and o.value is not None), None)

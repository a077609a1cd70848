"""Progress of a flash as a tool's log shows it: how far, how fast, how long still."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from fwsim.context import Context

Look = Callable[[str], tuple[str, int | None, int | None]]
"""A log up to now -> what is being done, percent of it, bytes that it is about. The last two None where unknown."""


@dataclass
class Meter:
    """Turns what a log says into progress events. Given the whole log at every look."""

    context: Context
    look: Look
    size_bytes: int
    _stage: str = ""
    _began: float = 0.0
    _last: tuple[str, int | None] = field(default=("", None))

    def __call__(self, log: str) -> None:
        stage, percent, size = self.look(log)
        now = self.context.now()
        if stage != self._stage:
            self._stage, self._began = stage, now
        if (stage, percent) == self._last:
            return
        self._last = (stage, percent)
        if percent is None:
            self.context.progress(stage)
            return
        fraction, took = percent / 100, now - self._began
        rate = fraction * (size or self.size_bytes) / took if took > 0 and fraction > 0 else None
        left = took * (1 - fraction) / fraction if took > 0 and fraction > 0 else None
        self.context.progress(stage, fraction, rate, "B", left)

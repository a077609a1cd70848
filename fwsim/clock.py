"""The clock of a run on wires. `speed` divides waits and the doors' time-outs, never the event loop's own time."""

from __future__ import annotations

import asyncio
import time

FLOOR_S = 2.0  # what a command's own overhead may cost on the wall however fast the server's time runs


class WireClock:
    """Seconds of the server's time since the run began, `speed` of them a wall second."""

    def __init__(self, speed: float = 1.0, *, began: float | None = None) -> None:
        self._speed = speed
        self._began = time.monotonic() if began is None else began

    def now(self) -> float:
        return (time.monotonic() - self._began) * self._speed

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(max(0.0, seconds) / self._speed)


def wall_timeout(timeout_s: float, speed: float) -> float:
    """The wall seconds to allow for `timeout_s` of the server's time: scaled, but never less than real overhead."""
    if speed == 1:
        return timeout_s
    return timeout_s / speed + FLOOR_S

"""Waiting for something to answer: polls with a deadline that want N good answers in a row.

One answer proves little: a BMC that is starting answers, falls silent and answers again. Polls log in nowhere; who must
log in does it once, afterwards.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fwsim.doors import Clock

Ask = Callable[[], Awaitable[bool]]


@dataclass(frozen=True)
class Patience:
    """How long to wait in all, how often to ask, how many good answers in a row are enough."""

    deadline_s: float
    every_s: float = 5.0
    steady: int = 3


@dataclass(frozen=True)
class Waited:
    """`reached`: as many good answers in a row as were wanted. `answers`: good ones in all, steady or not."""

    reached: bool
    took_s: float
    answers: int


async def until_steady(
    clock: Clock, ask: Ask, patience: Patience, tell: Callable[[float, int], None] = lambda waited, row: None
) -> Waited:
    """Ask until the answers are steady or the deadline passes; a row that has begun by then is heard to its end.
    `tell(waited_s, in_a_row)` hears of every poll."""
    began, row, answers = clock.now(), 0, 0
    while True:
        good = await ask()
        row = row + 1 if good else 0
        answers += good
        waited = clock.now() - began
        tell(waited, row)
        if row >= patience.steady:
            return Waited(True, waited, answers)
        if waited >= patience.deadline_s and not good:
            return Waited(False, waited, answers)
        await clock.sleep(patience.every_s)


async def until_silent(clock: Clock, ask: Ask, deadline_s: float, every_s: float = 1.0) -> bool:
    """Wait until one question stays unanswered. False when everything was answered up to the deadline."""
    began = clock.now()
    while await ask():
        if clock.now() - began >= deadline_s:
            return False
        await clock.sleep(every_s)
    return True

"""Waiting: N good answers in a row, a deadline, and no sleep on the wall."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from typing import Any, TypeVar

from fwsim.waiting import Ask, Patience, Waited, until_silent, until_steady

T = TypeVar("T")


class Clock:
    """Sleeping is all that takes time."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("it suspended")


def says(answers: Iterable[bool]) -> Ask:
    rows = iter(answers)

    async def ask() -> bool:
        return next(rows, False)

    return ask


def test_one_answer_is_not_enough() -> None:
    waited = drive(until_steady(Clock(), says([True, False, True, True, True]), Patience(60, 5, 3)))
    assert waited == Waited(True, 20.0, 4)


def test_the_deadline_ends_a_wait_for_a_flapping_answer() -> None:
    waited = drive(until_steady(Clock(), says([True, False] * 50), Patience(60, 5, 2)))
    assert not waited.reached
    assert waited.took_s == 65, "the row that had begun at the deadline is heard to its end"
    assert waited.answers == 7


def test_every_poll_is_told_with_its_row() -> None:
    told: list[tuple[float, int]] = []
    drive(until_steady(Clock(), says([False, True, True]), Patience(60, 5, 2), lambda at, row: told.append((at, row))))
    assert told == [(0, 0), (5, 1), (10, 2)]


def test_silence_is_one_unanswered_question() -> None:
    assert drive(until_silent(Clock(), says([True, True, False]), 60))


def test_who_never_falls_silent_is_not_waited_for_for_ever() -> None:
    clock = Clock()
    assert not drive(until_silent(clock, says([True] * 1000), 60))
    assert clock.seconds == 60

"""A regular expression as an automaton: what it costs grows with the line alone, where `re` may try for ever.

Only where `re` may take long: repetitions that hold repetitions ((a+)+b), many of them, or long lines. It reads `re`'s
own parse tree, so both mean the same; where they differ on what is matched, this one takes the longest, as POSIX wants.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from re import _compiler, _parser  # type: ignore[attr-defined]
from re import _constants as op  # type: ignore[attr-defined]
from typing import Any

LINES = (1 << 62, 5000, 200, 200)  # characters of a line that `re` is good for, by how many repetitions there are
STATES = 4000  # of an automaton
CHARACTERS = 256 << 10  # that automata read for one command
PLACES = (op.AT, op.ASSERT, op.ASSERT_NOT)

Test = Callable[[str, int], bool]


@dataclass
class State:
    """`test` takes a character, or (`empty`) looks at a place between two; without one it is only passed through."""

    test: Test | None
    nexts: list[int]
    empty: bool = False


class Matcher:
    """A compiled expression that chooses for each line. Raises re.error, and MemoryError for what is too much."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._re = re.compile(pattern, flags)
        self._source = pattern, flags
        loops, nested, readable = _loops(_parser.parse(pattern, flags), False)
        self._line = LINES[0] if not readable else 0 if nested or loops >= len(LINES) else LINES[loops]
        self._automaton: Automaton | None = None
        self._read = 0

    def matches(self, line: str) -> bool:
        """Is it in that line?"""
        if len(line) <= self._line:
            return self._re.search(line) is not None
        return next(self._for(line).finditer(line), None) is not None

    def found(self, line: str) -> list[str]:
        """All that it matches there, from left to right."""
        if len(line) <= self._line:
            return [match[0] for match in self._re.finditer(line)]
        return list(self._for(line).finditer(line))

    def _for(self, line: str) -> Automaton:
        self._read += len(line)
        if self._read > CHARACTERS:
            raise MemoryError
        if self._automaton is None:
            self._automaton = Automaton(*self._source)
        return self._automaton


def _loops(tree: Any, inside: bool) -> tuple[int, bool, bool]:
    count, nested, readable = 0, False, True
    for code, argument in tree:
        below: list[tuple[Any, bool]] = []
        if code in (op.MAX_REPEAT, op.MIN_REPEAT):
            _, high, body = argument
            many = high is op.MAXREPEAT or high > 10
            count, nested = count + many, nested or (inside and many)
            below = [(body, inside or many)]
        elif code is op.SUBPATTERN:
            below = [(argument[3], inside)]
        elif code is op.BRANCH:
            below = [(branch, inside) for branch in argument[1]]
        elif code not in (op.LITERAL, op.NOT_LITERAL, op.ANY, op.IN, *PLACES):
            readable = False
        for body, within in below:
            more, deeper, known = _loops(body, within)
            count, nested, readable = count + more, nested or deeper, readable and known
    return count, nested, readable


class Automaton:
    """An expression's states. Raises MemoryError for too many."""

    def __init__(self, pattern: str, flags: int) -> None:
        self._states: list[State] = []
        self._flags = flags
        tree = _parser.parse(pattern, flags)
        self._start = self._sequence(tree, self._new(None, []))  # state 0 is the end

    def finditer(self, line: str) -> Iterator[str]:
        """What it matches from left to right, the longest at each place."""
        at = 0
        while at <= len(line):
            found = self._leftmost(line, at)
            if found is None:
                return
            yield line[found[0] : found[1]]
            at = found[1] + (found[0] == found[1])

    def _leftmost(self, line: str, at: int) -> tuple[int, int] | None:
        """Every state with where the match that is in it began: the earliest wins."""
        best: tuple[int, int] | None = None
        active: dict[int, int] = {}
        for place in range(at, len(line) + 1):
            if best is None:
                self._enter(active, self._start, place, line, place)
            if 0 in active and (best is None or active[0] <= best[0]):
                best = (active[0], place)
            if not active or place == len(line):
                if best is not None or place == len(line):
                    return best
                continue
            reached: dict[int, int] = {}
            for number, began in sorted(active.items(), key=lambda item: item[1]):
                state = self._states[number]
                if state.test and not state.empty and state.test(line, place) and (best is None or began <= best[0]):
                    self._enter(reached, state.nexts[0], began, line, place + 1)
            active = reached
        return best

    def _enter(self, active: dict[int, int], number: int, began: int, line: str, place: int) -> None:
        todo = [number]
        while todo:
            number = todo.pop()
            if active.get(number, place + 1) <= began:
                continue
            state = self._states[number]
            if state.empty and state.test is not None and not state.test(line, place):
                continue
            active[number] = began
            if state.test is None or state.empty:
                todo += state.nexts

    # -- making it, from the end

    def _new(self, test: Test | None, nexts: list[int], *, empty: bool = False) -> int:
        if len(self._states) >= STATES:
            raise MemoryError
        self._states.append(State(test, nexts, empty))
        return len(self._states) - 1

    def _sequence(self, tree: Any, after: int) -> int:
        for code, argument in reversed(list(tree)):
            after = self._item(code, argument, after)
        return after

    def _item(self, code: Any, argument: Any, after: int) -> int:
        if code is op.SUBPATTERN:
            return self._sequence(argument[3], after)
        if code is op.BRANCH:
            return self._new(None, [self._sequence(branch, after) for branch in argument[1]])
        if code in (op.MAX_REPEAT, op.MIN_REPEAT):
            return self._repeat(argument, after)
        if code in PLACES:
            place = _single(code, argument, self._flags)
            return self._new(lambda line, at: place.match(line, at) is not None, [after], empty=True)
        one = _single(code, argument, self._flags)
        return self._new(lambda line, at: one.match(line, at) is not None, [after])

    def _repeat(self, argument: tuple[int, Any, Any], after: int) -> int:
        low, high, body = argument
        if high is op.MAXREPEAT:
            again = self._new(None, [after])
            self._states[again].nexts.append(self._sequence(body, again))
            after = again
        else:
            end = after
            for _ in range(high - low):
                after = self._new(None, [end, self._sequence(body, after)])
        for _ in range(low):
            after = self._sequence(body, after)
        return after


def _single(code: Any, argument: Any, flags: int) -> re.Pattern[str]:
    """One item of the tree as an expression of its own."""
    state = _parser.State()
    state.flags, state.str = flags, ""
    tree = _parser.SubPattern(state, [(code, argument)])
    compiled: re.Pattern[str] = _compiler.compile(tree, flags)
    return compiled

"""Which two faults are rehearsed together, and when: every two kinds at the first moments that one run comes to.

What became of the single failures says how far each goes: a second fault behind the end of the first one's run would
only ever be told as never fired. It comes once more after the first one's repair, if it can.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from fwsim.rehearsal import Injection
from fwsim.rehearsal.matrix import Cell, Healthy, singles
from fwsim.report.matrix import Outcome

GO_ON = ("updated", "repaired")


def pairs(healthy: Healthy, single: Sequence[Outcome]) -> list[Cell]:
    """The cells of two faults, from what became of those of one."""
    known = {outcome.name: outcome for outcome in single}
    order = {step: number for number, (step, _) in enumerate(healthy.steps)}
    kinds = list(_usual(healthy).values())
    cells = [cell for a, b in combinations(kinds, 2) if (cell := _together(a, b, known, order)) is not None]
    for a in kinds:
        for b in kinds:
            if a is not b:
                cells += _after_repair(a, b, known, order)
    return list(dict.fromkeys(cells))


def unmet(healthy: Healthy, cells: Sequence[Cell]) -> int:
    """How many two kinds no run comes to together."""
    met = {frozenset(i.fault.kind for i in cell.injections) for cell in cells}
    return sum(frozenset(two) not in met for two in combinations(_usual(healthy), 2))


def _usual(healthy: Healthy) -> dict[str, list[Injection]]:
    """Each kind in its usual variant, at every step in which it can fire."""
    found: dict[str, list[Injection]] = {}
    for cell in singles(healthy):
        (injection,) = cell.injections
        rows = found.setdefault(injection.fault.kind, [])
        if not rows or rows[0].fault == injection.fault:
            rows.append(injection)
    return found


def _together(
    a: Sequence[Injection], b: Sequence[Injection], known: dict[str, Outcome], order: dict[str, int]
) -> Cell | None:
    """At the first moments such that the run in which the first fires goes on after the second's, or ends there."""
    moments = sorted(
        ((one, two) for one in a for two in b), key=lambda m: (max(places := _places(m, order)), sum(places))
    )
    ending_there = None
    for one, two in moments:
        first, second = (one, two) if order[one.step] <= order[two.step] else (two, one)
        alone = known.get(Cell((first,)).name)
        ends_at = len(order) if alone is None or alone.verdict in GO_ON else order.get(alone.ended_in, 0)
        if ends_at > order[second.step]:
            return Cell((one, two))
        if ends_at == order[second.step] and ending_there is None:
            ending_there = Cell((one, two))
    return ending_there


def _places(moment: tuple[Injection, ...], order: dict[str, int]) -> list[int]:
    return [order[injection.step] for injection in moment]


def _after_repair(
    a: Sequence[Injection], b: Sequence[Injection], known: dict[str, Outcome], order: dict[str, int]
) -> Iterator[Cell]:
    """The second at its first moment after the step that repaired what the first had done."""
    for first in a:
        alone = known.get(Cell((first,)).name)
        if alone is None or alone.repaired_in not in order:
            continue
        again = next((i for i in b if order[i.step] > order[alone.repaired_in]), None)
        if again is not None:
            yield Cell((first, again))
        return

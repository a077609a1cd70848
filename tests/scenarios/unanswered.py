"""Faults that the engine does not answer yet, and the rule that each breaks. The list only ever gets shorter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from fwsim.judged import Broken
from fwsim.rehearsal.matrix import Cell

UNANSWERED: dict[str, int] = {}


def unanswered(cells: Iterable[Cell], broken: Sequence[Broken]) -> list[str]:
    """What is broken beside what is known to be."""
    known = {UNANSWERED.get(i.fault.kind) for cell in cells for i in cell.injections}
    return [str(b) for b in broken if b.rule not in known]

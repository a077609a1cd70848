"""Rules 6 and 7 of DESIGN section 8, of what is done after a run that ended badly: by the facts that recovery tells.

`diagnosis` facts name the remedies of a cause in their order, least invasive first; those in brackets want a visit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fwsim.events import Fact, StepStarted
from fwsim.judged import Broken, Record, Told

DIAGNOSIS, TICKET, DECLINED = "diagnosis", "ticket", "repair.declined"
STEP, LOOK = "repair-", "diagnose"
TAKEN_UP = ("failed", "needs-hands")


def remedied(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """6. A server that is not well at the end: a remedy was tried, or its ticket lies in the run's folder."""
    end, final = told.ended, told.final
    if end is None or not final.recovers or end.ending not in TAKEN_UP:
        return
    ills = final.after.ills(final.bmc_address)
    tried = any(e.step.startswith(STEP) for _, e in told.of(StepStarted))
    tickets = [e.value for _, e in told.of(Fact) if e.key == TICKET]
    missing = [name for name in tickets if not final.files.get(f"tickets/{name}.txt", b"").strip()]
    if missing:
        yield Broken(6, f"the ticket {missing[0]} is told of, and is not there", end.at)
    if ills and not (tried or tickets):
        yield Broken(6, f"{'; '.join(ills)}, no remedy was tried, and there is no ticket", end.at)


def least_first(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """7. A repair is one that a diagnosis names, and what it names before that was tried, or nobody agreed to it."""
    for place, event in told.of(StepStarted):
        if event.step.startswith(STEP):
            yield from _in_order(told, place, re.sub(r"-\d+$", "", event.step.removeprefix(STEP)), event.at)
    for place, fact in told.of(Fact):
        if fact.key == TICKET:
            yield from _in_order(told, place, fact.value, fact.at)


def _in_order(told: Told, place: int, name: str, at: float) -> Iterator[Broken]:
    lists = [names for names in _diagnosed(told, place) if name in names or f"({name})" in names]
    if not lists:
        yield Broken(7, f"{name} is done, and no diagnosis names it", at)
        return
    skipped = [_skipped(told, place, names, name) for names in lists]
    if all(skipped):
        yield Broken(7, f"{name} is done before {skipped[0][0]}, which is less invasive", at)


def _skipped(told: Told, place: int, names: list[str], name: str) -> list[str]:
    """Repairs that stand before it, and were neither tried nor declined."""
    before = names[: next(i for i, n in enumerate(names) if n.strip("()") == name)]
    steps = {re.sub(r"-\d+$", "", e.step.removeprefix(STEP)) for _, e in told.of(StepStarted, before=place)}
    declined = {e.value for _, e in told.of(Fact, before=place) if e.key == DECLINED}
    return [n for n in before if not n.startswith("(") and n not in steps | declined]


def _diagnosed(told: Told, place: int) -> list[list[str]]:
    """The remedies of each cause, by the last look before that place."""
    looks = [i for i, e in told.of(StepStarted, before=place) if e.step.startswith(LOOK)]
    facts = [e.value for _, e in told.of(Fact, before=place, after=max(looks, default=-1)) if e.key == DIAGNOSIS]
    return [text.rpartition("; remedies: ")[2].split(" > ") for text in facts]

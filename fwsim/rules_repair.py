"""Rules 6 and 7 of DESIGN section 8, of what is done after a run that ended badly: by the facts that recovery tells.

`diagnosis` facts name the remedies of a cause in their order, least invasive first; those in brackets want a visit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fwsim.events import Fact, StepEnded, StepStarted
from fwsim.judged import Broken, Record, Told

DIAGNOSIS, TICKET, DECLINED = "diagnosis", "ticket", "repair.declined"
OPERATOR, CERTAIN = "left-to-operator", " (certain); remedies: "
STEP, LOOK = "repair-", "diagnose"
WENT_WELL = ("done", "warned")
TAKEN_UP = ("failed", "needs-hands")


def remedied(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """6. A server that is not well at the end: the last remedy did as it ought to, or its ticket lies in the run's
    folder, or the cause is certain and the last word says what only the operator can do about it."""
    end, final = told.ended, told.final
    if end is None or not final.recovers or end.ending not in TAKEN_UP:
        return
    ills = final.after.ills(final.bmc_address)
    tried = [e for _, e in told.of(StepEnded) if e.step.startswith(STEP)]
    begun = max((place for place, e in told.of(StepStarted) if e.step.startswith(STEP)), default=-1)
    tickets = [e.value for _, e in told.of(Fact, after=begun) if e.key == TICKET]
    missing = [name for name in tickets if not final.files.get(f"tickets/{name}.txt", b"").strip()]
    if missing:
        yield Broken(6, f"the ticket {missing[0]} is told of, and is not there", end.at)
    left = [e.value for _, e in told.of(Fact, after=begun) if e.key == OPERATOR]
    if left and end.remedy and any(text.startswith(f"{left[-1]}: ") and CERTAIN in text for text in _said(told)):
        return
    if ills and not tickets and not (tried and tried[-1].outcome in WENT_WELL):
        done = f"the last remedy, {tried[-1].step.removeprefix(STEP)}, failed" if tried else "no remedy was tried"
        yield Broken(6, f"{'; '.join(ills)}, {done}, and there is no ticket", end.at)


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
    return [text.rpartition("; remedies: ")[2].split(" > ") for text in _said(told, place)]


def _said(told: Told, place: int | None = None) -> list[str]:
    """What the last look before that place said of each cause."""
    looks = [i for i, e in told.of(StepStarted, before=place) if e.step.startswith(LOOK)]
    return [e.value for _, e in told.of(Fact, before=place, after=max(looks, default=-1)) if e.key == DIAGNOSIS]

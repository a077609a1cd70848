"""DESIGN section 8 as a checker: what must always hold, whatever went wrong.

`check` judges a run by its events, the world's record and the server's true state, and gives every rule that did not
hold. It asks no step what it meant: a step that does the wrong thing is caught by what it did. Rule 10 (a printed
ticket, followed literally) is judged where tickets are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from fwsim.events import Event
from fwsim.judged import Broken, Condition, FinalState, Record, Told
from fwsim.rules_ending import complete_ending, healthy_or_told, proved_update
from fwsim.rules_flash import bmc_first, incomplete_bank, looked_before_flash, verified_before_flash
from fwsim.rules_repair import least_first, remedied
from fwsim.rules_words import (
    asked_for,
    exact_oem_bytes,
    few_logins,
    least_invasive,
    no_secret,
    only_own_endpoints,
    whole_journal,
)

__all__ = ["RULES", "Broken", "Condition", "FinalState", "check"]

Rule = Callable[[Told, Sequence[Record]], Iterable[Broken]]


def _both(one: Rule, other: Rule) -> Rule:
    return lambda told, world: (*one(told, world), *other(told, world))


RULES: dict[int, Rule] = {
    1: verified_before_flash,
    2: bmc_first,
    3: looked_before_flash,
    4: proved_update,
    5: complete_ending,
    6: _both(healthy_or_told, remedied),
    7: _both(least_invasive, least_first),
    8: no_secret,
    9: whole_journal,
    11: incomplete_bank,
    12: only_own_endpoints,
    13: exact_oem_bytes,
    14: few_logins,
    15: asked_for,
}


def check(events: Sequence[Event], world: Sequence[Record], final: FinalState) -> list[Broken]:
    """Every rule that did not hold, in the order of the rules. [] for a good run."""
    told = Told(events, final)
    return [broken for rule in RULES.values() for broken in rule(told, world)]

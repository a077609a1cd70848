"""The matrix of failures as plain data: cells, a table (rows faults, columns stages) and one sentence that sums it up.

Knows nothing of faults or servers; every way to show a matrix is a function of a `Matrix`.
"""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

Verdict = Literal["updated", "repaired", "refused", "interrupted", "failed", "needs-hands"]
ORDER: tuple[Verdict, ...] = ("updated", "repaired", "refused", "interrupted", "failed", "needs-hands")  # worse later
JOINED = "+"  # between the two faults of a pair, in its name
WORDS: dict[Verdict, str] = {
    "updated": "end updated all the same",
    "repaired": "are repaired on the way",
    "refused": "are refused before anything was flashed",
    "interrupted": "are interrupted",
    "failed": "fail, with a remedy that needs nobody there",
    "needs-hands": "need hands",
}
LEFT = "fail, and nothing is offered that brings the server back"


@dataclass(frozen=True)
class Outcome:
    """What became of one cell. `broken`: rules of DESIGN section 8 that did not hold, in words."""

    name: str  # as --only takes it
    row: str
    step: str
    stage: str
    verdict: Verdict
    fired: bool
    message: str = ""
    remedy: str = ""
    broken: tuple[str, ...] = ()
    repaired_in: str = ""
    ended_in: str = ""  # the last step that was begun
    simulated_s: float = 0.0
    remote: tuple[str, ...] = ()  # the steps of the repairs that were tried after its bad end
    ticket: str = ""  # the procedure whose ticket was written

    @property
    def paired(self) -> bool:
        return JOINED in self.name

    @property
    def remedy_needs_nobody(self) -> bool:
        """Does it end with words that help, and with no server that is left for dead (rule 6)?"""
        return bool(self.remedy) and not any(text.startswith("rule 6") for text in self.broken)


@dataclass(frozen=True)
class Square:
    """One field of the table: all cells of a fault in a stage, by their worst."""

    outcomes: tuple[Outcome, ...]

    @property
    def worst(self) -> Outcome:
        return max(self.outcomes, key=lambda o: (bool(o.broken), ORDER.index(o.verdict)))

    @property
    def verdict(self) -> Verdict:
        return max((o.verdict for o in self.outcomes), key=ORDER.index)

    @property
    def broken(self) -> bool:
        return any(o.broken for o in self.outcomes)

    @property
    def fired(self) -> bool:
        return any(o.fired for o in self.outcomes)

    @property
    def text(self) -> str:
        """What stands in the field."""
        if self.broken:
            return f"BROKEN ({self.verdict})"
        if not self.fired:
            return "never fired"
        counts = Counter(o.verdict for o in self.outcomes if o.fired)
        if len(counts) == 1:
            tickets = ", ".join(dict.fromkeys(o.ticket for o in self.outcomes if o.ticket))
            return f"{next(iter(counts))}: {tickets}" if tickets else next(iter(counts))
        return ", ".join(f"{counts[v]} {v}" for v in ORDER if v in counts)


@dataclass(frozen=True)
class Matrix:
    """All of it. `wanted`: how many cells there were to rehearse; fewer outcomes where it was interrupted."""

    title: str
    stages: tuple[str, ...]
    outcomes: tuple[Outcome, ...]
    wanted: int
    seed: int = 0
    pairs: bool = False
    idle: tuple[str, ...] = ()  # kinds that have no moment in this plan
    command: str = "fwsim rehearse"  # what was typed, without --every-fault

    def again(self, outcome: Outcome) -> str:
        """The command that rehearses that one cell again, to be copied."""
        return f"{self.command} --only {shlex.quote(outcome.name)} --virtual --seed {self.seed}"

    @property
    def singles(self) -> Matrix:
        """The same without the pairs."""
        return replace(self, outcomes=tuple(o for o in self.outcomes if not o.paired), pairs=False)

    @property
    def paired(self) -> list[Outcome]:
        """The pairs alone."""
        return [o for o in self.outcomes if o.paired]

    @cached_property
    def _by_name(self) -> dict[str, Outcome]:
        return {o.name: o for o in self.outcomes}

    def alone(self, pair: Outcome) -> list[Outcome]:
        """What became of each of its faults alone, as far as that was rehearsed."""
        return [self._by_name[name] for name in pair.name.split(JOINED) if name in self._by_name]

    @property
    def worse(self) -> list[Outcome]:
        """The pairs that end worse than either of their faults alone: what single failures could not have told."""
        return [o for o in self.paired if o.fired and self._worse(o)]

    def _worse(self, pair: Outcome) -> bool:
        return all(ORDER.index(pair.verdict) > ORDER.index(o.verdict) for o in self.alone(pair))

    @property
    def rows(self) -> list[tuple[str, list[Square | None]]]:
        """Fault and its squares, a stage each; None where it cannot fire."""
        names = dict.fromkeys(o.row for o in self.outcomes)
        by_place: dict[tuple[str, str], list[Outcome]] = {}
        for outcome in self.outcomes:
            by_place.setdefault((outcome.row, outcome.stage), []).append(outcome)
        return [
            (name, [Square(tuple(by_place[name, s])) if (name, s) in by_place else None for s in self.stages])
            for name in names
        ]

    @property
    def broken(self) -> list[Outcome]:
        return [o for o in self.outcomes if o.broken]

    @property
    def unfired(self) -> list[Outcome]:
        return [o for o in self.outcomes if not o.fired]

    @property
    def complete(self) -> bool:
        return len(self.outcomes) == self.wanted

    @property
    def sentence(self) -> str:
        """What one wants to know of it."""
        fired = [o for o in self.outcomes if o.fired]
        counts = Counter(o.verdict for o in fired)
        left = sum(o.verdict == "failed" and not o.remedy_needs_nobody for o in fired)
        parts = [
            f"{n} {_verb(WORDS[v], n)}{self._tickets(v)}" for v in ORDER if (n := counts[v] - left * (v == "failed"))
        ]
        parts += [f"{left} {_verb(LEFT, left)}"] if left else []
        what = "failures, single and in pairs," if self.pairs else "single failures"
        said = f"Of {len(fired)} {what} {_listed(parts) or 'none was rehearsed'}"
        if self.unfired:
            said += f"; {len(self.unfired)} more never fired"
        if not self.complete:
            said += f"; {self.wanted - len(self.outcomes)} were not rehearsed"
        broken = len(self.broken)
        return f"{said}; {f'{broken} broke a rule' if broken else 'no rule was broken'}."

    def _tickets(self, verdict: Verdict) -> str:
        """Which tickets those are that end so."""
        rows = Counter(o.ticket for o in self.outcomes if o.fired and o.verdict == verdict and o.ticket)
        named = ", ".join(f"{count} {name}" for name, count in rows.most_common())
        return f" ({named})" if named else ""


def _verb(words: str, count: int) -> str:
    if count != 1:
        return words
    first, _, rest = words.partition(" ")
    return f"{ {'are': 'is', 'end': 'ends', 'fail,': 'fails,', 'need': 'needs'}.get(first, first) } {rest}"


def _listed(parts: Sequence[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else list(parts))

"""From a lab and its log to a grade: points by item, gates, caps, what hints cost, and what each finding rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from fwsim import boards
from fwsim.labs.lab import Goal, Item, Lab
from fwsim.labs.log import Log
from fwsim.labs.predicates import Answer, Asked, Part, Pattern, ask

PASS = 80.0
HINT = "hint"


class Skill(Part):
    """A skill: its title, and the drill for whoever is weak in it."""

    title: str
    drill: str


class Rubric(Part):
    """What is graded in every lab (rubric.yaml)."""

    moments: dict[str, tuple[Pattern, ...]]
    ladder: tuple[str, ...]
    skills: dict[str, Skill]
    items: tuple[Item, ...]


@cache
def rubric() -> Rubric:
    """The one that ships."""
    return Rubric.model_validate(yaml.safe_load(files(__package__).joinpath("rubric.yaml").read_text("utf-8")))


@dataclass(frozen=True)
class Finding:
    """One item's result. `at` and `what`: the entry of the log that shows it, where one does."""

    item: Item
    met: bool
    at: float | None
    what: str


@dataclass(frozen=True)
class GoalFound:
    """Is that goal reached?"""

    goal: Goal
    met: bool


@dataclass(frozen=True)
class Grade:
    """`score` 0-100 after hints and caps; `raw` before them. `gates`: those missed. Passed: 80, every gate and goal."""

    findings: tuple[Finding, ...]
    goals: tuple[GoalFound, ...]
    raw: float
    hints: int
    score: float

    @property
    def gates(self) -> tuple[str, ...]:
        return tuple(f.item.id for f in self.findings if f.item.gate and not f.met)

    @property
    def reached(self) -> bool:
        """Every goal?"""
        return all(g.met for g in self.goals)

    @property
    def passed(self) -> bool:
        return self.score >= PASS and not self.gates and self.reached

    def by_skill(self) -> dict[str, tuple[int, int]]:
        """Skill -> (points got, points there were)."""
        rows: dict[str, tuple[int, int]] = {}
        for f in self.findings:
            got, there = rows.get(f.item.skill, (0, 0))
            rows[f.item.skill] = (got + f.item.points * f.met, there + f.item.points)
        return rows

    @property
    def weakest(self) -> str | None:
        """The skill with the least share of its points, None where all were got."""
        rows = {skill: got / there for skill, (got, there) in self.by_skill().items() if there}
        worst = min(rows, key=lambda skill: rows[skill], default=None)
        return worst if worst is not None and rows[worst] < 1 else None


def grade(lab: Lab, log: Log) -> Grade:
    """What that log is worth in that lab."""
    asked = Asked(log, rubric().moments | lab.moments, rubric().ladder, lab.cure or "")
    findings = tuple(_finding(item, ask(item.check, asked)) for item in items(lab))
    there = sum(f.item.points for f in findings)
    raw = 100.0 * sum(f.item.points for f in findings if f.met) / there if there else 100.0
    hints = sum(_cost(e.fields.get("cost")) for e in log.entries if e.kind == HINT)
    caps = [f.item.cap for f in findings if not f.met and f.item.cap is not None]
    flashed = any(e.kind == "flash-started" for e in log.entries)  # a cap is for harm: without a flash there was none
    score = max(0.0, min([raw - hints, *(float(cap) for cap in caps if flashed)]))
    return Grade(findings, goals(lab, log), raw, hints, score)


def _cost(noted: object) -> int:
    """Of one hint; a record from elsewhere may hold anything, and no hint gives points."""
    return max(0, noted) if isinstance(noted, int) else 0


def goals(lab: Lab, log: Log) -> tuple[GoalFound, ...]:
    """Each goal by itself."""
    asked = Asked(log, rubric().moments | lab.moments, rubric().ladder, lab.cure or "")
    return tuple(GoalFound(goal, ask(goal.check, asked).holds) for goal in lab.goals)


def items(lab: Lab) -> list[Item]:
    """The rubric's items that apply to that lab, and its own."""
    return [i for i in (*rubric().items, *lab.items) if i.id not in lab.without and _applies(i, lab)]


def unknown(lab: Lab) -> Iterable[str]:
    """Words of the lab that name nothing: moments, rungs, items, skills."""
    known = rubric().moments | lab.moments
    checks = [("goal", g.id, g.check) for g in lab.goals] + [("item", i.id, i.check) for i in lab.items]
    for what, name, check in checks:
        yield from (f"{what} {name}: no moment is called {m}" for m in sorted(check.moments() - known.keys()))
    if lab.cure is not None and lab.cure not in rubric().ladder:
        yield f"cure: no rung is called {lab.cure}; there are: {', '.join(rubric().ladder)}"
    there = {i.id for i in (*rubric().items, *lab.items)}
    tagged = {s for act in lab.solution for s in act.shows}
    yield from (f"no item is called {i}" for i in sorted({*lab.without, *tagged} - there))
    yield from (f"item {i.id}: no skill is called {i.skill}" for i in lab.items if i.skill not in rubric().skills)


def _applies(item: Item, lab: Lab) -> bool:
    facts: dict[str, Any] = {
        "flashes": bool(lab.flashes),
        "vendor": boards.load(lab.board).vendor,
        "tool": lab.tool,
        "ladder": lab.cure is not None,
    }
    return all(_fits(key, value, facts, lab) for key, value in item.when.items())


def _fits(key: str, value: Any, facts: dict[str, Any], lab: Lab) -> bool:
    if key == "job":
        return len(lab.flashes) == 2 if value == "both" else value in lab.flashes
    return bool(facts[key] == value)


def _finding(item: Item, answer: Answer) -> Finding:
    entry = answer.entry
    return Finding(item, answer.holds, entry.at if entry else None, (entry.what or entry.kind) if entry else "")

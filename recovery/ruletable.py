"""The rules of diagnosis as data (rules.yaml): evidence -> cause -> remedies. Read, checked, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from recovery import remedies
from recovery.observation import keys

Clues = Mapping[str, tuple[str, ...]]


class Rule(BaseModel):
    """One row; rules.yaml says what its fields mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str
    cause: str
    text: str
    needs: dict[str, tuple[str, ...]] = {}
    never: dict[str, tuple[str, ...]] = {}
    signs: dict[str, tuple[str, ...]] = {}
    proof: dict[str, tuple[str, ...]] = {}
    remedies: tuple[str, ...] = ()
    advice: str = ""
    operator: bool = False

    @model_validator(mode="after")
    def _known(self) -> Rule:
        for clues in (self.needs, self.never, self.signs, self.proof):
            for key, values in clues.items():
                if key not in keys():
                    raise ValueError(f"{self.rule}: nothing is called {key!r} in observations.yaml")
                strange = set(values) - set(keys()[key].values) if keys()[key].values else set()
                if strange:
                    raise ValueError(f"{self.rule}: {key} is never {', '.join(sorted(strange))}")
        unknown = set(self.remedies) - set(remedies.table())
        if unknown:
            raise ValueError(f"{self.rule}: no remedy is called {', '.join(sorted(unknown))}")
        return self

    @property
    def asked(self) -> frozenset[str]:
        """Every key that it looks at."""
        return frozenset({*self.needs, *self.never, *self.signs, *self.proof})


@cache
def rules() -> tuple[Rule, ...]:
    """All of them, in their order."""
    rows = yaml.safe_load(files(__package__).joinpath("rules.yaml").read_text("utf-8"))
    return tuple(Rule(**row) for row in rows)


def find(rule: str) -> Rule:
    """The rule of that name. Raises KeyError."""
    return {row.rule: row for row in rules()}[rule]


def markdown() -> str:
    """The table as the documentation has it."""
    rows = ["| rule | cause | needs | for certain, any of | ruled out by | what helps |", "|---|---|---|---|---|---|"]
    for rule in rules():
        cells = (
            _clues(rule.needs),
            _clues(rule.proof),
            _clues(rule.never),
            ", ".join(rule.remedies) or rule.advice or "-",
        )
        rows.append(f"| {rule.rule} | **{rule.cause}**: {rule.text} | {' | '.join(cells)} |")
    return "\n".join(rows)


def _clues(clues: Clues) -> str:
    return "<br>".join(f"{key} = {' / '.join(values)}" for key, values in clues.items()) or "-"

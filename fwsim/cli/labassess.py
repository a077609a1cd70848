"""The learner's own view of how it went, before any score is shown: one to five for each skill that the lab asks."""

from __future__ import annotations

import sys

from fwsim.cli.errors import BadInput
from fwsim.labs import grade
from fwsim.labs.lab import Lab

SCALE = range(1, 6)


def asked(lab: Lab, given: str | None) -> dict[str, int]:
    """From --assess, else from the terminal; without a terminal there is none. Raises BadInput."""
    skills = list(dict.fromkeys(item.skill for item in grade.items(lab)))
    if given is not None:
        return _read(given, skills)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return {}
    import typer

    print("Before the score: how well did you do, from 1 (lost) to 5 (as in the book)?", file=sys.stderr)
    return {
        skill: typer.prompt(f"  {grade.rubric().skills[skill].title}", type=typer_range(), err=True) for skill in skills
    }


def typer_range() -> object:
    """What a terminal's answer must be."""
    import click

    return click.IntRange(SCALE.start, SCALE.stop - 1)


def _read(given: str, skills: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for part in given.split(","):
        skill, _, number = part.strip().partition("=")
        if skill not in skills or not number.isdigit() or int(number) not in SCALE:
            raise BadInput(f"--assess: expected SKILL=1-5 with a skill of {', '.join(skills)}, not {part.strip()!r}")
        found[skill] = int(number)
    return found

"""A debrief as one self-contained HTML page, and as PDF by typst (the extra `pdf`)."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from fwsim.labs import picture
from fwsim.labs.debrief import Debrief
from fwsim.labs.grade import rubric
from fwsim.labs.wording import clock


class NoTypst(Exception):
    """The library that writes PDF is not installed."""


def html(debrief: Debrief) -> str:
    """The page. It loads nothing from anywhere."""
    environment = Environment(
        loader=PackageLoader("fwsim.labs", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters["ticks"] = _ticks
    rows = [(row, Markup(picture.moment(row.state))) for row in debrief.rows]
    return environment.get_template("debrief.html.j2").render(
        d=debrief, rows=rows, lanes=Markup(picture.lanes(debrief.log)), skills=_skills(debrief), clock=clock
    )


def pdf(debrief: Debrief) -> bytes:
    """The same as PDF. Raises NoTypst."""
    try:
        import typst
    except ImportError as error:
        raise NoTypst("PDF needs typst; install fwsim with its extra: fwsim[pdf]") from error
    text = files(__package__).joinpath("debrief.typ").read_bytes()
    return bytes(
        typst.compile(text, sys_inputs={"debrief": json.dumps(_plain(debrief)), "lanes": picture.lanes(debrief.log)})
    )


def _ticks(text: str) -> Markup:
    """What stands between backticks, as code."""
    parts = text.split("`")
    return Markup("").join(Markup("<code>{}</code>").format(p) if n % 2 else escape(p) for n, p in enumerate(parts))


def _skills(debrief: Debrief) -> list[tuple[str, int, int, int | None]]:
    rows = debrief.grade.by_skill()
    return [(rubric().skills[s].title, got, there, debrief.own.get(s)) for s, (got, there) in rows.items()]


def _plain(debrief: Debrief) -> dict[str, Any]:
    grade = debrief.grade
    return {
        "title": debrief.lab.title,
        "learner": debrief.learner,
        "mode": debrief.mode,
        "passed": grade.passed,
        "score": f"{grade.score:.0f}",
        "skills": [list(map(str, (t, got, there, own or ""))) for t, got, there, own in _skills(debrief)],
        "goals": [[g.goal.text, g.met] for g in grade.goals],
        "decisions": [
            {"id": d.id, "title": d.title, "when": d.when, "known": list(d.known), "options": list(d.options),
             "chosen": d.chosen, "golden": d.golden, "consequence": d.consequence, "well": d.well}
            for d in debrief.decisions
        ],
        "well": list(debrief.well),
        "next_time": list(debrief.next_time),
        "drill": debrief.drill,
        "talk": debrief.lab.debrief,
        "rows": [[r.when, r.who, r.what, r.status, " ".join(r.mark)] for r in debrief.rows],
    }  # fmt: skip

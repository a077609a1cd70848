"""The matrix in files: Markdown for a wiki, one HTML page to look at, JUnit XML for CI, JSON for programs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

from jinja2 import Environment, StrictUndefined, Template

from fwsim.report.markdown import text
from fwsim.report.matrix import ORDER, Matrix, Outcome, Square, Verdict
from fwsim.runs import MATRIX

NAMES = ("matrix.md", "matrix.html", "junit.xml", MATRIX)


def write(matrix: Matrix, folder: Path) -> list[Path]:
    """All of them, as matrix.* in that folder."""
    made = dict(zip(NAMES, (markdown(matrix), html(matrix), junit(matrix), document(matrix)), strict=True))
    for name, words in made.items():
        (folder / name).write_text(words, "utf-8")
    return [folder / name for name in made]


@dataclass(frozen=True)
class Told:
    """What the files of a matrix say of it. `wanted`: how many rehearsals it was to have, `cells`: how many it has."""

    title: str
    sentence: str
    cells: int
    wanted: int
    files: tuple[Path, ...]


def read(folder: Path) -> Told | None:
    """None where there is no matrix, or none that can be read."""
    try:
        known = json.loads((folder / MATRIX).read_bytes())
        title, sentence = str(known["title"]), str(known["summary"])
        there = tuple(folder / name for name in NAMES if (folder / name).is_file())
        return Told(title, sentence, len(known["cells"]), int(known["wanted"]), there)
    except (OSError, ValueError, LookupError, TypeError):
        return None


def markdown(matrix: Matrix) -> str:
    """The table, then what every cell came to that is not simply well."""
    lines = [f"# {text(matrix.title)}: every fault at every moment", "", text(matrix.sentence), ""]
    lines += table(matrix)
    if matrix.broken:
        lines += ["", "## Broken rules", ""]
        lines += [f"- `{o.name}`: {text(words)}" for o in matrix.broken for words in o.broken]
    lines += ["", "## What to do", ""]
    lines += [f"- `{o.name}`: {o.verdict}: {text(o.message)}" + _remedy(o) for o in matrix.outcomes if o.remedy]
    if matrix.unfired:
        lines += ["", "## Never fired", "", *(f"- `{o.name}`" for o in matrix.unfired)]
    if matrix.idle:
        lines += ["", f"No moment of this plan can meet: {', '.join(matrix.idle)}."]
    return "\n".join(lines) + "\n"


def table(matrix: Matrix) -> list[str]:
    """The picture in Markdown. Stages in which nothing can fire have no column."""
    used = [i for i, _ in enumerate(matrix.stages) if any(row[i] for _, row in matrix.rows)]
    lines = [f"| fault | {' | '.join(matrix.stages[i] for i in used)} |", f"|{' --- |' * (len(used) + 1)}"]
    for name, squares in matrix.rows:
        cells = [squares[i] for i in used]
        lines.append(f"| {text(name)} | {' | '.join(s.text if s else '' for s in cells)} |")
    return lines


SHORT: dict[Verdict, str] = {
    "updated": "ok",
    "repaired": "repaired",
    "refused": "refused",
    "interrupted": "interrupted",
    "failed": "failed",
    "needs-hands": "hands",
}


def compact(matrix: Matrix) -> list[str]:
    """A row a kind of fault, whatever its parameters; in each field every way in which its cells end."""
    kinds = tuple(replace(o, row=o.row.partition(":")[0]) for o in matrix.outcomes if o.fired)
    whole = replace(matrix, outcomes=kinds)
    used = [i for i, _ in enumerate(whole.stages) if any(row[i] for _, row in whole.rows)]
    lines = [f"| fault | {' | '.join(whole.stages[i] for i in used)} |", f"|{' --- |' * (len(used) + 1)}"]
    lines += [f"| {name} | {' | '.join(_short(squares[i]) for i in used)} |" for name, squares in whole.rows]
    return lines


def _short(square: Square | None) -> str:
    if square is None:
        return ""
    seen = {o.verdict for o in square.outcomes}
    words = ", ".join(SHORT[v] for v in ORDER if v in seen)
    return f"**BROKEN**, {words}" if square.broken else words


def _remedy(outcome: Outcome) -> str:
    return f". **To do:** {text(outcome.remedy)}"


def document(matrix: Matrix) -> str:
    """Everything, for programs."""
    summary = {"title": matrix.title, "seed": matrix.seed, "summary": matrix.sentence, "wanted": matrix.wanted}
    summary["command"] = matrix.command
    rows = [asdict(o) for o in matrix.outcomes]
    return json.dumps({**summary, "stages": matrix.stages, "idle": matrix.idle, "cells": rows}, indent=1) + "\n"


def junit(matrix: Matrix) -> str:
    """One test case a cell: it fails where a rule was broken, is skipped where the fault never fired."""
    suite = ElementTree.Element(
        "testsuite",
        name=f"fwsim rehearse --every-fault: {matrix.title}",
        tests=str(len(matrix.outcomes)),
        failures=str(len(matrix.broken)),
        skipped=str(len(matrix.unfired)),
        errors="0",
    )
    for outcome in matrix.outcomes:
        case = ElementTree.SubElement(
            suite, "testcase", classname=outcome.row, name=outcome.name, time=f"{outcome.simulated_s:.1f}"
        )
        if outcome.broken:
            failure = ElementTree.SubElement(case, "failure", message=outcome.broken[0])
            failure.text = "\n".join(outcome.broken)
        elif not outcome.fired:
            ElementTree.SubElement(case, "skipped", message="the fault never fired")
        words = f"{outcome.verdict}: {outcome.message}" + (f"\nto do: {outcome.remedy}" if outcome.remedy else "")
        ElementTree.SubElement(case, "system-out").text = "".join(c for c in words if c.isprintable() or c == "\n")
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def html(matrix: Matrix) -> str:
    """One page that needs nothing else: the matrix as a coloured picture, each field with its story."""
    return _template().render(matrix=matrix)


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    source = files("fwsim.report").joinpath("templates", "matrix.html.j2").read_text("utf-8")
    return environment.from_string(source)

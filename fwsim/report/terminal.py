"""The report on a terminal: each step with its outcome and duration, the versions, what to heed, the ending."""

from __future__ import annotations

import shlex

from rich import box
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from fwsim.report import wording
from fwsim.report.model import Report

STYLES = {
    "done": "green",
    "updated": "bold green",
    "skipped": "dim",
    "waiting": "dim",
    "warned": "yellow",
    "waived": "yellow",
    "refused": "bold yellow",
    "interrupted": "bold yellow",
    "failed": "bold red",
    "needs-hands": "bold red",
    "running": "cyan",
}


def show(report: Report, console: Console) -> None:
    """Print the report. Sentences are not folded: a terminal does that itself, and a file's reader wants them whole."""
    for part in render(report):
        console.print(part, soft_wrap=isinstance(part, Text))


def render(report: Report) -> list[RenderableType]:
    """Tables, then words, the ending last: it is what stays on the screen."""
    parts: list[RenderableType] = [_heading(report)]
    if report.begun:
        parts.append(_steps(report))
    if report.versions:
        parts.append(_versions(report))
    parts += _heed(report)
    parts.append(_ending(report))
    return parts


def _heading(report: Report) -> Text:
    text = Text.assemble(("run ", "dim"), (report.run or "(nameless)", "bold"))
    if report.board:
        text.append(f"  board {report.board}, host {report.host}, BMC {report.bmc}", style="dim")
    return text


def _table() -> Table:
    return Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")


def _steps(report: Report) -> Padding:
    table = _table()
    table.add_column("#", justify="right", style="dim")
    table.add_column("stage", style="dim", no_wrap=True)
    table.add_column("step")
    table.add_column("outcome", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    stage = ""
    for step in report.begun:
        took = wording.duration(step.took_s) if step.state != "skipped" else ""
        word = Text(step.outcome, style=STYLES.get(step.state, ""))
        table.add_row(str(step.number), step.stage if step.stage != stage else "", Text(step.title), word, took)
        stage = step.stage
    left = len(report.steps) - len(report.begun)
    if left:
        table.add_row("", "", Text(f"{left} further step{'s' if left > 1 else ''}", style="dim"), "not run", "")
    table.add_section()
    table.add_row("", "", "in all, by the server's clock", "", wording.duration(report.at))
    return Padding(table, (1, 0, 1, 0), expand=False)


def _versions(report: Report) -> Padding:
    table = _table()
    for name in ("firmware", "before", "after"):
        table.add_column(name)
    for kind, (before, after) in report.versions.items():
        table.add_row(wording.KINDS.get(kind, kind), before or "not read", after or "not read")
    return Padding(table, (0, 0, 1, 0), expand=False)


def _heed(report: Report) -> list[RenderableType]:
    """Warnings, and what was found and what to do where a step did not go well."""
    lines: list[RenderableType] = []
    for step, warning in report.warnings:
        lines.append(Text.assemble(("warning", STYLES["warned"]), f" (step {step.number}): {warning}"))
    for step in report.begun:
        if step.state not in ("done", "skipped", "running") and step.message and step.message != report.message:
            style = STYLES.get(step.state, "")
            lines.append(Text.assemble((step.state, style), f" (step {step.number}): {step.message}"))
    for step, remedy in report.remedies:
        lines.append(Text.assemble(("what to do", "bold"), f" (step {step.number}): {remedy}"))
    for argv in report.not_rehearsed:
        lines.append(Text.assemble(("not rehearsed", STYLES["warned"]), f", only written down: {shlex.join(argv)}"))
    return lines


def _ending(report: Report) -> Text:
    word = report.ending or "running"
    text = Text.assemble((word, STYLES.get(word, "")))
    if report.message:
        text.append(f": {report.message}")
    if report.remedy:
        text.append("\nwhat to do: ", style="bold")
        text.append(report.remedy)
    return text

"""Labs in words: the job as a page, a grade as tables, a moment as a clock shows it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from fwsim.labs.grade import Grade, rubric
from fwsim.labs.lab import Lab
from fwsim.labs.player import Reachable

FAR = 2  # so many of five apart, a view of oneself is worth a talk
SSH_OPTIONS = "-o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no"


def clock(seconds: float | None) -> str:
    """Minutes and seconds, or hours too."""
    if seconds is None:
        return ""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"


def page(lab: Lab, reach: Mapping[str, str]) -> str:
    """The job, to read before anything is typed."""
    parts = [lab.title, "=" * len(lab.title), "", *_paragraphs(lab.story), "", "YOUR JOB", *_paragraphs(lab.job), ""]
    parts += ["HOW TO GET IN", *(f"  {name:<9} {how}" for name, how in reach.items()), ""]
    parts.append(f"Time runs {lab.speed:g} times as fast as a clock. The job should take {lab.minutes} of its minutes.")
    return "\n".join(parts)


def _paragraphs(text: str) -> Iterable[str]:
    for paragraph in text.strip().split("\n\n"):
        yield from textwrap.wrap(" ".join(paragraph.split()), 78)


def ways_in(ready: Reachable, shelf: str, desk: Path) -> dict[str, str]:
    """Every way to the server, ready to be copied into a terminal. `desk`: what the learner has at hand here."""
    ssh, ipmi = ready.ssh, ready.ipmi
    rows = {
        "host": f"ssh -p {ssh.port} {SSH_OPTIONS} {ssh.user}@{ssh.host}",
        "": f"password: {ssh.password}",
        "BMC": f"IPMI_PASSWORD={ipmi.password} ipmitool -I lanplus -H {ipmi.host} -p {ipmi.port} -U {ipmi.user} "
        "-E mc info",
        "files": f"{shelf} on the host, and {desk} here",
        "site": f"{desk.parent / 'inventory.yaml'} says where the server stands, for tickets",
    }
    web = getattr(ready, "web", None)
    if web is not None:
        rows["web"] = f"https://{web.host}:{web.port}/ as {web.user}, with the same password"
    return rows


def graded(lab: Lab, grade: Grade, began: float) -> RenderableType:
    """The grade: verdict, goals, points by skill, and each finding with its moment."""
    verdict = Text("PASSED" if grade.passed else "NOT PASSED", style="bold green" if grade.passed else "bold red")
    verdict.append(f"   {grade.score:.0f} of 100", style="bold")
    if grade.hints:
        verdict.append(f"   ({grade.raw:.0f} before hints, which cost {grade.hints})", style="dim")
    for line in reasons(grade):
        verdict.append(f"\n{line}", style="red")
    return Group(
        Panel(verdict, title=lab.title, title_align="left", box=box.ROUNDED), _goals(grade), _items(grade, began)
    )


def reasons(grade: Grade) -> list[str]:
    """Why it was not passed, in words."""
    lines = [f"goal not reached: {g.goal.text}" for g in grade.goals if not g.met]
    lines += [
        f"gate missed: {f.item.id}, {f.item.title[0].lower()}{f.item.title[1:]}"
        for f in grade.findings
        if f.item.gate and not f.met
    ]
    return lines


def compared(grade: Grade, own: Mapping[str, int]) -> Table:
    """One's own view beside the points."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", title="Your own view", title_justify="left")
    for column in ("skill", "you", "points"):
        table.add_column(column)
    for skill, (got, there) in grade.by_skill().items():
        if skill in own:
            share = got / there if there else 1.0
            far = abs(own[skill] - (1 + 4 * share)) >= FAR
            table.add_row(
                rubric().skills[skill].title, f"{own[skill]} of 5", f"{got} of {there}" + ("  look at this" * far)
            )
    return table


def _goals(grade: Grade) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", title="Goals", title_justify="left")
    table.add_column("")
    table.add_column("goal")
    for found in grade.goals:
        table.add_row("[green]yes[/]" if found.met else "[red]no[/]", found.goal.text)
    return table


def _items(grade: Grade, began: float) -> Table:
    table = Table(
        box=box.SIMPLE_HEAD, pad_edge=False, header_style="dim", title="How it was done", title_justify="left"
    )
    for column in ("", "points", "when", "what"):
        table.add_column(column, no_wrap=column != "what", justify="right" if column == "points" else "left")
    for skill, (got, there) in grade.by_skill().items():
        table.add_row("", f"[bold]{got}/{there}[/]", "", f"[bold]{rubric().skills[skill].title}[/]")
        for f in (f for f in grade.findings if f.item.skill == skill):
            mark = "[green]yes[/]" if f.met else "[red]no[/]"
            what = Text(f.item.title + ("  (gate)" if f.item.gate else ""))
            if f.what:
                what.append(f"\n{f.what}", style="dim")
            if not f.met:
                what.append(f"\ngolden: {f.item.golden}", style="yellow")
            points = f"{f.item.points if f.met else 0}/{f.item.points}"
            table.add_row(mark, points, clock(f.at - began) if f.at is not None else "", what)
        table.add_section()
    return table

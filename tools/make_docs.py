"""Rewrites the generated parts of the documentation: the real output of the default rehearsal and the matrix of its
failures in the README, the table of what is seen before a flash in fwsim/README.md, that of what runs on a server in
docs/real-hosts.md, the rules of diagnosis in docs/diagnosis.md,
and the tickets in docs/tickets.md with their pictures."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recovery.ticket import Ticket

ROOT = Path(__file__).resolve().parent.parent
WIDTH = "96"


def rehearsal() -> str:
    """What `fwsim rehearse` prints, progress left out."""
    with tempfile.TemporaryDirectory() as runs:
        command = [sys.executable, "-m", "fwsim", "rehearse", "--progress", "plain", "--runs", runs]
        env = {**os.environ, "COLUMNS": WIDTH, "NO_COLOR": "1"}
        done = subprocess.run(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True, timeout=300, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.splitlines())


def steps(board: str = "x11ssh-f") -> str:
    """What an update of both kinds runs, from the steps themselves: a row a step."""
    from fwsim import boards, payload
    from fwsim.context import Job
    from fwsim.rehearsal import prepare, scenario
    from fwsim.steps import sequence

    with tempfile.TemporaryDirectory() as folder:
        plan = prepare.from_scenario(scenario.load(board), Path(folder)).plan
        plan = plan.model_copy(update={"before": ("DRAIN",), "verify": ("CHECK",), "after": ("UNDRAIN",)})
        job = Job("RUN", plan, boards.load(board), payload.read_all(plan), folder=Path(folder))
        rows = ["| # | stage | step | what is run |", "|---|---|---|---|"]
        for number, step in enumerate(sequence(job), 1):
            told = "<br>".join(_command(c.where, c.line, c.when) for c in step.commands(job)) or "-"
            title = f"**{step.title}**" if step.changes else step.title
            rows.append(f"| {number} | {step.stage} | {title} | {told} |")
    return "\n".join(rows) + "\n"


def failures(board: str = "x11ssh-f") -> str:
    """Every fault at every moment of the default rehearsal, in memory: the sentence, and a row a kind of fault."""
    from fwsim.rehearsal import catalogue, matrix, prepare, scenario
    from fwsim.report import matrix_files
    from fwsim.report.matrix import Matrix
    from recovery import unattended

    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare.from_scenario(scenario.load(board), Path(folder))
        healthy = matrix.watch(prepared)
        cells = matrix.singles(healthy)
        outcomes = tuple(matrix.run(prepared, healthy, cells, jobs=os.cpu_count() or 1, recover=unattended.recover))
    met = {o.row.partition(":")[0] for o in outcomes}
    idle = tuple(kind for kind in catalogue.kinds() if kind not in met)
    done = Matrix(board, healthy.stages, outcomes, len(cells), idle=idle)
    table = "\n".join(matrix_files.compact(done))
    none = f"\n\nNo moment of this plan can meet: {', '.join(idle)}." if idle else ""
    folded = f"<details><summary>The table</summary>\n\n{table}{none}\n\n</details>"
    return f"{done.sentence}\n\n{folded}\n"


def looks() -> str:
    """What is seen before a flash is started, and what follows."""
    from fwsim import look

    return f"{look.markdown()}\n"


def diagnosis() -> dict[str, str]:
    """What can be reported, what helps, and the rules between."""
    from recovery import observation, remedies, ruletable

    tables = {"reports": observation.vocabulary(), "remedies": remedies.markdown(), "rules": ruletable.markdown()}
    return {name: f"{table}\n" for name, table in tables.items()}


GUIDE = ("dedicated-port", "web-gui-reflash", "cmos-clear")


def example(procedure: str) -> Ticket:
    """The ticket of that procedure for the sample inventory."""
    from datetime import UTC, datetime

    from fwsim import boards
    from recovery import inventory, procedures, ticket

    with as_file(files("recovery").joinpath(inventory.SAMPLE)) as path:
        place = inventory.load(path)
    visit = ticket.Visit(when=datetime(2026, 11, 22, 12, tzinfo=UTC))
    return ticket.build(procedures.load(procedure), place, boards.load(place.board or ""), visit)


def tickets() -> dict[str, str]:
    """The guide's three as pictures, the table of procedures, the rules of the linter."""
    from recovery import lint, procedures

    shown = []
    for name in GUIDE:
        made = example(name)
        shown += [f"### {made.title}", "", f"<!-- {_digest(made)} -->"]
        shown += [f"![{made.title}, page {page}](pictures/{file})" for page, file, _ in pictures(name)]
        shown.append("")
    rows = ["| procedure | for | work | minutes | takes power | purpose |", "|---|---|---|---|---|---|"]
    for name in procedures.names():
        one = procedures.load(name)
        words = (f"`{name}`", ", ".join(one.vendors), one.work, f"{one.minutes} (at most {one.maximum_minutes})")
        rows.append(f"| {' | '.join((*words, 'yes' if one.takes_power else 'no', one.purpose))} |")
    rules = ["| rule | what must hold |", "|---|---|", *(f"| {rule} | {what} |" for rule, what in lint.table().items())]
    return {"pictures": "\n".join(shown), "procedures": "\n".join(rows) + "\n", "lint": "\n".join(rules) + "\n"}


def pictures(procedure: str) -> list[tuple[int, str, bytes]]:
    """Page, file name and PNG of each page of that ticket on A4."""
    from recovery.render import pdf

    pages = pdf.pictures(example(procedure), "a4")
    return [(n, f"ticket-{procedure}-{n}.png", content) for n, content in enumerate(pages, 1)]


def _digest(made: Ticket) -> str:
    """Of what the picture was made of: a changed procedure shows without a look at the pixels."""
    return f"data sha256 {hashlib.sha256(made.model_dump_json().encode()).hexdigest()[:16]}"


def _command(where: str, line: str, when: str) -> str:
    place = {"host": "", "bmc": "BMC over LAN: ", "operator": "your machine: "}[where]
    code = f"`{line}`" if "`" not in line else line
    return f"{place}{code.replace('|', chr(92) + '|')}{f' ({when})' if when else ''}"


def between(text: str, name: str, content: str) -> str:
    """`text` with what stands between the markers of that name replaced. Raises ValueError where there are none."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"there is no <!-- {name} --> ... <!-- /{name} -->")
    return pattern.sub(lambda found: f"{found[1]}{content}{found[2]}", text)


def write_tickets() -> None:
    """docs/tickets.md and its pictures."""
    page, folder = ROOT / "docs" / "tickets.md", ROOT / "docs" / "pictures"
    folder.mkdir(exist_ok=True)
    for name, part in tickets().items():
        page.write_text(between(page.read_text("utf-8"), name, part), "utf-8")
    for name in GUIDE:
        for _, file, content in pictures(name):
            (folder / file).write_bytes(content)
    print(f"{page.name}: tickets, procedures and rules")


def main() -> None:
    readme = ROOT / "README.md"
    fenced = f"```text\n{rehearsal()}\n```\n"
    readme.write_text(between(readme.read_text("utf-8"), "rehearsal", fenced), "utf-8")
    print(f"{readme.name}: the rehearsal's output")
    readme.write_text(between(readme.read_text("utf-8"), "failures", failures()), "utf-8")
    print(f"{readme.name}: the matrix of failures")
    package = ROOT / "fwsim" / "README.md"
    package.write_text(between(package.read_text("utf-8"), "look", looks()), "utf-8")
    print(f"fwsim/{package.name}: the look before every start")
    causes = ROOT / "docs" / "diagnosis.md"
    for name, table in diagnosis().items():
        causes.write_text(between(causes.read_text("utf-8"), name, table), "utf-8")
    print(f"{causes.name}: reports, remedies and rules")
    write_tickets()
    hosts = ROOT / "docs" / "real-hosts.md"
    hosts.write_text(between(hosts.read_text("utf-8"), "steps", steps()), "utf-8")
    print(f"{hosts.name}: the steps")


if __name__ == "__main__":
    main()

"""Rewrites the generated parts of the documentation: the real output of the default rehearsal and the matrix of its
failures in the README, and the table of what runs on a server in docs/real-hosts.md."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

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

    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare.from_scenario(scenario.load(board), Path(folder))
        healthy = matrix.watch(prepared)
        cells = matrix.singles(healthy)
        outcomes = tuple(matrix.run(prepared, healthy, cells, jobs=os.cpu_count() or 1))
    met = {o.row.partition(":")[0] for o in outcomes}
    idle = tuple(kind for kind in catalogue.kinds() if kind not in met)
    done = Matrix(board, healthy.stages, outcomes, len(cells), idle=idle)
    table = "\n".join(matrix_files.compact(done))
    none = f"\n\nNo moment of this plan can meet: {', '.join(idle)}." if idle else ""
    folded = f"<details><summary>The table</summary>\n\n{table}{none}\n\n</details>"
    return f"{done.sentence}\n\n{folded}\n"


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


def main() -> None:
    readme = ROOT / "README.md"
    fenced = f"```text\n{rehearsal()}\n```\n"
    readme.write_text(between(readme.read_text("utf-8"), "rehearsal", fenced), "utf-8")
    print(f"{readme.name}: the rehearsal's output")
    readme.write_text(between(readme.read_text("utf-8"), "failures", failures()), "utf-8")
    print(f"{readme.name}: the matrix of failures")
    hosts = ROOT / "docs" / "real-hosts.md"
    hosts.write_text(between(hosts.read_text("utf-8"), "steps", steps()), "utf-8")
    print(f"{hosts.name}: the steps")


if __name__ == "__main__":
    main()

"""`fwsim update`: the same steps on the real host. Marked images are always refused here."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fwsim.cli import consent, options, recovering, screen
from fwsim.cli.errors import REFUSED, BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fwsim.aftermath import Recover
    from fwsim.cli.session import Emit
    from fwsim.context import Job
    from fwsim.events import Event, RunEnded
    from fwsim.gates import Terms
    from fwsim.plan import Plan
    from fwsim.runs import Run
    from fwsim.steps import Step


def update(
    file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan's file.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print each step with its commands; touch nothing.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start without asking.")] = False,
    stop_before: Annotated[
        str, typer.Option("--stop-before", metavar="STAGE", help="End before that stage; `fwsim resume` goes on.")
    ] = "",
    window: Annotated[
        str,
        typer.Option(
            "--window", metavar="HH:MM-HH:MM", help="Begin no stage whose way back would not fit in it, local time."
        ),
    ] = "",
    despite_incomplete: options.DespiteIncomplete = False,
    inventory: options.VisitInventory = None,
    recovery: options.Recovery = True,
    progress: options.Progress = "auto",
    as_json: options.AsJson = False,
    folder: options.RunsFolder = None,
) -> None:
    """Update a real server by a plan.

    Looks first and changes nothing; then shows the server as it was read and what will be written, and asks.
    """
    from fwsim import plan

    wanted = plan.load(file)
    if dry_run:
        _dry_run(wanted)
        return
    terms = _terms(wanted, yes=yes, stop_before=stop_before, window=window)
    if not (yes or sys.stdin.isatty()):
        screen.note(f"fwsim: refused: {consent.NO_TERMINAL}; nothing was done")
        raise typer.Exit(REFUSED)
    recover = recovering.recoverer(yes=yes, inventory=inventory) if recovery else None
    raise typer.Exit(_update(wanted, terms, progress, folder, as_json, despite_incomplete, recover))


def _terms(wanted: Plan, *, yes: bool, stop_before: str, window: str) -> Terms:
    from fwsim import gates
    from fwsim import window as windows
    from fwsim.steps import sequence

    known = gates.stages(sequence(_job(wanted)))
    if stop_before and stop_before not in known:
        raise BadInput(f"--stop-before: no stage of this plan is called {stop_before!r}; expected {', '.join(known)}")
    try:
        within = windows.parse(window) if window else None
    except windows.BadWindow as error:
        raise BadInput(f"--window: {error}") from error
    return gates.Terms(consent.confirmer(yes=yes), stop_before, within)


def _job(wanted: Plan) -> Job:
    from fwsim import boards, payload
    from fwsim.context import Job

    return Job("RUN", wanted, boards.load(wanted.board), payload.read_all(wanted))


def _update(
    wanted: Plan,
    terms: Terms,
    progress: options.ProgressMode,
    folder: Path | None,
    as_json: bool,
    despite_incomplete: bool,
    recover: Recover | None,
) -> int:
    from fwsim import record
    from fwsim.cli import session
    from fwsim.runs import Runs

    run = Runs(folder).new(wanted.board)
    record.write(run, record.Record(kind="update", plan=wanted, run_id=run.id))
    report = session.conduct(run, lambda emit: _run(wanted, run, emit, terms, despite_incomplete, recover), progress)
    screen.report(report, as_json=as_json)
    return report.exit_code


async def _run(
    wanted: Plan, run: Run, emit: Emit, terms: Terms, despite_incomplete: bool, recover: Recover | None
) -> RunEnded:
    import time

    from fwsim import aftermath, boards, endpoints, payload
    from fwsim.engine import Engine

    async with endpoints.doors(wanted) as doors:
        board, payloads = boards.load(wanted.board), payload.read_all(wanted)
        how: dict[str, Any] = {"run_id": run.id, "run_dir": run.path, "epoch": time.time()}

        def build(emit: Emit, past: Sequence[Event], steps: Sequence[Step] | None) -> Engine:
            return Engine(
                wanted, board, payloads, doors, emit, past=past, steps=steps,
                terms=consent.again(terms, past, steps), despite_incomplete=despite_incomplete, **how,
            )  # fmt: skip

        return await aftermath.run(build, emit, (), recover)


def _dry_run(wanted: Plan) -> None:
    from rich.markup import escape

    from fwsim.steps import sequence

    job = _job(wanted)
    out = screen.out()
    steps = sequence(job)
    for number, step in enumerate(steps, 1):
        mark = "  [yellow]changes the server[/yellow]" if step.changes else ""
        out.print(f"[bold]{number:>2}  {escape(step.stage):<10}  {escape(step.title)}[/bold]{mark}", soft_wrap=True)
        for command in step.commands(job):
            case = f"  [dim]({escape(command.when)})[/dim]" if command.when else ""
            out.print(f"      [dim]{command.where}:[/dim] {escape(command.line)}{case}", soft_wrap=True)
    screen.note(f"{len(steps)} steps; nothing was done")

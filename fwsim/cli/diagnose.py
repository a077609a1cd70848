"""`fwsim diagnose`: what can be observed now, what is wrong by it, what helps: of a run, or of a plan's server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fwsim.cli import options, screen

if TYPE_CHECKING:
    from fwsim.doors import Doors
    from fwsim.events import Event
    from fwsim.plan import Plan
    from fwsim.record import Record
    from fwsim.runs import Run
    from recovery.observation import Evidence, Observation

FOLDER = "diagnoses"  # beside the runs: of plans without one
LOOKS, RESULT = "looks.jsonl", "diagnosis.json"


def diagnose(
    target: Annotated[
        str,
        typer.Argument(
            metavar="RUN|PLAN",
            help="A run's id, its end, or `latest`; or a plan's file.",
            autocompletion=options.complete_run,
        ),
    ] = "latest",
    observed: Annotated[
        list[str] | None,
        typer.Option(
            "--observed",
            metavar="NAME=VALUE,...",
            help='What somebody sees there, e.g. "fans=100%,video=none,bmc_led=off".',
        ),
    ] = None,
    vocabulary: Annotated[bool, typer.Option("--vocabulary", help="List what can be reported, and end.")] = False,
    as_json: options.AsJson = False,
    folder: options.RunsFolder = None,
) -> None:
    """Look at a server that went wrong, and say why and what helps. Changes nothing.

    A rehearsal's server is looked at while it stands; where it has gone, the journal alone tells. Exit 0: nothing wrong
    that can be seen; 4: only somebody beside the server can help; 1: something is wrong.
    """
    from fwsim import boards
    from recovery import diagnosis, explain

    if vocabulary:
        _list(as_json=as_json)
        return
    told = _reported(observed or [])
    path = Path(target)
    of = _of_plan(path, told, folder) if path.suffix in (".yaml", ".yml") else _of_run(target, told, folder)
    plan, run, evidence = of
    found = diagnosis.diagnose(evidence, boards.load(plan.board))
    document = json.dumps(explain.document(found, evidence, target), ensure_ascii=False)
    (run.path / RESULT).write_text(document + "\n", "utf-8")
    print(document if as_json else explain.text(found, evidence, target))
    raise typer.Exit(explain.exit_code(found))


def _list(*, as_json: bool) -> None:
    from recovery.observation import reportable

    if as_json:
        print(json.dumps(reportable()))
    else:
        for name, values in reportable().items():
            print(f"{name:<10} {', '.join(values)}")


def _reported(words: Sequence[str]) -> tuple[Observation, ...]:
    """Raises BadInput."""
    from fwsim.cli.errors import BadInput
    from recovery import observation

    try:
        return tuple(seen for text in words for seen in observation.reported(text))
    except observation.BadReport as error:
        raise BadInput(f"--observed: {error}") from error


def _of_plan(path: Path, told: Sequence[Observation], folder: Path | None) -> tuple[Plan, Run, Evidence]:
    """The real server of a plan; there need not have been a run."""
    import asyncio

    from fwsim import plan as plans
    from fwsim.runs import Runs, default_root

    plan = plans.load(path, require_files=False)
    run = Runs((folder or default_root()) / FOLDER).new(plan.board)
    return plan, run, asyncio.run(_real(plan, run, (), told))


def _of_run(name: str, told: Sequence[Observation], folder: Path | None) -> tuple[Plan, Run, Evidence]:
    import asyncio

    from fwsim import journal, record
    from fwsim.runs import Runs

    run = Runs(folder).find(name)
    known = record.read(run)
    with journal.Journal(run.journal):  # nobody works on that run meanwhile
        past = _past(run)
        if known.kind == "update":
            return known.plan, run, asyncio.run(_real(known.plan, run, past, told))
        return known.plan, run, _rehearsed(run, known, past, told)


def _past(run: Run) -> tuple[Event, ...]:
    """The run's journal, and what earlier looks have told: their refused logins count, too. Raises BadInput."""
    from fwsim import journal
    from fwsim.cli.errors import BadInput

    events: list[Event] = []
    for path in (run.journal, run.path / LOOKS):
        try:
            events += journal.read(path)
        except FileNotFoundError:
            continue
        except ValueError as error:
            raise BadInput(f"{path} is damaged: {error}") from error
    return tuple(events)


async def _real(plan: Plan, run: Run, past: Sequence[Event], told: Sequence[Observation]) -> Evidence:
    import time

    from fwsim import endpoints, recall

    elapsed_s = recall.elapsed_s(past, time.time()) if past else 0.0
    async with endpoints.doors(plan, elapsed_s=elapsed_s) as doors:
        return await _looked(plan, doors, run, past, told, time.time() - elapsed_s)


def _rehearsed(run: Run, known: Record, past: Sequence[Event], told: Sequence[Observation]) -> Evidence:
    """While its virtual server stands; nothing of the plan's own is ever asked."""
    import asyncio

    from fwsim import boards
    from fwsim.rehearsal import again, wire
    from recovery import evidence

    async def look() -> Evidence:
        async with again.doors(run, known) as (plan, doors):
            return await _looked(plan, doors, run, past, told, 0.0)

    try:
        return asyncio.run(look())
    except wire.ServerLost:
        screen.note("the rehearsal's virtual server has gone; its journal alone tells")
        return evidence.of_journal(known.plan, boards.load(known.plan.board), past, told, run_dir=run.path)


async def _looked(
    plan: Plan, doors: Doors, run: Run, past: Sequence[Event], told: Sequence[Observation], epoch: float
) -> Evidence:
    from fwsim import boards, journal
    from recovery import evidence

    board = boards.load(plan.board)
    with journal.Journal(run.path / LOOKS) as looks:
        return await evidence.gather(
            doors, plan, board, past, told, run_dir=run.path, run_id=run.id, epoch=epoch, emit=looks.write
        )

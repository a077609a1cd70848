"""`fwsim ticket close`: somebody was there. The same run goes on: it looks, and updates on or diagnoses again."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fwsim.cli import options, recovering, screen, visiting
from fwsim.cli.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fwsim.aftermath import Recover
    from fwsim.cli.session import Emit
    from fwsim.events import Event, RunEnded
    from fwsim.record import Record
    from fwsim.runs import Run
    from fwsim.steps import Step
    from recovery.observation import Observation

Outcome = Literal["done", "failed"]


def close(
    run: Annotated[
        str, typer.Argument(help="A run's id, its end, or `latest`.", autocompletion=options.complete_run)
    ] = "latest",
    report: Annotated[
        Outcome | None, typer.Option("--report", help="Did the work come to its end, as the ticket says?")
    ] = None,
    observed: Annotated[
        list[str] | None,
        typer.Option("--observed", metavar="NAME=VALUE,...", help="What they saw; `fwsim diagnose --vocabulary`."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Yes to repairs that would be asked about.")] = False,
    inventory: options.VisitInventory = None,
    progress: options.Progress = "auto",
    as_json: options.AsJson = False,
    folder: options.RunsFolder = None,
) -> None:
    """Close a run's ticket, and go on with the run.

    done: the run is gone on with, and looks at everything itself. failed: it is diagnosed again, with what was seen.
    """
    from fwsim import record
    from fwsim.cli import session
    from fwsim.runs import Runs

    if report is None:
        raise BadInput("expected --report done or --report failed: how did the visit end?")
    found = Runs(folder).find(run)
    known, told = record.read(found), _reported(observed or [])
    past = _past(found)
    rehearsed = known.kind == "rehearsal"
    if rehearsed:
        visiting.must_stand(found, known)
    recover = recovering.recoverer(yes=yes or rehearsed, inventory=inventory, observed=told)
    go_on = visiting.go_on if rehearsed else _go_on
    shown = session.conduct(found, lambda emit: go_on(found, known, past, emit, report, recover), progress)
    screen.report(shown, as_json=as_json)
    if rehearsed:
        visiting.say(found, known, shown)
    raise typer.Exit(shown.exit_code)


def _reported(texts: Sequence[str]) -> tuple[Observation, ...]:
    from recovery import observation

    try:
        return tuple(one for text in texts for one in observation.reported(text, source="the technician"))
    except observation.BadReport as error:
        raise BadInput(f"--observed: {error}") from error


def _past(run: Run) -> Sequence[Event]:
    """The journal of a run that waits for its ticket. Raises BadInput."""
    from fwsim import journal
    from fwsim.events import RunEnded

    try:
        past = journal.read(run.journal)
    except (OSError, ValueError) as error:
        raise BadInput(f"{run.journal} cannot be read: {error}") from error
    last = past[-1] if past else None
    if not isinstance(last, RunEnded):
        raise BadInput(f"the run {run.id} has not ended: `fwsim resume {run.id}`")
    if ticket_of(past) is None:
        raise BadInput(f"the run {run.id} ended {last.ending}, and waits for no ticket")
    return past


def ticket_of(past: Sequence[Event]) -> str | None:
    """The procedure of the last ticket that nobody has closed."""
    from fwsim.events import Fact
    from recovery.loop import TICKET, VISITED

    facts = [event for event in past if isinstance(event, Fact) and event.key in (TICKET, VISITED)]
    return facts[-1].value if facts and facts[-1].key == TICKET else None


def visited(past: Sequence[Event], report: Outcome, at: float) -> tuple[Event, ...]:
    """What the journal is told of the visit: for which ticket, and how it ended."""
    from fwsim.events import Fact
    from recovery.loop import OUTCOME, VISITED

    return Fact(at, "hand-over", VISITED, ticket_of(past) or ""), Fact(at, "hand-over", OUTCOME, report)


async def _go_on(
    run: Run, known: Record, past: Sequence[Event], emit: Emit, report: Outcome, recover: Recover
) -> RunEnded:
    from fwsim import aftermath, boards, endpoints, payload, recall
    from fwsim.cli import consent
    from fwsim.engine import Engine
    from fwsim.gates import NO_TERMS

    plan, elapsed_s = known.plan, recall.elapsed_s(past, time.time())
    told = visited(past, report, elapsed_s)
    for fact in told:
        emit(fact)
    async with endpoints.doors(plan, elapsed_s=elapsed_s) as doors:
        board, payloads = boards.load(plan.board), payload.read_all(plan)
        how: dict[str, Any] = {"run_id": known.run_id, "run_dir": run.path, "epoch": recall.epoch(past, time.time())}

        def build(emit: Emit, past: Sequence[Event], steps: Sequence[Step] | None) -> Engine:
            terms = consent.again(NO_TERMS, past, steps)
            return Engine(plan, board, payloads, doors, emit, past=past, steps=steps, terms=terms, **how)

        if report == "failed":
            return await aftermath.taken_up(build, emit, (*past, *told), recover)
        return await aftermath.run(build, emit, (*past, *told), recover)

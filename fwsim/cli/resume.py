"""`fwsim resume`: go on with a run that was interrupted or killed. The host is looked at before anything is done."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fwsim.cli import options, recovering, screen, visiting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from emulators.truth import Truth
    from fwsim.aftermath import Recover
    from fwsim.cli.session import Emit
    from fwsim.events import Event, RunEnded
    from fwsim.gates import Terms
    from fwsim.record import Record
    from fwsim.runs import Run
    from fwsim.steps import Step


def resume(
    run: Annotated[
        str, typer.Argument(help="A run's id, its end, or `latest`.", autocompletion=options.complete_run)
    ] = "latest",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Start without asking.")] = False,
    despite_incomplete: options.DespiteIncomplete = False,
    inventory: options.VisitInventory = None,
    progress: options.Progress = "auto",
    as_json: options.AsJson = False,
    folder: options.RunsFolder = None,
) -> None:
    """Go on with an interrupted run.

    A flash that still runs is followed to its end; none is ever started twice without a look at the server.
    """
    from fwsim import record
    from fwsim.cli import session
    from fwsim.cli.errors import BadInput
    from fwsim.runs import Runs

    found = Runs(folder).find(run)
    known = record.read(found)
    past = _past(found)
    if known.in_memory:
        from fwsim import rehearsal

        raise BadInput(f"{found.id} cannot be gone on with: {rehearsal.GONE}")
    screen.note(f"resuming {found.id}{f': {known.title}' if known.title else ''}")
    if known.kind == "rehearsal":
        recover = recovering.recoverer(yes=True, inventory=inventory)
        raise typer.Exit(_rehearsal(found, known, past, progress, recover, as_json=as_json))
    terms, recover = _terms(past, yes=yes), recovering.recoverer(yes=yes, inventory=inventory)
    report = session.conduct(
        found, lambda emit: go_on(found, known, past, emit, terms, despite_incomplete, recover), progress
    )
    screen.report(report, as_json=as_json)
    raise typer.Exit(report.exit_code)


def _past(run: Run) -> Sequence[Event]:
    """What the journal tells. Raises NotResumable, BadInput."""
    from fwsim import journal, recall
    from fwsim.cli.errors import BadInput

    try:
        past = journal.read(run.journal)
    except FileNotFoundError:
        return ()
    except ValueError as error:
        raise BadInput(f"{run.journal} is damaged: {error}") from error
    recall.check(past, run.id)
    return past


def _rehearsal(
    run: Run,
    known: Record,
    past: Sequence[Event],
    progress: options.ProgressMode,
    recover: Recover,
    *,
    as_json: bool,
) -> int:
    from fwsim import rehearsal
    from fwsim.cli import session, verdict
    from fwsim.rehearsal import standing

    wanted = verdict.again(known)
    options = rehearsal.Options(ipmitool=known.ipmitool, image=known.image)
    told: list[Truth] = []
    how: dict[str, Any] = {"run_id": known.run_id, "run_dir": run.path, "scenario": known.scenario, "recover": recover}

    def start(emit: Emit) -> session.Start:
        return rehearsal.resumed_on_wires(
            known.plan, past, emit, options, judge=told.append, visited=visiting.stands(known), **how
        )

    report = session.conduct(run, start, progress, remark="simulated")
    address = standing.address(run.path) if told else ""
    return verdict.give(run, report, wanted, told, address, as_json=as_json)


def _terms(past: Sequence[Event], *, yes: bool) -> Terms:
    """A yes holds for the whole run; one that was stopped before it is asked for it now."""
    from fwsim.cli import consent
    from fwsim.events import Answered
    from fwsim.gates import Terms

    agreed = any(isinstance(event, Answered) and event.agreed for event in past)
    return Terms(None if agreed else consent.confirmer(yes=yes))


async def go_on(
    run: Run, known: Record, past: Sequence[Event], emit: Emit, terms: Terms, despite_incomplete: bool, recover: Recover
) -> RunEnded:
    """On the real server, with whatever goes on after a bad end."""
    from fwsim import aftermath, boards, endpoints, payload, recall
    from fwsim.cli import consent
    from fwsim.engine import Engine

    plan, began = known.plan, recall.epoch(past, time.time())
    async with endpoints.doors(plan, elapsed_s=recall.elapsed_s(past, time.time())) as doors:
        board, payloads = boards.load(plan.board), payload.read_all(plan)
        how: dict[str, Any] = {"run_id": known.run_id, "run_dir": run.path, "epoch": began}

        def build(emit: Emit, past: Sequence[Event], steps: Sequence[Step] | None) -> Engine:
            return Engine(
                plan, board, payloads, doors, emit, past=past, steps=steps,
                terms=consent.again(terms, past, steps), despite_incomplete=despite_incomplete, **how,
            )  # fmt: skip

        return await aftermath.run(build, emit, past, recover)

"""Gathers what can be observed now, through the doors: journal, host, BMC in band, BMC from outside, leases.

Reads only (the IPMI modules are loaded, which is done without asking). What cannot be told is said, with the reason. A
real host and a virtual one are looked at alike; there need not have been a run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from fwsim import recall
from fwsim.boards import Board
from fwsim.context import Context, Job
from fwsim.doors import Doors
from fwsim.events import Event
from fwsim.plan import Plan
from recovery import closed, from_host, from_journal, from_lan
from recovery.notes import Notes
from recovery.observation import Evidence, Observation

STEP = "evidence"


def _nobody(event: Event) -> None:
    """Nobody listens."""


async def gather(
    doors: Doors,
    plan: Plan,
    board: Board,
    events: Sequence[Event] = (),
    observed: Iterable[Observation] = (),
    *,
    run_dir: Path = Path(),
    run_id: str = "",
    epoch: float = 0.0,
    emit: Callable[[Event], None] = _nobody,
) -> Evidence:
    """Everything. `events`: of the run so far, and of earlier looks (their refused logins count, DESIGN rule 14).
    `observed`: what people report. `run_dir`: where the backup lies. `epoch`: Unix time at the clock's 0, where no
    event says it. Commands and logins are told to `emit`. Raises nothing that a door raises."""
    job = Job(run_id, plan, board, {}, folder=run_dir)
    context = Context(job, doors, emit, run_dir, recall.findings(events, job), step=STEP)
    return await gather_in(context, events, observed, epoch=recall.epoch(events, epoch))


def of_journal(
    plan: Plan, board: Board, events: Sequence[Event], observed: Iterable[Observation] = (), *, run_dir: Path = Path()
) -> Evidence:
    """What the journal alone tells, where the server has gone: nothing is looked at."""
    job = Job("", plan, board, {}, folder=run_dir)
    at = events[-1].at if events else 0.0
    context = Context(job, closed.doors(at), _nobody, run_dir, recall.findings(events, job), step=STEP)
    notes = Notes(context)
    from_journal.look(notes, events, from_journal.remember(context, events))
    from_journal.last_words(notes, events)
    from_journal.look_last(notes, events)
    return Evidence((*notes.kept, *observed))


async def gather_in(
    context: Context, events: Sequence[Event], observed: Iterable[Observation] = (), *, epoch: float = 0.0
) -> Evidence:
    """The same in a context that is there already, as a step's is."""
    notes = Notes(context, epoch)
    past = from_journal.remember(context, events)
    from_journal.look(notes, events, past)
    await from_host.look(notes, past)
    await from_lan.look(notes, past)
    from_journal.look_last(notes, events)
    return Evidence((*notes.kept, *observed))

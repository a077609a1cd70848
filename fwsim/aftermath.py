"""A run that has ended, for whoever goes on with it: the engine knows nothing of recovery, its driver hands this on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fwsim.context import Job
from fwsim.doors import Doors
from fwsim.engine import Engine
from fwsim.events import Event, RunEnded
from fwsim.steps import Step

Emit = Callable[[Event], None]
Build = Callable[[Emit, Sequence[Event], "Sequence[Step] | None"], Engine]
"""An engine that tells, of a run with that past; given steps, one that takes these and no others."""


@dataclass
class Aftermath:
    """`events`: all that was told, by every engine of the run, also while others go on with it. `make`: an engine that
    goes on with the run in the same journal; given steps, one that takes these and no others."""

    ended: RunEnded
    events: list[Event]
    emit: Emit
    make: Callable[[Sequence[Step] | None], Engine]
    doors: Doors
    job: Job


Recover = Callable[[Aftermath], Awaitable[RunEnded]]
"""Goes on after a run's end, and tells how it ended in the end; the last event is that very RunEnded."""


async def run(build: Build, emit: Emit, past: Sequence[Event], recover: Recover | None) -> RunEnded:
    """An engine to its end, then whoever goes on after it."""
    events, hear = _heard(emit, past)
    engine = build(hear, past, None)
    ended = await engine.run()
    return ended if recover is None else await recover(_of(engine, ended, events, hear, build))


async def taken_up(build: Build, emit: Emit, past: Sequence[Event], recover: Recover) -> RunEnded:
    """The same of a run that has ended before: nothing of it is done again, but what `recover` does."""
    events, hear = _heard(emit, past)
    ended = next(event for event in reversed(past) if isinstance(event, RunEnded))
    return await recover(_of(build(hear, past, None), ended, events, hear, build))


def _heard(emit: Emit, past: Sequence[Event]) -> tuple[list[Event], Emit]:
    events = list(past)

    def hear(event: Event) -> None:
        events.append(event)
        emit(event)

    return events, hear


def _of(engine: Engine, ended: RunEnded, events: list[Event], hear: Emit, build: Build) -> Aftermath:
    def make(steps: Sequence[Step] | None) -> Engine:
        return build(hear, tuple(events), steps)

    return Aftermath(ended, events, hear, make, engine.doors, engine.job)

"""One run under its journal and its display, from the first event to the report."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fwsim.cli import screen
from fwsim.cli.options import ProgressMode
from fwsim.cli.stopping import Stopping
from fwsim.events import Event, RunEnded

if TYPE_CHECKING:
    from fwsim.report.model import Report
    from fwsim.runs import Run

Emit = Callable[[Event], None]
Start = Coroutine[Any, Any, RunEnded]


def conduct(
    run: Run,
    start: Callable[[Emit], Coroutine[Any, Any, RunEnded] | RunEnded],
    mode: ProgressMode,
    *,
    speed: float = 1.0,
    remark: str = "",
) -> Report:
    """Run it to its end. The journal hears every event first; a display that breaks stops nothing."""
    from fwsim import journal
    from fwsim.report import model

    stopping = Stopping(screen.note)
    try:
        with journal.Journal(run.journal) as record, screen.progress(mode, speed=speed, remark=remark) as show:
            ending = start(_all(record.write, stopping.hear, show))
            if not isinstance(ending, RunEnded):
                asyncio.run(_until_stopped(ending, stopping))
    except BaseException:
        _forget(run)
        raise
    return model.build(journal.read(run.journal))


def _forget(run: Run) -> None:
    """A run that never began leaves no directory: its journal is empty, and nothing of the server is there."""
    left = list(run.path.iterdir())
    if {file.name for file in left} <= {"events.jsonl", "run.json"} and not run.journal.stat().st_size:
        for file in left:
            file.unlink()
        run.path.rmdir()


def _all(record: Emit, hear: Emit, show: Emit) -> Emit:
    showing = True

    def emit(event: Event) -> None:
        nonlocal showing
        record(event)
        hear(event)
        try:
            if showing:
                show(event)
        except OSError:
            showing = False  # nobody reads stderr any more; the update goes on

    return emit


async def _until_stopped(run: Coroutine[Any, Any, RunEnded], stopping: Stopping) -> None:
    """A signal cancels the run once: it then ends as interrupted, with its journal whole."""
    task = asyncio.ensure_future(run)
    stopping.guard(task)
    with suppress(asyncio.CancelledError):
        await task

"""How far a matrix is, on stderr: a bar on a terminal, a line now and then elsewhere, JSON for programs."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from fwsim.cli import screen

if TYPE_CHECKING:
    from fwsim.cli.options import ProgressMode
    from fwsim.report.matrix import Outcome

    Tick = Callable[[Outcome], None]

EVERY_S = 10.0  # wall: between two lines


@contextmanager
def shown(mode: ProgressMode, total: int) -> Iterator[Tick]:
    """Told each outcome as it comes."""
    if mode == "json":
        yield json_lines(total, screen.note)
    elif mode == "plain" or (mode == "auto" and not screen.redrawable()):
        screen.note(f"rehearsing {total} failures")
        yield plain_lines(total, screen.note)
    else:
        with _bar(total, force=mode == "bar") as tick:
            yield tick


def plain_lines(total: int, say: Callable[[str], None], now: Callable[[], float] = time.monotonic) -> Tick:
    """A line every ten seconds: how many are done, how fast, and how long the rest may take."""
    done, began = 0, now()
    said = began

    def tick(outcome: Outcome) -> None:
        nonlocal done, said
        done += 1
        moment = now()
        if moment - said < EVERY_S:
            return
        said = moment
        a_second = done / (moment - began)
        say(f"{done}/{total}  {a_second:.1f}/s  {_left(total - done, a_second)} left  {outcome.name}")

    return tick


def _left(cells: int, a_second: float) -> str:
    minutes, seconds = divmod(round(cells / a_second), 60)
    return f"{minutes} min {seconds:02} s" if minutes else f"{seconds} s"


def json_lines(total: int, say: Callable[[str], None]) -> Tick:
    """One object a cell."""
    done = 0

    def tick(outcome: Outcome) -> None:
        nonlocal done
        done += 1
        cell = {"cell": outcome.name, "ending": outcome.verdict, "fired": outcome.fired, "broken": outcome.broken}
        say(json.dumps({"event": "rehearsed", "done": done, "total": total, **cell}))

    return tick


@contextmanager
def _bar(total: int, *, force: bool) -> Iterator[Tick]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True, force_terminal=True if force else None)) as bar:
        task = bar.add_task("rehearsing", total=total, rate="")

        def tick(outcome: Outcome) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, advance=1, description=outcome.name[-40:], rate=f"{speed:.0f}/s" if speed else "")

        yield tick

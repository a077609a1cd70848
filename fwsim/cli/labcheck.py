"""`fwsim lab check FILE`: for instructors, before a lab meets a learner."""

from __future__ import annotations

import asyncio
import contextlib
import json
import tempfile
from collections.abc import AsyncIterator
from dataclasses import asdict
from pathlib import Path

import typer

from fwsim.cli import labhands, screen
from fwsim.labs import grade, soundness
from fwsim.labs import lab as labs
from fwsim.labs import session as sessions
from fwsim.labs.lab import Lab
from fwsim.labs.log import Log, records
from fwsim.labs.soundness import Bench, Tried
from fwsim.rehearsal import classroom
from fwsim.yamlerrors import FileError, Problem


def check_file(path: Path, speed: float, *, as_json: bool) -> None:
    """Print each try; ends with 1 where the lab is not sound. Raises FileError."""
    lab = labs.load(str(labs.find(str(path))))
    problems = [Problem(path, None, "", words) for words in grade.unknown(lab)]
    if problems:
        raise FileError(problems)
    tried = asyncio.run(soundness.tries(lab, lambda: bench(lab, speed)))
    for each in tried:
        _say(each, as_json)
    raise typer.Exit(0 if all(each.good for each in tried) else 1)


@contextlib.asynccontextmanager
async def bench(lab: Lab, speed: float) -> AsyncIterator[Bench]:
    """A server of that lab, which ends with the block."""
    with tempfile.TemporaryDirectory(prefix="fwsim-lab-") as scratch:
        directory = Path(scratch)
        ready = await classroom.start(lab, directory, speed=speed)
        try:
            async with classroom.player(lab, ready, directory, labhands.attended(lab, directory)) as player:
                yield Bench(player, lambda: _log(lab, directory))
        finally:
            await asyncio.to_thread(classroom.end, directory, lab)


def _log(lab: Lab, directory: Path) -> Log:
    classroom.tell(directory)
    return sessions.since_handed_over(records(directory / sessions.WORLD), lab, "practice")


def _say(tried: Tried, as_json: bool) -> None:
    if as_json:
        print(json.dumps(asdict(tried)))
        return
    mark = "[green]as it should be[/]" if tried.good else "[red]NOT as it should be[/]"
    screen.out().print(f"{tried.name}: {mark}\n    wanted: {tried.wanted}\n    seen:   {tried.seen}")

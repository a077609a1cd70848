"""Plays a lab's solution on a server of its own and says why each step is taken."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING

from fwsim.cli import labhands, screen
from fwsim.labs import grade, wording
from fwsim.labs import session as sessions
from fwsim.labs.lab import Act, Lab
from fwsim.rehearsal import classroom

if TYPE_CHECKING:
    from rich.console import Console

SHOWN_LINES = 6  # of a step's output


def solve(name: str, speed: float | None, root: Path | None) -> int:
    """Exit code: 0 where the solution passes. Raises what starting a lab raises, and Played."""
    run, lab = sessions.begin(sessions.kept(root), name)
    faster = speed or lab.speed
    card = sessions.Card(name=Path(name).stem, mode="demo", speed=faster, wall=time.time())
    console = screen.out()
    console.print(wording.page(lab, {}), markup=False)
    try:
        asyncio.run(_played(lab, run.path, faster, console))
        vouched = classroom.tell(run.path)
    finally:
        classroom.end(run.path, lab)
    sessions.write(run.path, card)
    sessions.keep_result(sessions.find(sessions.kept(root), run.id), {}, vouched)
    session = sessions.find(sessions.kept(root), run.id)
    log = session.log()
    found = grade.grade(lab, log)
    console.print(wording.graded(lab, found, log.began))
    return 0 if found.passed else 1


async def _played(lab: Lab, directory: Path, speed: float, console: Console) -> None:
    ready = await classroom.start(lab, directory, speed=speed, note={"lab": sessions.digest(lab), "mode": "demo"})
    async with classroom.player(lab, ready, directory, labhands.attended(lab, directory)) as player:
        for act in lab.solution:
            console.print(f"\n[bold]{act.say}[/]" if act.say else "")
            console.print(f"  $ {words(act)}", style="cyan", markup=False)
            output = str(await player.play(act)).strip()
            for line in output.splitlines()[-SHOWN_LINES:]:
                console.print(f"    {line}", style="dim", markup=False, highlight=False)


def words(act: Act) -> str:
    """The act as one would type or say it."""
    if act.host:
        return act.host
    if act.lan:
        return f"ipmitool -I lanplus ... {act.lan}"
    if act.console:
        return f"(over SOL: {act.console!r})"
    if act.wait:
        return f"(wait {act.wait:g} s)"
    if act.until is not None:
        return f"(wait until the {act.until.up} answers)"
    if act.repeat is not None:
        return f"{act.repeat.host}    (again until it says what is wanted)"
    if act.ticket:
        return f"(the technician follows the ticket {act.ticket})"
    more = act.hands or act.web
    return f"({'hands' if act.hands else 'web'}: {', '.join(f'{k} {v}' for k, v in more.items())})"

"""What a learner sees of a running lab: the job, the clock, what can be reached, how many hints are left."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

from rich import box
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from fwsim.labs import session as sessions
from fwsim.labs import wording
from fwsim.rehearsal import classroom

if TYPE_CHECKING:
    from fwsim.labs.session import Session
    from fwsim.rehearsal.standing import Standing

ASKS_S = 1.0  # wall, between two looks


def facts(session: Session) -> dict[str, Any]:
    """The same as data. Raises ServerLost."""
    ready = classroom.find(session.run.path, session.lab)
    used = (time.time() - session.card.wall) * session.card.speed
    host, bmc = asyncio.run(_answers(ready))
    hints = sum(e.kind == sessions.HINT for e in session.log().entries)
    return {
        "run": session.run.id, "lab": session.card.name, "mode": session.card.mode, "title": session.lab.title,
        "used_s": round(used), "limit_s": session.lab.minutes * 60, "speed": session.card.speed,
        "host_answers": host, "bmc_answers": bmc, "hints_given": hints, "hints": len(session.lab.hints),
        "ways_in": wording.ways_in(ready, classroom.SHELF, session.run.path / classroom.DESK),
    }  # fmt: skip


async def _answers(ready: Standing) -> tuple[bool, bool]:
    from fwsim.network import probe

    at = ready.ssh.host, ready.ssh.port
    host, bmc = await asyncio.gather(
        probe.connects(*at, ASKS_S), probe.answers(ready.ipmi.host, ready.ipmi.port, ASKS_S)
    )
    return host, bmc


def face(session: Session) -> RenderableType:
    """One picture of it. Raises ServerLost."""
    known = facts(session)
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column()
    grid.add_row("job", Text(" ".join(session.lab.job.split())))
    grid.add_row("clock", _clock(known))
    grid.add_row("host", _lamp(known["host_answers"], "answers on ssh", "does not answer on ssh"))
    grid.add_row("BMC", _lamp(known["bmc_answers"], "answers at its address", "does not answer at its address"))
    exam = session.card.mode == "exam"
    left = known["hints"] - known["hints_given"]
    grid.add_row("hints", "none in an exam" if exam else f"{left} left; `fwsim lab hint`")
    grid.add_row("", "")
    for name, how in known["ways_in"].items():
        grid.add_row(name, Text(how, overflow="fold"))
    title = f"{session.lab.title}  [dim]{session.card.mode}[/]"
    return Panel(grid, title=title, title_align="left", box=box.ROUNDED, padding=(1, 2))


def _clock(known: dict[str, Any]) -> RenderableType:
    used, limit = known["used_s"], known["limit_s"]
    words = f"{wording.clock(used)} of {wording.clock(limit)} on the server, at {known['speed']:g} times our pace"
    if used > limit:
        return Text(f"{words}: over", style="bold red")
    style = "red" if used > 0.9 * limit else "yellow" if used > 0.7 * limit else "green"
    return Group(Text(words), ProgressBar(limit, min(used, limit), width=50, complete_style=style))


def _lamp(on: bool, yes: str, no: str) -> Text:
    return Text.assemble(("● ", "green" if on else "red"), yes if on else no)


def watch(session: Session) -> None:
    """Keep it on the screen until Ctrl-C, or until the lab ends. On a pipe: one line a change."""
    from rich.live import Live

    from fwsim.cli import screen
    from fwsim.rehearsal.standing import ServerLost

    console = screen.out()
    try:
        if not console.is_terminal:
            _lines(session)
            return
        with Live(face(session), console=console, refresh_per_second=4) as live:
            while True:
                time.sleep(ASKS_S)
                live.update(face(session))
    except ServerLost:
        screen.note("the lab has ended")
    except KeyboardInterrupt:
        pass


def _lines(session: Session) -> None:
    last: tuple[bool, bool] | None = None
    while True:
        known = facts(session)
        now = known["host_answers"], known["bmc_answers"]
        if now != last:
            words = [f"{name} {'answers' if on else 'silent'}" for name, on in zip(("host", "BMC"), now, strict=True)]
            print(f"{wording.clock(known['used_s'])}  {', '.join(words)}", flush=True)
            last = now
        time.sleep(ASKS_S)

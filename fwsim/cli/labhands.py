"""A lab's technician: follows a ticket's printed text on the lab's server, and calls the learner from beside it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from fwsim.cli import screen, tickets
from fwsim.labs.lab import Lab
from fwsim.labs.player import Played
from fwsim.rehearsal import classroom, place
from recovery.technician import Report, Technician
from recovery.telephone import Call

NO = ("", "no", "n")


class Learner:
    """The learner at the telephone: is asked on the terminal; where nobody can be asked, nothing is granted."""

    def __init__(self, *, agrees: bool = False) -> None:
        self._agrees = agrees

    async def call(self, call: Call) -> str | None:
        screen.note(f"\nThe technician calls, step {call.step}: {call.text}")
        if call.asks == "problem":
            return None
        granted = call.word or "done"
        if self._agrees:
            return granted if call.asks in ("word", "report") else None
        if not sys.stdin.isatty():
            return None
        if call.asks in ("word", "report"):
            answer = await _typed(f"Say {granted!r}? [y/N] ")
            return None if answer.lower() in NO else granted
        return await _typed("Your answer (nothing is no): ") or None


async def _typed(question: str) -> str:
    return (await asyncio.to_thread(input, question)).strip()


async def follow(text: str, directory: Path, *, agrees: bool) -> Report:
    """The visit."""
    return await Technician(text, classroom.Reached(directory), Learner(agrees=agrees)).visit()


def printed(lab: Lab, procedure: str, directory: Path) -> str:
    """That procedure's ticket for the lab's server, as text."""
    from recovery.render import text

    made, secrets = tickets.make(
        tickets.Wish(procedure=procedure, inventory=directory / place.FILE, board=lab.board, bmc_lives=False)
    )
    tickets.must_pass(made, secrets)
    return text.render(made)


def attended(lab: Lab, directory: Path) -> Callable[[str], Awaitable[str]]:
    """For solutions: the ticket is printed and followed, and the administrator releases what it asks for."""

    async def ticket(procedure: str) -> str:
        report = await follow(printed(lab, procedure, directory), directory, agrees=True)
        if report.ended != "done":
            raise Played(f"ticket {procedure}: the visit stopped at step {report.step}: {report.why}")
        return "\n".join(report.log)

    return ticket

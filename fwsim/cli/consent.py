"""The yes before the first change: what was read of the server, what will be written, and the host's name to type."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from fwsim.cli import screen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fwsim.events import Event
    from fwsim.gates import Confirm, Proposal, Terms, Write
    from fwsim.steps import Step

NO_TERMINAL = "nobody said yes: there is no terminal to ask on; --yes starts without asking"


def confirmer(*, yes: bool) -> Confirm:
    """What the engine asks. `yes`: it is shown, and nobody is asked."""

    async def confirm(proposal: Proposal) -> str:
        screen.note("\n".join(words(proposal)))
        if yes:
            return ""
        if not sys.stdin.isatty():
            return NO_TERMINAL
        typed = await line(f"To start, type the host's name ({proposal.host}): ")
        if typed.strip() == proposal.host:
            return ""
        return f"the host's name was not typed: expected {proposal.host}, got {typed.strip()[:60] or 'nothing'}"

    return confirm


def again(terms: Terms, past: Sequence[Event], steps: Sequence[Step] | None) -> Terms:
    """For whoever goes on with a run: its yes holds, and a repair was asked about by itself."""
    from fwsim.events import Answered
    from fwsim.gates import NO_TERMS

    if steps is not None:
        return NO_TERMS
    agreed = any(isinstance(event, Answered) and event.agreed for event in past)
    return replace(terms, confirm=None) if agreed else terms


def words(proposal: Proposal) -> list[str]:
    """The proposal, a line each."""
    width = max((len(name) for name, _ in proposal.identity), default=0)
    return [
        "",
        f"{proposal.host}, as it was read just now:",
        *(f"  {name:<{width}}  {value}" for name, value in proposal.identity),
        "what will be written to it:",
        *(f"  {_write(image)}" for image in proposal.writes),
        "what will be done, * changes the server:",
        *(f"  {_step(step)}" for step in proposal.steps),
        "",
    ]


def _write(image: Write) -> str:
    return f"{image.kind.upper()} {image.before} -> {image.version}  {image.file}  SHA-256 {image.sha256[:16]}..."


def _step(step: Step) -> str:
    return f"{'*' if step.changes else ' '} {step.stage:<9}  {step.title}"


async def line(question: str) -> str:
    """What a person types, "" where the terminal went away. Ctrl-C cancels the task, not a thread that holds it up."""
    import asyncio

    print(question, end="", file=sys.stderr, flush=True)
    loop, heard = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), heard.set)
    try:
        await heard.wait()
        return os.read(sys.stdin.fileno(), 4096).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        loop.remove_reader(sys.stdin.fileno())

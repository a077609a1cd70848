"""What goes on after a run that ended badly: recovery, with the questions that an operator answers on the terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from fwsim.cli import screen

if TYPE_CHECKING:
    from pathlib import Path

    from emulators.server import VirtualServer
    from fwsim.aftermath import Recover
    from fwsim.runs import Run
    from recovery.diagnosis import Cause
    from recovery.observation import Observation
    from recovery.repair import Repair


def recoverer(*, yes: bool, inventory: Path | None = None, observed: tuple[Observation, ...] = ()) -> Recover:
    """`yes`: to every repair that would be asked about. Raises yamlerrors.FileError for an inventory that is none."""
    from recovery import handover, loop
    from recovery import inventory as inventories
    from recovery.loop import Way

    known = inventories.load(inventory) if inventory is not None else None

    async def agree(repair: Repair, cause: Cause) -> bool:
        if yes:
            return True
        if not sys.stdin.isatty():
            screen.note(f"not done, for there is no terminal to ask on: {repair.title}")
            return False
        return await _asked(repair, cause)

    way = Way(agree, handover.writer(known), observed)
    return lambda after: loop.recover(after, way)


async def _asked(repair: Repair, cause: Cause) -> bool:
    from fwsim.cli.consent import line

    screen.note(f"\n{cause.rule}: {cause.text or cause.name} ({cause.confidence})")
    for seen in cause.for_:
        screen.note(f"  {seen.key} = {seen.value}  ({seen.source})")
    typed = await line(f"{repair.title}? It {_does(repair.name)}. [y/N] ")
    return typed.strip().lower() in ("y", "yes")


def _does(name: str) -> str:
    from recovery import remedies

    known = remedies.table().get(name)
    return f"means: {known.does}" if known is not None else "is a repair"


def tell_visits(run: Run) -> None:
    """A line a visit: with which ticket, how it ended, and where all of it can be read."""
    from fwsim import journal
    from fwsim.events import Fact
    from recovery import loop

    facts = [e for e in journal.read(run.journal) if isinstance(e, Fact)]
    for visited, written, outcome in zip(
        *([f.value for f in facts if f.key == key] for key in (loop.VISITED, loop.TRANSCRIPT, loop.OUTCOME)),
        strict=False,  # a visit that was broken off has no outcome
    ):
        screen.note(f"visit with the ticket {visited}: {outcome}; what was done, seen and said: {run.path / written}")


def attended(server: VirtualServer) -> Recover:
    """With a technician beside that server, who follows every ticket that is written."""
    from emulators.hands import Hands
    from recovery import technician_visit

    return technician_visit.recover(technician_visit.Attendance(Hands(server)))

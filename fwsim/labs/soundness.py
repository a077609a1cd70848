"""Is a lab sound? Its check is red before the solution and green after it, and three ways to do it wrong are caught.

Each try has a server of its own. The wrong ways are made from the solution: without the acts that a gate is for; with
the power taken away as soon as a bank is being written; and with nothing done at all, or, where something broke, with
the CMOS cleared straight away.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass

from fwsim.labs import grade
from fwsim.labs.grade import Grade
from fwsim.labs.lab import Act, Lab
from fwsim.labs.log import Log
from fwsim.labs.player import Played, Player

WRITING_BEGINS, LOOK_S = "flash-started", 0.02  # wall
HANDS = ({"act": "open-cover"}, {"act": "short", "jumper": "JBT1", "seconds": 10})


@dataclass(frozen=True)
class Tried:
    """One try: what it was, what it should have come to, and what it came to."""

    name: str
    wanted: str
    seen: str
    good: bool


@dataclass
class Bench:
    """A server of one lab: how acts are done there, and what its record says so far."""

    player: Player
    log: Callable[[], Log]


Opened = Callable[[], contextlib.AbstractAsyncContextManager[Bench]]


async def tries(lab: Lab, opened: Opened) -> list[Tried]:
    """Every try, in order. Raises what opening a server raises."""
    found = [await golden(lab, opened)]
    for name, gates, doing in _wrong_ways(lab):
        async with opened() as bench:
            with contextlib.suppress(Played):
                await doing(bench)
            result = grade.grade(lab, bench.log())
        missed = [g for g in gates if g in result.gates]
        wanted = f"not passed, {' or '.join(gates)} missed" if gates else "not passed"
        good = not result.passed and (bool(missed) or not gates)
        found.append(Tried(name, wanted, _verdict(result), good))
    return found


async def golden(lab: Lab, opened: Opened) -> Tried:
    wanted = "goals open before, passed after, with every item that an act is for"
    async with opened() as bench:
        if all(g.met for g in grade.goals(lab, bench.log())):
            return Tried("the solution", wanted, "every goal is reached before anything was done", False)
        try:
            for act in lab.solution:
                await bench.player.play(act)
        except Played as error:
            return Tried("the solution", wanted, str(error), False)
        result = grade.grade(lab, bench.log())
    missed = [f.item.id for f in result.findings if not f.met]
    return Tried("the solution", wanted, _verdict(result), result.passed and not missed)


def _verdict(result: Grade) -> str:
    words = ["passed" if result.passed else "not passed", f"{result.score:.0f} of 100"]
    words += [f"missed: {' '.join(f.item.id for f in result.findings if not f.met)}"] if result.raw < 100 else []
    words += [f"open: {' '.join(g.goal.id for g in result.goals if not g.met)}"] if not result.reached else []
    return ", ".join(words)


def _wrong_ways(lab: Lab) -> Iterator[tuple[str, tuple[str, ...], Callable[[Bench], Awaitable[None]]]]:
    gates = {i.id for i in grade.items(lab) if i.gate}
    for gate in ("HASH", "MODEL", "ORDER", "LADDER"):
        if gate in gates and any(gate in act.shows for act in lab.solution):
            yield f"without {gate}", (gate,), _all_but(lab, gate)
            break
    if lab.flashes:
        yield "power off while a bank is written", ("NOINT",), lambda bench: power_off_in_flash(lab, bench)
    if lab.cure is not None and lab.cure != "clear-cmos":
        yield "straight to the CMOS clear", ("LADDER",), lambda bench: _straight_to_cmos(bench)
    else:
        yield "nothing done", (), _nothing


def _all_but(lab: Lab, gate: str) -> Callable[[Bench], Awaitable[None]]:
    async def play(bench: Bench) -> None:
        for act in lab.solution:
            if gate not in act.shows:
                await bench.player.play(act)

    return play


async def _nothing(bench: Bench) -> None:
    pass


async def _straight_to_cmos(bench: Bench) -> None:
    for words in HANDS:
        await bench.player.play(Act(hands=dict(words)))


async def power_off_in_flash(lab: Lab, bench: Bench) -> None:
    """The solution, until something is being written."""
    playing = asyncio.ensure_future(_all(lab, bench))
    try:
        while not playing.done() and not _writes(bench):  # noqa: ASYNC110 - the record is another process's
            await asyncio.sleep(LOOK_S)
        await bench.player.play(Act(lan="chassis power off"))
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)


async def _all(lab: Lab, bench: Bench) -> None:
    for act in lab.solution:
        await bench.player.play(act)


def _writes(bench: Bench) -> bool:
    return any(e.kind == WRITING_BEGINS for e in bench.log().entries)

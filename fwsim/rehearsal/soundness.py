"""What is wrong with a scenario before it is run: words that mean nothing, faults that can never fire, expectations
that contradict themselves. Whether a trigger that only time brings comes at all is seen by a rehearsal in memory."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from emulators import boards as truth
from emulators import world
from emulators.faults import POINTS, Fault, fitting
from emulators.faults.fault import When
from emulators.host import commands
from emulators.server import VirtualServer
from emulators.world import World
from fwsim import boards, yamlfile
from fwsim.aftermath import Recover
from fwsim.context import Job
from fwsim.events import EXIT_CODES, KINDS
from fwsim.payload import read_all
from fwsim.rehearsal import in_memory, unfired
from fwsim.rehearsal.expected import NOTHING
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import Scenario, Seen
from fwsim.rules_repair import LOOK, STEP
from fwsim.steps import resume, sequence
from fwsim.yamlerrors import FileError, Location

ON_TIME = ("reset", "post", "at")
"""What a trigger names that no table knows: only a run shows how many there are. So does the nth start of a command."""


@dataclass(frozen=True)
class Recovery:
    """What recovery can do, for whoever imports it: rehearsals do not. `repairs`, `procedures`: the names of every one,
    and whether it is for that board."""

    repairs: Mapping[str, Callable[[str], bool]]
    procedures: Mapping[str, Callable[[str], bool]]
    recover: Recover


def check(path: Path, recovery: Recovery, *, rehearsed: bool = True) -> Scenario:
    """The scenario in that file. Raises FileError, with file, line and field of everything that cannot be.

    `rehearsed`: in memory, too, where nothing else tells whether its triggers come.
    """
    document = yamlfile.read(path)
    scenario = document.build(Scenario)
    problems = [document.problem(place, text) for place, text in _problems(scenario, recovery, rehearsed=rehearsed)]
    if problems:
        raise FileError(problems)
    return scenario


def _problems(scenario: Scenario, recovery: Recovery, *, rehearsed: bool) -> Iterator[tuple[Location, str]]:
    if scenario.board not in truth.names():
        yield ("board",), f"no virtual board of that name; there are: {', '.join(truth.names())}"
        return
    with tempfile.TemporaryDirectory(prefix="fwsim-check-") as folder:
        prepared = from_scenario(scenario, Path(folder))
        steps = _steps(scenario, prepared)
        yield from _expectations(scenario)
        yield from _words(scenario, steps, recovery)
        server = VirtualServer(prepared.spec.model_copy(update={"faults": ()}))
        never = {i: list(_never(fault, scenario, server, steps)) for i, fault in enumerate(scenario.faults)}
        yield from ((("faults", i, *field), text) for i, found in never.items() for field, text in found)
        if rehearsed:
            others = [i for i, found in never.items() if not found]
            yield from _never_come(scenario, others, recovery.recover, Path(folder))


def _expectations(scenario: Scenario) -> Iterator[tuple[Location, str]]:
    expect, wanted = scenario.expect, {"bmc": scenario.update.bmc, "bios": scenario.update.bios}
    if expect.exit_code not in (None, EXIT_CODES[expect.ending]):
        yield ("expect", "exit_code"), f"contradicts the ending: {expect.ending} is {EXIT_CODES[expect.ending]}"
    if expect.ending == "updated" and expect.ticket is not None:
        yield ("expect", "ticket"), "contradicts the ending updated: a ticket is for a server that needs hands"
    for kind, version in expect.versions.items():
        if expect.ending == "updated" and wanted[kind] not in (None, version):
            yield ("expect", "versions", kind), f"contradicts the ending updated: the update wants {wanted[kind]}"
        elif version not in (could := _could_run(scenario, kind)):
            yield ("expect", "versions", kind), f"can never run here: expected one of {', '.join(could)}"
    for index, seen in enumerate(expect.must):
        if seen in expect.never:
            yield ("expect", "must", index), "is expected and forbidden"
    if expect.ending == "updated" and (expect.final.phase not in (None, "up") or expect.final.bmc == "nowhere"):
        yield ("expect", "final"), "contradicts the ending updated: the server is not healthy and reachable then"


def _could_run(scenario: Scenario, kind: str) -> list[str]:
    """Every version of which there is an image anywhere."""
    board = truth.load(scenario.board)
    own = {"bmc": board.bmc.version, "bios": board.bios.version}[kind]
    start = {str(k): v for k, v in scenario.versions.items()}.get(kind, own)
    wanted = {"bmc": scenario.update.bmc, "bios": scenario.update.bios}[kind]
    between = {str(k): v for k, v in scenario.plan.intermediate.items()}.get(kind, ())
    return [start, *between, *([wanted] if wanted is not None else []), NOTHING]


# -- words that must mean something


def _words(scenario: Scenario, steps: frozenset[str], recovery: Recovery) -> Iterator[tuple[Location, str]]:
    expect = scenario.expect
    for index, name in enumerate(expect.repairs):
        for text in _for_board("repair", name, recovery.repairs, scenario.board):
            yield ("expect", "repairs", index), text
    if expect.ticket is not None:
        for text in _for_board("procedure", expect.ticket, recovery.procedures, scenario.board):
            yield ("expect", "ticket"), text
    for field in ("must", "never"):
        told: tuple[Seen, ...] = getattr(expect, field)
        for index, seen in enumerate(told):
            if seen.event is not None and seen.event not in KINDS:
                yield ("expect", field, index), f"no event is called {seen.event}; there are: {', '.join(KINDS)}"
            if seen.world is not None and seen.world not in world.KINDS:
                text = f"no record of the world is called {seen.world}; there are: {', '.join(sorted(world.KINDS))}"
                yield ("expect", field, index), text
            if seen.step is not None and not _is_step(seen.step, steps, recovery):
                yield ("expect", field, index), _no_step(steps)


def _for_board(what: str, name: str, known: Mapping[str, Callable[[str], bool]], board: str) -> Iterator[str]:
    if name not in known or not known[name](board):
        fitting_ = ", ".join(each for each, fits in known.items() if fits(board))
        is_none = f"is no {what} for {board}" if name in known else f"is no {what}"
        yield f"{name} {is_none}; there are: {fitting_}"


def _is_step(name: str, steps: frozenset[str], recovery: Recovery) -> bool:
    """Of the plan, or of what goes on after it; there a second time has a number."""
    again = re.sub(r"-[0-9]+$", "", name)
    after = {LOOK, resume.STEP.id, *(f"{STEP}{repair}" for repair in recovery.repairs)}
    return name in steps or again in after


def _no_step(steps: frozenset[str]) -> str:
    return f"there is no such step; there are: {', '.join(sorted(steps))}"


def _steps(scenario: Scenario, prepared: Prepared) -> frozenset[str]:
    """Every step of its plan."""
    job = Job("check", prepared.plan, boards.load(scenario.board), read_all(prepared.plan), allow_synthetic=True)
    return frozenset(step.id for step in sequence(job))


# -- faults that can never fire


def _never(
    fault: Fault, scenario: Scenario, server: VirtualServer, steps: frozenset[str]
) -> Iterator[tuple[Location, str]]:
    """Why this fault can never fire in that scenario."""
    for field, text in fitting.unfit(fault, server):
        yield (field,), text
    points = POINTS[fault.kind]
    if all(p.startswith("sum.") for p in points) and scenario.update.bios is None:
        yield ("kind",), "can never fire: SUM works on no BIOS here"
    for kind in ("bmc", "bios"):
        firsts = (f"{kind}.first-boot", f"{kind}.new-image", f"{kind}.written", f"{kind}.activate")
        if all(point in firsts for point in points) and getattr(scenario.update, kind) is None:
            yield ("kind",), f"can never fire: no {kind} is updated here"
    if fault.when is not None:
        yield from _waits_in_vain(fault.when, steps)


def _waits_in_vain(when: When, steps: frozenset[str]) -> Iterator[tuple[Location, str]]:
    if when.runs is not None and when.runs not in commands.TABLE:
        yield ("when", "runs"), "can never fire: the virtual host has no such command"
    if when.step is not None and when.step not in steps:
        yield ("when", "step"), f"can never fire: {_no_step(steps)}"


def _never_come(
    scenario: Scenario, which: Sequence[int], recover: Recover, folder: Path
) -> Iterator[tuple[Location, str]]:
    """Triggers for which a whole rehearsal waits in vain. `which`: the faults that can fire for all that is known."""
    timed = [(i, fault) for i in which if _on_time((fault := scenario.faults[i]).when)]
    if not timed:
        return
    faults = tuple(scenario.faults[i] for i in which)
    prepared = from_scenario(scenario.model_copy(update={"faults": faults}), folder)
    server, name = VirtualServer(prepared.spec, World()), prepared.run_id
    ended = in_memory(prepared, lambda event: None, run_id=name, run_dir=folder, server=server, recover=recover)
    missed = {(one.fault, one.waits) for one in unfired(server.world.records) if not one.spared}
    for index, fault in timed:
        if (fault.kind, fault.waits_for) in missed:
            text = f"can never fire: rehearsed in memory, it ends {ended.ending} at {ended.at:.0f} s, and there was no"
            yield ("faults", index, "when"), f"{text} {fault.waits_for} before"


def _on_time(when: When | None) -> bool:
    return when is not None and (when.moment in ON_TIME or when.nth > 1)

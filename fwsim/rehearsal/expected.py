"""What a scenario expects, held against what became of it; and what is wrong with a scenario before it is run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from emulators import boards as truth
from emulators.faults import POINTS, Fault
from emulators.faults.fault import When
from emulators.host import commands
from emulators.server import VirtualServer
from fwsim import boards, yamlfile
from fwsim.context import Job
from fwsim.events import EXIT_CODES, Event, Fact, RunEnded, StepStarted, to_json
from fwsim.payload import read_all
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import Expect, Scenario, Seen
from fwsim.rules_repair import STEP, TICKET
from fwsim.steps import sequence
from fwsim.yamlerrors import FileError, Location


def differences(expect: Expect, prepared: Prepared, server: VirtualServer, events: Sequence[Event]) -> list[str]:
    """What is not as expected, in words."""
    told = [*_told(expect, server, events), *_remedies(expect, events)]
    return [*_ending(expect, events), *_truth(expect, prepared, server), *told]


def _ending(expect: Expect, events: Sequence[Event]) -> Iterator[str]:
    ended = events[-1]
    if not isinstance(ended, RunEnded):
        yield "it did not end"
    elif ended.ending != expect.ending:
        yield f"expected {expect.ending}, got {ended.ending}: {ended.message}"
    elif ended.exit_code != EXIT_CODES[expect.ending]:
        yield f"expected exit code {EXIT_CODES[expect.ending]}, got {ended.exit_code}"


def _truth(expect: Expect, prepared: Prepared, server: VirtualServer) -> Iterator[str]:
    running = {"bmc": server.bmc.running, "bios": server.running_bios}
    for kind, version in expect.versions.items():
        firmware = running[kind]
        seen = firmware.version if firmware is not None else "nothing"
        if seen != version:
            yield f"expected {kind} {version} to run, and {seen} does"
    if expect.final.phase not in (None, server.phase):
        yield f"expected the host {expect.final.phase}, and it is {server.phase}"
    before, address = prepared.spec.bmc_address, server.bmc.address
    where = "nowhere" if address is None else "as-before" if address == before else "elsewhere"
    if expect.final.bmc not in (None, where):
        yield f"expected the BMC {expect.final.bmc}, and it is {where} ({address})"


def _told(expect: Expect, server: VirtualServer, events: Sequence[Event]) -> Iterator[str]:
    for seen in expect.must:
        if not _occurs(seen, server, events):
            yield f"did not occur: {_words(seen)}"
    for seen in expect.never:
        if _occurs(seen, server, events):
            yield f"occurred: {_words(seen)}"


def _words(seen: Seen) -> str:
    return " ".join(f"{k}={v}" for k, v in seen.model_dump(exclude_none=True).items())


def _remedies(expect: Expect, events: Sequence[Event]) -> Iterator[str]:
    """What recovery has done; nothing is expected of it where it was not asked."""
    tried = [e.step.removeprefix(STEP) for e in events if isinstance(e, StepStarted) and e.step.startswith(STEP)]
    ticket = next((e.value for e in reversed(events) if isinstance(e, Fact) and e.key == TICKET), None)
    if tuple(tried) != expect.repairs:
        yield f"expected the repairs {_listed(expect.repairs)}, and {_listed(tried)} were tried"
    if ticket != expect.ticket:
        yield f"expected the ticket {expect.ticket or 'none'}, and there is {ticket or 'none'}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _occurs(seen: Seen, server: VirtualServer, events: Sequence[Event]) -> bool:
    if seen.world is not None:
        return any(record["kind"] == seen.world for record in server.world.records)
    return any(_is(seen, event) for event in events)


def _is(seen: Seen, event: Event) -> bool:
    if event.name != seen.event or (seen.step is not None and getattr(event, "step", None) != seen.step):
        return False
    return seen.text is None or seen.text in to_json(event)


# -- before it is run


def check(path: Path) -> Scenario:
    """The scenario in that file. Raises FileError, with file, line and field of everything that contradicts itself."""
    document = yamlfile.read(path)
    scenario = document.build(Scenario)
    problems = [document.problem(place, text) for place, text in _contradictions(scenario)]
    if problems:
        raise FileError(problems)
    return scenario


def _contradictions(scenario: Scenario) -> Iterator[tuple[Location, str]]:
    if scenario.board not in truth.names():
        yield ("board",), f"no virtual board of that name; there are: {', '.join(truth.names())}"
        return
    yield from _expectations(scenario)
    steps = _steps(scenario)
    for index, fault in enumerate(scenario.faults):
        for field, text in _never(fault, scenario, steps):
            yield ("faults", index, *field), text


def _expectations(scenario: Scenario) -> Iterator[tuple[Location, str]]:
    expect, wanted = scenario.expect, {"bmc": scenario.update.bmc, "bios": scenario.update.bios}
    if expect.exit_code not in (None, EXIT_CODES[expect.ending]):
        yield ("expect", "exit_code"), f"contradicts the ending: {expect.ending} is {EXIT_CODES[expect.ending]}"
    for kind, version in expect.versions.items():
        if expect.ending == "updated" and wanted[kind] not in (None, version):
            yield ("expect", "versions", kind), f"contradicts the ending updated: the update wants {wanted[kind]}"
    for index, seen in enumerate(expect.must):
        if seen in expect.never:
            yield ("expect", "must", index), "is expected and forbidden"
    if expect.ending == "updated" and (expect.final.phase not in (None, "up") or expect.final.bmc == "nowhere"):
        yield ("expect", "final"), "contradicts the ending updated: the server is not healthy and reachable then"


def _steps(scenario: Scenario) -> frozenset[str]:
    """Every step of its plan."""
    with tempfile.TemporaryDirectory(prefix="fwsim-check-") as folder:
        prepared = from_scenario(scenario, Path(folder))
        job = Job("check", prepared.plan, boards.load(scenario.board), read_all(prepared.plan), allow_synthetic=True)
        return frozenset(step.id for step in sequence(job))


def _never(fault: Fault, scenario: Scenario, steps: frozenset[str]) -> Iterator[tuple[Location, str]]:
    """Why this fault can never fire in that scenario."""
    board = truth.load(scenario.board)
    points = POINTS[fault.kind]
    if fault.times is not None and fault.times < 1:
        yield ("times",), "can never fire: times is less than 1"
    if all(point.startswith("hpm.") for point in points) and board.bmc.hpm is None:
        yield ("kind",), f"can never fire: {board.name} has no HPM.1"
    if all(point.startswith("job.") for point in points) and board.vendor != "dell":
        yield ("kind",), f"can never fire: {board.name} has no lifecycle controller"
    if all(p.startswith("sum.") for p in points) and (board.vendor == "dell" or scenario.update.bios is None):
        yield ("kind",), "can never fire: SUM works on no BIOS here"
    for kind in ("bmc", "bios"):
        firsts = (f"{kind}.first-boot", f"{kind}.new-image", f"{kind}.written", f"{kind}.activate")
        if all(point in firsts for point in points) and getattr(scenario.update, kind) is None:
            yield ("kind",), f"can never fire: no {kind} is updated here"
    if fault.percent > 100 or fault.percent < 0:
        yield ("percent",), "can never fire: expected 0 to 100"
    if fault.when is not None:
        yield from _waits_in_vain(fault.when, steps)


def _waits_in_vain(when: When, steps: frozenset[str]) -> Iterator[tuple[Location, str]]:
    if when.runs is not None and when.runs not in commands.TABLE:
        yield ("when", "runs"), "can never fire: the virtual host has no such command"
    if when.step is not None and when.step not in steps:
        yield ("when", "step"), f"can never fire: there is no such step; there are: {', '.join(sorted(steps))}"

"""What a rehearsal is held against at its end: what its scenario expects, and whether its faults have fired at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from fwsim.cli import screen
from fwsim.cli.errors import FAILED, INTERRUPTED, USAGE

if TYPE_CHECKING:
    from emulators.truth import Truth
    from fwsim.events import Ending
    from fwsim.record import Record
    from fwsim.rehearsal import Unfired
    from fwsim.rehearsal.expected import Difference
    from fwsim.rehearsal.scenario import Expect
    from fwsim.report.model import Report
    from fwsim.runs import Run


@dataclass(frozen=True)
class Wanted:
    """`scenario`: a scenario says so; what becomes of a plan is whatever becomes of it. `whole`: it is held against all
    of `expect`, else against the ending alone."""

    expect: Expect
    scenario: bool
    whole: bool

    @property
    def ending(self) -> Ending:
        return self.expect.ending


def of_plan() -> Wanted:
    """A plan is to end updated."""
    from fwsim.rehearsal.scenario import Expect

    return Wanted(Expect(ending="updated"), scenario=False, whole=False)


def of_scenario(expect: Expect, *, recovery: bool, technician: bool) -> Wanted:
    """What a scenario expects holds with recovery and without a visit."""
    return of_plan() if technician else Wanted(expect, scenario=True, whole=recovery)


def again(known: Record) -> Wanted:
    """Of a rehearsal that is gone on with. Where its scenario's file has gone, of its ending alone."""
    from fwsim.rehearsal import scenario

    if known.scenario is None:
        return of_plan()
    if not known.scenario.exists():
        return Wanted(scenario.Expect(ending=known.expected), scenario=True, whole=False)
    return Wanted(scenario.load(str(known.scenario)).expect, scenario=True, whole=True)


def give(run: Run, report: Report, wanted: Wanted, told: Sequence[Truth], address: str, *, as_json: bool) -> int:
    """Show how it ended, and everything that is not as expected. The exit code.

    `told`: what the server was, the end last; `address`: its BMC's at the beginning.
    """
    from fwsim import rehearsal

    over = report.ending != "interrupted" or wanted.ending == "interrupted"
    unfired = rehearsal.never_fired(run.path) if over else []
    unlike = _unlike(run, wanted, told, address) if over and wanted.scenario else []
    more = {"differences": [asdict(d) for d in unlike], "never_fired": [asdict(f) for f in unfired]} if over else {}
    screen.report(report, as_json=as_json, more=more)
    for one in unlike:
        screen.note(f"not as expected: {one}")
    if wanted.scenario and over and not unlike and wanted.ending != "updated":
        screen.note(f"as expected: {wanted.ending}")
    if wanted.scenario and not wanted.whole:
        screen.note("note: the ending alone was held against the scenario, which tells of a run with recovery")
    if not over:
        return INTERRUPTED
    if tell_unfired(unfired, report.at):
        return USAGE
    return (FAILED if unlike else 0) if wanted.scenario else report.exit_code


def _unlike(run: Run, wanted: Wanted, told: Sequence[Truth], address: str) -> list[Difference]:
    from fwsim import journal, rehearsal
    from fwsim.rehearsal import expected

    events = journal.read(run.journal)
    if not wanted.whole or not told:
        return list(expected.ending(wanted.expect, events))
    became = expected.Became(events, rehearsal.recorded(run.path), told[-1], address)
    return expected.differences(wanted.expect, became)


def tell_unfired(unfired: Sequence[Unfired], ended_at: float, steps: Mapping[str, str] | None = None) -> bool:
    """Name the faults that have not fired. Is there one that only another trigger would make fire? `steps`: those
    with which they were armed."""
    for one in unfired:
        if one.spared:
            screen.note(f"note: {one.fault} never fired: its moment came, and this seed was against it")
        else:
            step = (steps or {}).get(one.fault)
            since = f" from the step {step} on" if step else ""
            screen.note(
                f"fwsim: {one.fault} never fired: expected {one.waits}{since}, and that had not come when the run "
                f"ended at {ended_at:.0f} s; give it a moment that comes, or take it out"
            )
    return any(not one.spared for one in unfired)

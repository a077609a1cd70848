"""A run as a report shows it: a pure function of the list of its events.

The events of a run may stop anywhere, for fwsim may be killed. A list without its RunEnded reads as interrupted, and
the report says what was under way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import reduce
from typing import Literal

from fwsim.events import (
    EXIT_CODES,
    CommandRan,
    Ending,
    Event,
    Fact,
    Intent,
    NotRehearsed,
    Outcome,
    Progress,
    RunEnded,
    RunStarted,
    StepEnded,
    StepStarted,
    Warned,
)

State = Outcome | Literal["waiting", "running"]


@dataclass(frozen=True)
class Step:
    """One step. `state` is its outcome once it has one; `warnings` were given while it ran."""

    id: str
    stage: str
    title: str
    number: int
    state: State = "waiting"
    message: str = ""
    remedy: str = ""
    began_at: float = 0.0
    took_s: float = 0.0
    progress: Progress | None = None
    intents: tuple[Intent, ...] = ()
    warnings: tuple[str, ...] = ()
    commands: tuple[CommandRan, ...] = ()

    @property
    def ended(self) -> bool:
        return self.state not in ("waiting", "running")

    @property
    def outcome(self) -> str:
        """The word for tables."""
        return "not run" if self.state == "waiting" else self.state


@dataclass(frozen=True)
class Report:
    """A run. `ending` is None while events may still come; `whole` says that its RunEnded was seen."""

    run: str = ""
    board: str = ""
    host: str = ""
    bmc: str = ""
    version: str = ""
    plan_sha256: str = ""
    epoch: float = 0.0
    at: float = 0.0
    steps: tuple[Step, ...] = ()
    facts: tuple[Fact, ...] = ()
    ending: Ending | None = None
    whole: bool = False
    message: str = ""
    remedy: str = ""
    versions: dict[str, tuple[str, str]] = field(default_factory=dict)
    not_rehearsed: tuple[tuple[str, ...], ...] = ()  # commands for the operator's machine

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.ending or "interrupted"]

    @property
    def current(self) -> Step | None:
        """The step that runs, or None."""
        return next((s for s in self.steps if s.state == "running"), None)

    @property
    def begun(self) -> tuple[Step, ...]:
        """The steps that were at least started."""
        return tuple(s for s in self.steps if s.state != "waiting")

    @property
    def warnings(self) -> tuple[tuple[Step, str], ...]:
        return tuple((s, w) for s in self.steps for w in s.warnings)

    @property
    def remedies(self) -> tuple[tuple[Step, str], ...]:
        """What to do about the steps that did not go well; the run's own remedy is not repeated here."""
        return tuple((s, s.remedy) for s in self.steps if s.remedy and s.remedy != self.remedy)


def build(events: Iterable[Event]) -> Report:
    """The report of a finished list of events: one without its RunEnded was interrupted."""
    report = follow(events)
    return report if report.whole else _interrupted(report)


def follow(events: Iterable[Event]) -> Report:
    """The report of a run that may still go on."""
    return reduce(apply, events, Report())


def apply(report: Report, event: Event) -> Report:
    """The report with one event more."""
    report = replace(report, at=max(report.at, event.at))
    match event:
        case RunStarted():
            return _started(report, event)
        case RunEnded():
            return _ended(report, event)
        case NotRehearsed():
            return replace(report, not_rehearsed=(*report.not_rehearsed, event.argv))
        case Fact():
            return replace(report, facts=(*report.facts, event))
        case StepStarted():
            return _begin(report, event)
        case StepEnded() | Progress() | Intent() | Warned() | CommandRan():
            steps = tuple(_advance(s, event) if s.id == event.step else s for s in report.steps)
            return replace(report, steps=steps)
        case _:
            return report


def _started(report: Report, event: RunStarted) -> Report:
    """A run that is resumed or repaired starts again in the same journal: what its steps have come to stays."""
    named = {id: (stage, title) for id, stage, title in event.steps}
    kept = [replace(s, stage=named[s.id][0], title=named[s.id][1]) if s.id in named else s for s in report.steps]
    known = {s.id for s in kept}
    place = max((i for i, s in enumerate(kept, 1) if s.state != "waiting"), default=0)
    fresh = [Step(id, stage, title, 0) for id, (stage, title) in named.items() if id not in known]
    rows = [*kept[:place], *fresh, *kept[place:]] if report.steps else fresh
    steps = tuple(replace(s, number=number) for number, s in enumerate(rows, 1))
    return replace(
        report,
        run=event.run,
        board=event.board,
        host=event.host,
        bmc=event.bmc,
        version=event.version,
        plan_sha256=event.plan_sha256,
        epoch=report.epoch or event.epoch,
        steps=steps,
        ending=None,
        whole=False,
        message="",
        remedy="",
    )


def _begin(report: Report, event: StepStarted) -> Report:
    known = next((s for s in report.steps if s.id == event.step), None)
    fresh = replace(
        known or Step(event.step, "", event.title, event.number),
        state="running",
        title=event.title,
        began_at=event.at,
        message="",
        remedy="",
        progress=None,
    )
    steps = tuple(fresh if s.id == event.step else s for s in report.steps)
    return replace(report, steps=steps if known else (*report.steps, fresh))


def _advance(step: Step, event: StepEnded | Progress | Intent | Warned | CommandRan) -> Step:
    match event:
        case StepEnded():
            return replace(
                step,
                state=event.outcome,
                message=event.message,
                took_s=event.took_s,
                remedy=event.remedy,
                progress=None,
            )
        case Progress():
            return replace(step, progress=event)
        case Intent():
            return replace(step, intents=(*step.intents, event))
        case Warned():
            return replace(step, warnings=(*step.warnings, event.message))
        case CommandRan():
            return replace(step, commands=(*step.commands, event))


def _ended(report: Report, event: RunEnded) -> Report:
    return replace(
        report,
        ending=event.ending,
        whole=True,
        message=event.message,
        remedy=event.remedy,
        versions={kind: (before, after) for kind, (before, after) in event.versions.items()},
    )


def _interrupted(report: Report) -> Report:
    """What can be said of a run whose journal stops: which step was under way, and what it was about to change."""
    step = report.current
    if step is None:
        where = "between two steps" if report.begun else "before the first step"
        message, remedy = f"the journal stops {where}", "look at the server, then run the plan again"
    else:
        steps = tuple(
            replace(s, state="interrupted", took_s=report.at - s.began_at, progress=None) if s is step else s
            for s in report.steps
        )
        report = replace(report, steps=steps)
        message = f"the journal stops in step {step.number}, {step.title}"
        remedy = _after(step)
    return replace(report, ending="interrupted", message=message, remedy=remedy, versions=_versions(report))


def _after(step: Step) -> str:
    if not step.intents:
        return "nothing was being changed in that step; look at the server, then run the plan again"
    last = step.intents[-1]
    return (
        f"{last.action} of {last.target} was begun and its end is not known: do not reset, reboot or power off "
        "anything before you have looked whether it still runs and which versions answer"
    )


def _versions(report: Report) -> dict[str, tuple[str, str]]:
    """As far as they were read: the first reading is from before, a later one from after."""
    read: dict[str, list[str]] = {}
    for fact in report.facts:
        kind, _, what = fact.key.partition(".")
        if what == "version" and kind in ("bmc", "bios"):
            read.setdefault(kind, []).append(fact.value)
    return {kind: (values[0], values[-1] if len(values) > 1 else "") for kind, values in sorted(read.items())}

"""After a run that ended badly: look, diagnose, repair what can be repaired from here, look again, and go on with it.

The least invasive remedy of the likeliest cause comes first (DESIGN rule 7). After a repair the run is gone on with as
`fwsim resume` does, which looks at everything before it does anything. Where only hands help, a ticket is written for
the first procedure that the diagnosis names.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace

from fwsim import recall
from fwsim.aftermath import Aftermath
from fwsim.context import Context
from fwsim.events import EXIT_CODES, Answered, Asked, Ending, Fact, RunEnded, StepEnded
from fwsim.findings import SEEN_STILL
from fwsim.outcomes import Interrupt, Result, Stop, done
from fwsim.steps import Step
from recovery import evidence, remedies, repair
from recovery.diagnosis import SCREEN, Cause, Diagnosis, diagnose, seen_still
from recovery.ground import Forbidden
from recovery.observation import Evidence, Observation
from recovery.repair import REPAIRS, Repair

ROUNDS = 12  # of look and repair; a server that needs more is for a person
TRIES = 2  # of one remedy in one run, where it did what it ought to
DIAGNOSIS, TICKET, DECLINED = "diagnosis", "ticket", "repair.declined"  # facts
OPERATOR = "left-to-operator"  # the fact: what is certain, and what only the operator can cure, as the last word says
VISITED = "visit"  # the fact that tells that somebody followed the ticket of that procedure
TRANSCRIPT = "visit.transcript"  # where that visit can be read, in the run's folder
OUTCOME = "visit.outcome"  # the fact that tells how that ended
SAME_WAY = {"web-gui-reflash": "reflash-bios-oob"}  # a visit that leads to what was tried from here and was refused
BAD = ("failed", "needs-hands")
WELL = "nothing-wrong"  # the cause: whatever it was has passed, and the run can go on
LOOK = "look-and-report"
DIAGNOSED = "; diagnosis "  # behind what the run itself said

DOWN = {("host.answers", "no"), ("bmc.answers", "no")}

Agree = Callable[[Repair, Cause], Awaitable[bool]]
"""Does the operator say yes to this repair, for this cause?"""
HandOver = Callable[[Aftermath, Cause, str], str]
"""Writes the ticket for that procedure; where it lies in the run's folder, "" where that board has no such ticket."""


@dataclass(frozen=True)
class Way:
    """What the loop is given besides the run. `observed`: what people report."""

    agree: Agree
    hand_over: HandOver
    observed: tuple[Observation, ...] = ()


@dataclass
class _Tried:
    """What was tried in this run, over all of its causes."""

    times: dict[str, int] = field(default_factory=dict)
    declined: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)  # until another repair has changed something
    vain: list[str] = field(default_factory=list)
    last: tuple[str, str] = ("", "")  # the last repair, and the rule whose cause it was to cure
    went_on: bool = False  # without any repair, for nothing was wrong

    def in_vain(self, seen: Diagnosis) -> None:
        """What did as it ought to, and left the cause as it was, helps no more the second time."""
        name, rule = self.last
        if name and rule == seen.first.rule:
            self.vain.append(name)
        self.last = ("", "")

    def left(self, name: str) -> bool:
        return self.times.get(name, 0) < TRIES and name not in (*self.declined, *self.failed, *self.vain)

    def in_failure(self, name: str) -> bool:
        """Did it fail last, or as often as it is tried at all?"""
        return name in self.failed or self.times.get(name, 0) >= TRIES

    def note(self, name: str) -> int:
        self.times[name] = self.times.get(name, 0) + 1
        return self.times[name]


class _Stopped(Exception):
    """From outside, in the middle of a look or a repair."""


async def recover(after: Aftermath, way: Way) -> RunEnded:
    """Until it ends well, or nothing that is allowed is left to try. Raises nothing of its own."""
    try:
        return await _recovered(after, way)
    except GeneratorExit:
        raise  # dropped by who drives us: nobody is there to hear
    except BaseException as error:
        if isinstance(error, Exception) and not isinstance(error, _Stopped):
            raise
        resume = f"`fwsim resume {after.job.run_id}` looks at the server before it goes on"
        return _last(after, "interrupted", "stopped from outside, while the server was being repaired", resume)


async def _recovered(after: Aftermath, way: Way) -> RunEnded:
    ended, tried = after.ended, _Tried(_before(after))
    seen: Diagnosis | None = None
    for round_ in range(1, ROUNDS + 1):
        if ended.ending not in BAD:
            return ended
        seen = await _look(after, way, round_)
        if seen is None:
            return _last(after, ended.ending, ended.message, ended.remedy)
        tried.in_vain(seen)
        chosen = await _choose(after, way, seen, tried)
        if chosen is None and (seen.first.name != WELL or tried.went_on):
            return _given_up(after, way, ended, seen, tried)
        tried.went_on = tried.went_on or chosen is None
        if chosen is not None and remedies.table()[chosen[0].name].takes:
            way = replace(way, observed=())  # what was seen before a restart says nothing of what is there after it
        if chosen is None or await _repaired(after, chosen, tried):
            ended = await after.make(None).run()
    return _given_up(after, way, ended, seen, tried)


def _before(after: Aftermath) -> dict[str, int]:
    """What engines before this one have tried."""
    times: dict[str, int] = {}
    for event in after.events:
        if isinstance(event, StepEnded) and event.step.startswith("repair-"):
            name = re.sub(r"-\d+$", "", event.step.removeprefix("repair-"))
            times[name] = times.get(name, 0) + 1
    return times


# -- look


async def _look(after: Aftermath, way: Way, number: int) -> Diagnosis | None:
    """What is observed now, and what follows from it, told as facts. None where not even that could be done."""
    found: list[Diagnosis] = []

    async def act(context: Context) -> Result:
        context.fact("allowed", "users")  # whether a password is right is asked in band; that changes nothing
        seen = await evidence.gather_in(context, after.events, way.observed, epoch=recall.epoch(after.events, 0.0))
        diagnosis = diagnose(seen, after.job.board)
        _tell(context, seen, diagnosis)
        if seen_still(seen) and not context.found.seen_still:
            context.found.seen_still = True
            context.fact(SEEN_STILL, seen.value(SCREEN) or "")
        found.append(diagnosis)
        return done(_words(diagnosis.first))

    step = Step(f"diagnose{f'-{number}' if number > 1 else ''}", repair.STAGE, "What is wrong?", act)
    await _take(after, step)
    return found[0] if found else None


async def _take(after: Aftermath, step: Step) -> Stop | None:
    stop = await after.make((step,)).take()
    if isinstance(stop, Interrupt):
        raise _Stopped
    return stop


def _tell(context: Context, seen: Evidence, diagnosis: Diagnosis) -> None:
    for observation in seen.observations:
        if observation.value is not None and observation.source != "journal":
            context.fact(f"observed.{observation.key}", observation.value)
    for cause in diagnosis.causes:
        remedies_ = " > ".join(f"({name})" if _is_visit(name) else name for name in cause.remedies) or "none"
        context.fact(DIAGNOSIS, f"{cause.rule} {cause.name}: {_words(cause)}; remedies: {remedies_}")


def _words(cause: Cause) -> str:
    return f"{cause.text or cause.name} ({cause.confidence})"


# -- repair


async def _choose(after: Aftermath, way: Way, seen: Diagnosis, tried: _Tried) -> tuple[Repair, Cause] | None:
    """The least invasive repair that the likeliest causes allow and that is agreed to. A procedure that costs less than
    the next repair comes before it."""
    for cause in _likely(seen):
        for name in cause.remedies:
            known = REPAIRS.get(name)
            if known is None and _is_visit(name):
                break
            if known is None or not tried.left(name):
                continue
            if await _agreed(after, way, known, cause):
                return known, cause
            tried.declined.append(name)
            after.emit(Fact(after.doors.clock.now(), "hand-over", DECLINED, name))
    return None


def _likely(seen: Diagnosis) -> Iterable[Cause]:
    """The first, and others that are as sure. What only the operator can mend, as a module that is missing, hides none
    by which something is down."""
    elsewhere = seen.first.operator and not _is_down(seen.first)
    hidden = [cause for cause in seen.causes if elsewhere and not cause.operator and _is_down(cause)]
    for cause in seen.causes:
        if cause.confidence == seen.first.confidence or (cause in hidden and cause.confidence == hidden[0].confidence):
            yield cause


def _is_down(cause: Cause) -> bool:
    return any((o.key, o.value) in DOWN for o in cause.for_)


def _is_visit(name: str) -> bool:
    return name in remedies.table() and remedies.table()[name].visit


async def _agreed(after: Aftermath, way: Way, known: Repair, cause: Cause) -> bool:
    policy = after.job.plan.policy.recovery
    if policy != "never" and known.policy and getattr(after.job.plan.policy, known.policy):
        return True
    if not known.asks or policy != "ask":
        return not known.asks or policy == "without-asking"
    at = after.doors.clock.now()
    after.emit(Asked(at, f"{known.title}? ({_words(cause)})"))
    agreed = await way.agree(known, cause)
    after.emit(Answered(after.doors.clock.now(), agreed))
    return agreed


async def _repaired(after: Aftermath, chosen: tuple[Repair, Cause], tried: _Tried) -> bool:
    known, cause = chosen
    tried.last = (known.name, cause.rule)
    stop = await _take(after, known.step(tried.note(known.name)))
    if stop is not None:
        (tried.vain if isinstance(stop, Forbidden) else tried.failed).append(known.name)
    else:
        tried.failed.clear()
    return stop is None


# -- the end


def _given_up(after: Aftermath, way: Way, ended: RunEnded, seen: Diagnosis | None, tried: _Tried) -> RunEnded:
    """Hands, a person's decision, or what the engine itself has said."""
    if seen is None or ended.ending not in BAD:
        return ended
    declined = f"; not agreed to: {', '.join(tried.declined)}" if tried.declined else ""
    done_ = f"; tried: {', '.join(tried.times)}" if tried.times else ""
    what = ended.message.partition(DIAGNOSED)[0]  # by an earlier engine of the run, which had its own diagnosis
    said = f"{what}{DIAGNOSED}{seen.first.rule}: {_words(seen.first)}{done_}{declined}"
    for cause in (*_likely(seen), *_unknown(ended, seen)):
        for visit in _visits(after, cause, tried):
            ticket = way.hand_over(after, cause, visit)
            if not ticket:
                continue
            after.emit(Fact(after.doors.clock.now(), "hand-over", TICKET, visit))
            if tried.declined:
                remedy = f"say yes to {', '.join(tried.declined)}; else the ticket {visit} is for who goes there"
                return _last(after, ended.ending, said, remedy)
            run = after.job.run_id
            mend = f"{seen.first.advice}; else " if cause is not seen.first and seen.first.operator else ""
            remedy = (
                f"{mend}send the ticket {visit} (`fwsim ticket {run}` prints it); afterwards `fwsim ticket close {run}`"
            )
            return _last(after, "needs-hands", said, remedy)
    mine = (c for c in seen.causes if c.operator and c.confidence == "certain")
    own = next(mine, None) if seen.first.operator or not seen.first.remedies else None
    advice = own.advice if own else seen.first.advice or ended.remedy
    if own:
        after.emit(Fact(after.doors.clock.now(), "hand-over", OPERATOR, f"{own.rule} {own.name}"))
    return _last(after, "failed", said, f"say yes to {', '.join(tried.declined)}" if tried.declined else advice)


def _unknown(ended: RunEnded, seen: Diagnosis) -> Iterable[Cause]:
    """A server that is down, and about which nothing more can be told from here: somebody must look."""
    if seen.first.confidence == "certain":
        return ()
    down = any(_is_down(cause) for cause in seen.causes)
    return (cause for cause in seen.causes if LOOK in cause.remedies and (down or ended.ending == "needs-hands"))


def _visits(after: Aftermath, cause: Cause, tried: _Tried) -> Iterable[str]:
    """The procedures for it that have not been followed in vain, and whose way has not been tried from here."""
    followed = {event.value for event in after.events if isinstance(event, Fact) and event.key == VISITED}
    for name in cause.remedies:
        if _is_visit(name) and name not in followed and not tried.in_failure(SAME_WAY.get(name, "")):
            yield name


def _last(after: Aftermath, ending: Ending, message: str, remedy: str) -> RunEnded:
    """The run's last word, once more."""
    before = next(e for e in reversed(after.events) if isinstance(e, RunEnded))
    at = after.doors.clock.now()
    ended = RunEnded(at, ending, EXIT_CODES[ending], message, remedy or before.remedy, before.versions)
    after.emit(ended)
    return ended

"""The plan's own commands on the operator's machine: before the first change, to verify, and after whatever ending.

They are run by the shell, one after the other, and may be run again where a run is resumed. `after` hears of the ending
as FWSIM_ENDING in its environment.
"""

from __future__ import annotations

from collections.abc import Sequence

from fwsim.context import Context, Job, last_line
from fwsim.doors import CommandTimeout
from fwsim.outcomes import Fail, Refuse, Result, done, skipped, warned
from fwsim.steps import Planned, Step

DEADLINE_S = 900.0
ENDING = "FWSIM_ENDING"


def _argv(job: Job, line: str, ending: str = "") -> tuple[str, ...]:
    told = (f"FWSIM_RUN={job.run_id}", *((f"{ENDING}={ending}",) if ending else ()))
    return ("env", *told, "sh", "-c", line)


def _planned(job: Job, lines: Sequence[str], ending: str = "") -> tuple[Planned, ...]:
    return tuple(Planned("operator", _argv(job, line, ending)) for line in lines)


async def before(context: Context) -> Result:
    """Drain, silence. One that fails refuses the update: nothing on the server was changed yet."""
    if not (context.found.path or context.found.flashed):
        return skipped("nothing will be flashed")
    context.hooked = True
    for line in context.plan.before:
        complaint = await _complaint(context, line)
        if complaint:
            raise Refuse(f"`{line}`, which the plan has before the update, {complaint}", "make it succeed, or drop it")
    return done(_count(context.plan.before))


async def verify(context: Context) -> Result:
    """What only the operator can check. All are run; one that fails is a failed update."""
    complaints = [(line, await _complaint(context, line)) for line in context.plan.verify]
    bad = [f"`{line}` {complaint}" for line, complaint in complaints if complaint]
    if bad:
        raise Fail(f"the plan's own check failed: {'; '.join(bad)}", "look at the service that it checks")
    return done(_count(context.plan.verify))


async def after(context: Context) -> Result:
    """However it ended. One that fails is told, and changes no ending."""
    if not context.hooked and context.plan.before:
        return skipped("`before` was never begun")
    bad = []
    for line in context.plan.after:
        complaint = await _complaint(context, line, context.ending)
        if complaint:
            bad.append(line)
            context.warn(f"`{line}`, which the plan has after the update, {complaint}")
    if bad:
        return warned(f"{len(bad)} of {len(context.plan.after)} failed", f"do by hand: {'; '.join(bad)}")
    return done(_count(context.plan.after))


async def _complaint(context: Context, line: str, ending: str = "") -> str:
    try:
        ran = await context.run_operator(_argv(context.job, line, ending), timeout_s=DEADLINE_S)
    except CommandTimeout:
        return f"did not end within {DEADLINE_S / 60:g} minutes, and may still run on this machine"
    return "" if ran.status == 0 else f"exited {ran.status}: {last_line(ran.stderr or ran.stdout)}"


def _count(lines: Sequence[str]) -> str:
    return f"{len(lines)} command{'s' * (len(lines) != 1)} on the operator's machine"


BEFORE = Step(
    "before", "hooks", "The plan's commands before the update", before, lambda job: _planned(job, job.plan.before), True
)
VERIFY = Step("own-checks", "verify", "The plan's own checks", verify, lambda job: _planned(job, job.plan.verify))
AFTER = Step(
    "after", "cleanup", "The plan's commands after the update", after,
    lambda job: _planned(job, job.plan.after, "updated"),
)  # fmt: skip


def first(job: Job) -> tuple[Step, ...]:
    return (BEFORE,) if job.plan.before else ()


def checks(job: Job) -> tuple[Step, ...]:
    return (VERIFY,) if job.plan.verify else ()


def last(job: Job) -> tuple[Step, ...]:
    return (AFTER,) if job.plan.after else ()

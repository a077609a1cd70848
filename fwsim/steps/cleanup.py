"""Nothing of ours stays on the host: payloads are a risk there, and the unit's name is a lock."""

from __future__ import annotations

from fwsim import units
from fwsim.context import Context, Job, last_line
from fwsim.outcomes import Fail, Result, done, skipped, warned
from fwsim.steps import Planned, Step, watchdog
from fwsim.tools import systemd


def removal(job: Job) -> tuple[str, ...]:
    return ("rm", "-rf", job.directory)


def _planned(job: Job) -> tuple[Planned, ...]:
    rows = (systemd.stop(), systemd.reset_failed(), removal(job))
    return tuple(Planned("host", argv) for argv in rows)


async def tidy(context: Context) -> Result:
    """Free the unit's name, remove the payloads. What stays is told, and is no failure of the update."""
    if not context.found.transferred:
        return skipped("nothing was copied to the host")
    try:
        await leave_nothing(context)
    except Fail as error:
        context.warn(error.message)
        return warned(f"{context.job.directory} is left on the host")
    return done(f"{context.job.directory} removed")


async def leave_nothing(context: Context) -> None:
    """The watchdog, the unit's name, the payloads. Raises Fail where something is still there afterwards."""
    await watchdog.put_back(context)
    if not context.found.transferred:
        return
    unit = await units.look(context)
    if unit.state == "ended" and unit.tag is not None and unit.tag.run == context.job.run_id:
        await units.forget(context)
    removed = await context.change(removal(context.job))
    left = await context.read(("test", "-e", context.job.directory))
    if left.status == 0:
        raise Fail(f"{context.job.directory} could not be removed: {last_line(removed.stderr)}")
    context.found.transferred = False


STEPS = (Step("cleanup", "cleanup", "Leave nothing behind", tidy, _planned, changes=True),)

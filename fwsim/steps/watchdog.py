"""The BMC's watchdog resets a host that nobody pats: it is off while anything is written, and put back afterwards."""

from __future__ import annotations

from fwsim.context import Context, Job, last_line
from fwsim.outcomes import Refuse, Result, done, skipped, warned
from fwsim.steps import Planned, Step
from fwsim.steps.attested import refuse_unless_waived
from fwsim.tools import kernel
from fwsim.tools.ipmitool import raw, watchdog

COMMANDS = (watchdog.GET, kernel.NOWAYOUT)


async def look(context: Context) -> Result:
    """Is it armed, and may it be disarmed? Nothing is done about it yet."""
    answer = await context.read(watchdog.GET)
    if answer.status != 0:
        return warned(f"the watchdog cannot be read: {last_line(answer.stderr)}", "look whether the BMC has one")
    timer = watchdog.parse(answer.stdout)
    if not timer.armed:
        return done("no watchdog is armed")
    locked = await context.read(kernel.NOWAYOUT)
    if locked.status == 0 and locked.stdout.strip() in ("Y", "1"):
        return refuse_unless_waived(
            context,
            "watchdog",
            f"the watchdog is armed ({timer.action}) and the kernel does not let go of it (ipmi_watchdog nowayout)",
            "boot the host with ipmi_watchdog.nowayout=0, or without what arms it",
        )
    return done(f"armed ({timer.use}, {timer.action}); it is disarmed before anything is written, then put back")


async def disarm(context: Context) -> Result:
    """Off, looked at again, remembered. A watchdog that stays armed stops the run before anything is written."""
    if not context.found.path:
        return skipped("nothing will be flashed")
    if context.found.pending("bmc") in context.found.over_lan:
        return skipped("the BMC does not answer on its host; what was done before its flash stands")
    answer = await context.read(watchdog.GET)
    if answer.status != 0 or not watchdog.parse(answer.stdout).armed:
        return skipped("no watchdog is armed")
    settings = raw.parse((await context.must(watchdog.RAW)).stdout)
    await _off(context, settings)
    again = " ".join(watchdog.set_again(settings))
    context.warn(f"the watchdog is off until the end of the run; by hand it is put back with `{again}`")
    return done("disarmed")


async def _off(context: Context, settings: bytes) -> None:
    context.intend("disarm the watchdog", "bmc")
    context.fact("watchdog.was", settings.hex())
    context.found.watchdog = settings
    stopped = await context.change(watchdog.OFF)
    if stopped.status != 0 or watchdog.parse((await context.must(watchdog.GET)).stdout).armed:
        raise Refuse(
            f"the watchdog cannot be disarmed: {last_line(stopped.stderr or 'it is armed again')}",
            "stop what arms it on the host, or boot the host without it",
        )


async def still_off(context: Context) -> None:
    """Before each flash: a daemon on the host may have armed it again, as after a reset of the BMC or a reboot."""
    answer = await context.read(watchdog.GET)
    if answer.status != 0 or not watchdog.parse(answer.stdout).armed:
        return
    context.warn("the host has armed the watchdog again: it is disarmed once more")
    await _off(context, context.found.watchdog or raw.parse((await context.must(watchdog.RAW)).stdout))


async def put_back(context: Context) -> str:
    """As it was, where we disarmed it and nobody has armed it since. What was done, in words; "" for nothing."""
    settings, context.found.watchdog = context.found.watchdog, b""
    if not settings:
        return ""
    context.fact("watchdog.was", "")
    now = await context.read(watchdog.GET)
    if now.status == 0 and watchdog.parse(now.stdout).armed:
        return "the watchdog is armed again by the host itself"
    for argv in (watchdog.set_again(settings), watchdog.START):
        answer = await context.change(argv)
        if answer.status != 0:
            context.warn(f"the watchdog could not be put back: {last_line(answer.stderr)}; `{' '.join(argv)}`")
            return ""
    return "the watchdog is armed again"


def disarm_commands(job: Job) -> tuple[Planned, ...]:
    case = "where it is armed"
    return (Planned("host", watchdog.GET), Planned("host", watchdog.RAW, case), Planned("host", watchdog.OFF, case))


STEP = Step("watchdog-off", "backup", "Disarm the watchdog", disarm, disarm_commands, changes=True)

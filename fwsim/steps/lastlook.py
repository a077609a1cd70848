"""One last look before a run may end as updated: host and BMC answer steadily, from both sides, as wanted.

Between the last comparison and the end somebody else may have restarted either. What is seen to be down is waited for
with the usual patience; nothing is done about it but that.
"""

from __future__ import annotations

from functools import partial

from fwsim import versions, waiting
from fwsim.context import Context, Job
from fwsim.doors import DoorError
from fwsim.outcomes import Fail, NeedsHands, Result, done
from fwsim.steps import Planned, Step, hostreboot, looking, reading
from fwsim.tools import dmidecode, kernel, systemd
from fwsim.tools.ipmitool import mc

ROUNDS = 3  # a host that restarts under our eyes is waited for again


def _planned(job: Job) -> tuple[Planned, ...]:
    return tuple(Planned("host", argv) for argv in (systemd.SYSTEM_STATE, kernel.BOOT_ID, mc.INFO, dmidecode.BIOS))


async def look(context: Context) -> Result:
    """Raises NeedsHands, Fail where one of them does not come back, or runs something else."""
    for _ in range(ROUNDS):
        before = context.found.boot_id
        await _steady(context)
        if await reading.boot_id(context) == before:
            break
        context.warn("the host was restarted by somebody else")
    for image in context.job.all_images:
        if image.last:
            running = await reading.version(context, image.kind)
            if not versions.same(running, image.version):
                raise Fail(
                    f"{image.kind.upper()} {image.version} ran, and {running} runs now",
                    "find out who else works on this server",
                )
    return done("host and BMC answer, in band and over LAN")


async def _steady(context: Context) -> None:
    deadlines, waits = context.board.deadlines, context.board.waits
    longest = max(deadlines.bmc_boot_s, deadlines.host_boot_s + deadlines.post_s)
    patience = waiting.Patience(longest, waits.poll_s, waits.steady)
    ask = partial(_all_answer, context)
    if not (await waiting.until_steady(context.doors.clock, ask, patience, partial(_tell, context))).reached:
        await _complain(context, longest)


async def _all_answer(context: Context) -> bool:
    return await _host_answers(context) and await context.doors.network.probe() and await looking.bmc_answers(context)


async def _host_answers(context: Context) -> bool:
    """It takes connections, and is not going down, which may take minutes in which all of it still answers."""
    try:
        if not await context.doors.host.answers():
            return False
        return not systemd.is_stopping((await context.doors.host.run(systemd.SYSTEM_STATE)).stdout)
    except DoorError:
        return False


def _tell(context: Context, waited_s: float, row: int) -> None:
    context.progress(f"{'host or BMC is silent' if row == 0 else f'all answer, {row} in a row'}, {waited_s:.0f} s")


async def _complain(context: Context, longest_s: float) -> None:
    what = "the wanted versions ran, but"
    if not await context.doors.host.answers():
        raise NeedsHands(
            f"{what} the host went down and did not come back within {longest_s:g} s; "
            f"{await hostreboot.evidence(context)}",
            hostreboot.what_next(context),
        )
    over_lan, in_band = await context.doors.network.probe(), await looking.bmc_answers(context)
    if not over_lan and not in_band:
        raise NeedsHands(
            f"{what} the BMC fell silent, in band and over LAN, and did not come back within {longest_s:g} s",
            "leave the host running: it is the last way in. Somebody has to look at the BMC's LED and its port",
        )
    if not over_lan:
        raise Fail(
            f"{what} the BMC is silent over LAN at {context.plan.bmc.address} now; in band it answers",
            "look which port its cable is in, at the switch, and at `ipmitool lan print` on the host",
        )
    if not in_band:
        raise Fail(
            f"{what} the BMC does not answer in band now; over LAN it does",
            "look whether ipmitool and ipmi_si are still there on the host; else `ipmitool mc reset cold` over LAN",
        )
    raise Fail(
        f"{what} host and BMC do not answer steadily since {longest_s:g} s",
        "find out who restarts them, and look again",
    )


STEPS = (Step("last-look", "cleanup", "Are host and BMC well?", look, _planned),)

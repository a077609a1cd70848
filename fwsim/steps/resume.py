"""Pick up where an engine before this one stopped: wait for what is under way, and touch nothing until it has ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from fwsim import bank, units, waiting
from fwsim.context import Context
from fwsim.doors import DoorError
from fwsim.findings import Findings
from fwsim.outcomes import NeedsHands, Result, done, skipped
from fwsim.paths import Hop
from fwsim.steps import Planned, Step, hostreboot, looking, racjobs, reading
from fwsim.tools import kernel, systemd
from fwsim.tools.ipmitool import mc

AGAIN = frozenset(  # of the preflight: verified again though a flash was begun; the rest was about a server before it
    ("reach", "baseboard", "tools", "ipmitool", "modules", "bmc", "same-bmc", "payloads", "path", "power", "idle")
)
IN_BAND = frozenset(("ipmitool", "modules", "bmc", "same-bmc", "power"))  # what a BMC has to answer on its host for
RECONNECT_S = 120.0
DARK_WITHIN_S = 60.0  # a BMC that restarts by itself after a flash has fallen silent by then


def steps(rows: Sequence[Step], found: Findings) -> tuple[Step, ...]:
    """The steps of a run that goes on. As long as no flash was begun, all of them are done again."""
    if found.flashed:
        wanted = AGAIN - IN_BAND - {"idle"} if found.pending("bmc") in found.over_lan else AGAIN
        again = (s if s.stage != "preflight" or s.id in wanted else replace(s, action=_before) for s in rows)
        return (STEP, *again)
    return (STEP, *rows)


async def _before(context: Context) -> Result:
    return skipped("was verified before the first flash was begun")


async def pick_up(context: Context) -> Result:
    """The host, then the flash that may be running there, then the BMC. Only then is anything read or done."""
    found = context.found
    waited = await _host(context)
    if not found.done and not found.transferred:
        return done(f"nothing was changed before; {waited}")
    deadlines = context.board.deadlines
    longest = max(deadlines.bmc_flash_s, deadlines.bios_flash_s)
    image = found.pending("bmc")
    if image in found.over_lan:
        return done(f"{', '.join(found.done)}; {waited}; its flash goes over the network")
    await units.until_ended(context, longest, context.board.waits.poll_s)
    await reading.load_modules(context)
    if image is not None:
        await _bmc(context, image)
    what = ", ".join(found.done) or "payloads were copied"
    return done(f"{what}; {waited}")


async def _host(context: Context) -> str:
    """A restart that was sent may have been heard, and the host may still be about to go down."""
    under = context.found.restart_under
    up = await _is_up(context)
    if up and (not under or context.found.boot_id != under):
        return "the host answers"
    if up and not await _goes_down(context):
        return "the host has not restarted"
    if not up:
        await _stays_off(context)
    if context.found.restart_is_power_cycle and await _is_off(context):
        await hostreboot.power_on_again(context)
    deadlines = context.board.deadlines
    deadline_s = max(deadlines.bios_s, deadlines.host_boot_s + deadlines.post_s + deadlines.bios_apply_s)
    took = await hostreboot.wait(context, deadline_s, under)
    return f"the host is back{f' after {took:.0f} s' if took else ''}"


async def _stays_off(context: Context) -> None:
    """Raises NeedsHands where the host is off and its BIOS may be half written: it is not started so (rule 11)."""
    doubtful = [image for image in bank.doubtful(context.job, context.found) if image.kind == "bios"]
    if not doubtful:
        return
    try:
        on = await hostreboot.is_on(context)
    except DoorError:
        return  # whether it is off nobody can tell: it may be up soon
    if not on:
        raise NeedsHands(
            f"the host is off, and BIOS {doubtful[0].version} is not proved whole: it is not powered on",
            "write the BIOS anew through the BMC, or from a stick, before anybody powers the host on",
        )


async def _is_up(context: Context) -> bool:
    try:
        await reading.boot_id(context, patience_s=RECONNECT_S)
    except DoorError:
        return False
    return True


async def _goes_down(context: Context) -> bool:
    shutdown_s = context.board.deadlines.shutdown_s
    return await waiting.until_silent(context.doors.clock, context.doors.host.answers, shutdown_s)


async def _is_off(context: Context) -> bool:
    """Shut down and not powered on again yet? A host that stays on has been, and starts."""
    began, deadline_s = context.now(), context.board.deadlines.shutdown_s
    while context.now() - began < deadline_s and not await context.doors.host.answers():
        if not await hostreboot.is_on(context):
            return True
        await context.sleep(context.board.waits.poll_s)
    return False


async def _bmc(context: Context, image: Hop) -> None:
    """It may be dark because of a reset that was sent before, or be about to restart by itself after Dell's job."""
    await _bmc_answers(context)
    method = context.found.method.get(image)
    if method is None or not method.resets_itself:
        return
    if method.tool == "racadm":
        await _job_over(context, image)
    if await waiting.until_silent(context.doors.clock, context.doors.network.probe, DARK_WITHIN_S):
        await _bmc_answers(context)


async def _job_over(context: Context, image: Hop) -> None:
    known = context.found.jobs_before.get(image, frozenset())
    job = racjobs.new(known, await racjobs.queue(context) or (), image.kind)
    if job is not None and job.is_open:
        deadlines = context.board.deadlines
        over = deadlines.bmc_flash_s + deadlines.bmc_boot_s
        await racjobs.until(context, job.id, lambda j: not j.is_open, "Completed", over)


async def _bmc_answers(context: Context) -> None:
    board = context.board
    patience = waiting.Patience(board.deadlines.bmc_boot_s, board.waits.poll_s, board.waits.steady)
    answers = partial(looking.bmc_answers, context)
    if not (await waiting.until_steady(context.doors.clock, answers, patience)).reached:
        raise NeedsHands(
            f"the BMC did not answer in band within {board.deadlines.bmc_boot_s} s; its flash was begun before",
            "leave the host running: it is the last way in. Somebody has to look at the BMC's LED and its port",
        )


STEP = Step(
    "resume",
    "resume",
    "Pick up where it stopped",
    pick_up,
    lambda job: tuple(Planned("host", argv) for argv in (kernel.BOOT_ID, systemd.show(), mc.INFO)),
)

"""The BMC: does it take the file, flash, reset, wait until it answers steadily, read the version back."""

from __future__ import annotations

from functools import partial

from fwsim import units, versions, waiting
from fwsim.boards import BmcMethod
from fwsim.context import Context, Job, last_line
from fwsim.doors import CommandTimeout, HostUnreachable
from fwsim.outcomes import Fail, NeedsHands, Refuse, Result, done, skipped, warned
from fwsim.paths import Hop
from fwsim.steps import (
    Planned,
    Step,
    flash,
    for_image,
    guard,
    jobretry,
    looking,
    overlan,
    racjobs,
    reading,
    systeminterface,
)
from fwsim.tools import ipmitool
from fwsim.tools.ipmitool import hpm, mc, raw

RESET_TRIES = 2
DARK_WITHIN_S = 60.0  # a reset shows by silence within this time, or is not to be seen at all
LAN_GRACE_S = 120.0  # in band it answers; spanning tree and DHCP may take this long on the network
JOB_APPEARS_S = 300.0


def steps(job: Job, image: Hop) -> tuple[Step, ...]:
    """For one image; intermediate ones come first."""
    name = f"BMC {image.version}"
    step = partial(for_image, image, "bmc")
    asks = (Planned("host", mc.INFO),)
    return (
        step("bmc-check", f"Does the board take {name}?", check, lambda job: _check_commands(job, image)),
        step("bmc-flash", f"Flash {name}", write, lambda job: flash.planned(job, image), True),
        step("bmc-reset", "Restart the BMC", reset, lambda job: _reset_commands(job, image), True),
        step("bmc-wait", "Wait for the BMC", wait, lambda job: asks),
        step("bmc-version", f"Is it {name}?", verify, lambda job: asks),
    )


def _needed(context: Context, image: Hop) -> bool:
    return image in context.found.path.get("bmc", ())


def _not_needed(context: Context, image: Hop) -> Result:
    running = context.found.version("bmc")
    if versions.same(running, image.version):
        return skipped(f"{running} runs already")
    return skipped(f"{image.version} is not on the way from {running}")


# -- check


def _check_commands(job: Job, image: Hop) -> tuple[Planned, ...]:
    if not any(method.tool == "hpm" for method in job.methods(image)):
        return ()
    rows = (hpm.TARGET_CAPABILITIES, hpm.check(job.remote(image)))
    return tuple(Planned("host", argv) for argv in rows)


async def check(context: Context, image: Hop) -> Result:
    """Ask the board which way it takes, and for HPM.1 whether the file fits."""
    if not _needed(context, image):
        return _not_needed(context, image)
    if image in context.found.flashed and image in context.found.method:
        return skipped("was asked before its flash was begun")
    asked = None
    for method in context.job.methods(image):
        if not isinstance(method, BmcMethod):
            continue
        if method.tool == "hpm":
            asked = await _takes_hpm(context)
            if not asked:
                continue
            await fits(context, image)
        context.found.method[image] = method
        context.fact("bmc.method", method.tool)
        return done(f"goes by {method.tool}{', hpm check is clean' if method.tool == 'hpm' else ''}")
    others = " or ".join(e for m in context.board.bmc.methods if m.tool != "hpm" for e in m.extensions)
    raise Refuse(
        f"{image.file.name} needs HPM.1, and this BMC's firmware has none",
        f"take the vendor's {others} file instead" if others else "ask the vendor how this BMC is updated",
    )


async def _takes_hpm(context: Context) -> bool:
    """Get Target Upgrade Capabilities: a BMC without HPM.1 does not know the command."""
    answer = await context.read(hpm.TARGET_CAPABILITIES)
    if answer.status != 0:
        if raw.completion_code(answer.stderr) is None:
            raise Refuse(f"the BMC did not answer: {last_line(answer.stderr)}", "look at the BMC first")
        return False
    if hpm.parse_capabilities(raw.parse(answer.stdout)).undesirable:
        raise Refuse("the BMC says that an upgrade is undesirable now", "look at its event log, then try again")
    return True


async def fits(context: Context, image: Hop) -> None:
    """Is `hpm check` clean? Raises Refuse."""
    answer = await context.read(hpm.check(context.job.remote(image)), timeout_s=300)
    found = hpm.parse_check(answer.stdout, answer.stderr, answer.status)
    if not found.clean:
        why = "; ".join(found.refusals) or "it asks whether to ignore a mismatch"
        raise Refuse(f"hpm check does not take {image.file.name}: {why}", "get the image for exactly this board")


# -- flash


async def write(context: Context, image: Hop) -> Result:
    """Look first: what runs already, or is being written, is not flashed again."""
    if not _needed(context, image):
        return _not_needed(context, image)
    if image in context.found.whole:
        return skipped("was written, and proved whole, before")
    method = context.found.method[image]

    async def attempt() -> bool:
        written = await flash.run(context, image, method, context.board.deadlines.bmc_flash_s)
        if image in context.found.flashed and method.tool == "racadm":
            await job_completed(context, image)
        return written

    written = await jobretry.twice(context, image, attempt)
    if image not in context.found.flashed:
        return skipped(f"{context.found.version('bmc')} runs already")
    context.mark(image, "whole")
    return done(f"{image.version} {'written' if written else 'was written, and runs'} by {method.tool}")


async def job_completed(context: Context, image: Hop) -> None:
    """Wait for the job of that file. Raises racjobs.JobFailed, Fail."""
    job = await racjobs.created(context, context.found.jobs_before.get(image, frozenset()), "bmc", JOB_APPEARS_S)
    over = context.board.deadlines.bmc_flash_s + context.board.deadlines.bmc_boot_s
    await racjobs.until(context, job.id, lambda j: j.state == "completed", "Completed", over)


# -- reset


def _reset_commands(job: Job, image: Hop) -> tuple[Planned, ...]:
    rows: list[Planned] = []
    for method in job.methods(image):
        when = f"where the board goes by {method.tool}" if len(job.methods(image)) > 1 else ""
        if isinstance(method, BmcMethod) and method.activation == "activate":
            rows.append(Planned("host", hpm.ACTIVATE, when))
        if isinstance(method, BmcMethod) and not method.resets_itself:
            rows.append(Planned("host", mc.RESET_COLD, when))
    return (*rows, *overlan.planned_restart(job, image))


async def reset(context: Context, image: Hop) -> Result:
    """Only a bank that was proved whole may be booted."""
    if image not in context.found.flashed:
        return skipped("nothing was flashed")
    guard.proved_whole(context, image, "the BMC is not reset")
    method = context.found.method[image]
    if context.found.resumed and (already := await _restarted_before(context, image)):
        return skipped(already)
    await guard.may_restart(context, "reset the BMC")
    if image in context.found.over_lan:
        return await _reset_over_lan(context, image, method)
    if method.activation == "activate":
        context.intend("activate", "bmc")
        await context.must(hpm.ACTIVATE, timeout_s=300, changes=True)
    if method.resets_itself:
        return skipped(f"{method.tool} restarts the BMC itself")
    context.intend("reset cold", "bmc")
    context.mark(image, "restarting", boot=context.found.boot_id)
    return done(await _send_reset(context))


async def _reset_over_lan(context: Context, image: Hop, method: BmcMethod) -> Result:
    """As it was flashed: the BMC does not answer on its host."""
    if method.activation == "activate":
        await overlan.activate(context)
    context.mark(image, "restarting", boot=context.found.boot_id)
    await systeminterface.reset_over_lan(context)
    return done("cold reset sent over LAN")


async def _restarted_before(context: Context, image: Hop) -> str:
    """What an engine before this one has brought about, "" where the restart is still to be sent."""
    if image in context.found.over_lan:
        return "" if image not in context.found.restarting else "the BMC was asked to restart over LAN"
    if not await looking.bmc_answers(context):
        return "the BMC restarts already"
    running = await reading.version(context, "bmc")
    return f"{running} runs already" if versions.same(running, image.version) else ""


async def _send_reset(context: Context) -> str:
    """A BMC that falls silent has heard it. One that is dark already restarts by its activation."""
    for _ in range(RESET_TRIES):
        try:
            sent = await context.run(mc.RESET_COLD, changes=True)
        except (HostUnreachable, CommandTimeout):
            if await waiting.until_silent(context.doors.clock, context.doors.network.probe, DARK_WITHIN_S):
                return "cold reset sent; the connection broke before its answer"
            continue
        if sent.status == 0:
            return "cold reset sent"
        if ipmitool.device_is_missing(sent.stderr):
            return "the BMC restarts already"
        break
    raise Fail("the cold reset could not be sent", "send it by hand on the host: `ipmitool mc reset cold`")


# -- wait


async def wait(context: Context, image: Hop) -> Result:
    """First silence, then steady answers: in band, and over LAN, where it may have lost its address."""
    if image not in context.found.flashed:
        return skipped("nothing was flashed")
    if image in context.found.verified:
        return skipped("it came back before")
    began, clock, board = context.now(), context.doors.clock, context.board
    await waiting.until_silent(clock, context.doors.network.probe, DARK_WITHIN_S)
    patience = waiting.Patience(board.deadlines.bmc_boot_s, board.waits.poll_s, board.waits.steady)
    if not (await waiting.until_steady(clock, partial(_answers, context), patience, partial(_tell, context))).reached:
        raise NeedsHands(
            f"the BMC did not come back within {board.deadlines.bmc_boot_s} s: silent in band and over LAN",
            "leave the host running: it is the last way in. Somebody has to look at the BMC's LED and its port",
        )
    ask_in_band = partial(looking.bmc_answers, context)
    if not (await waiting.until_steady(clock, ask_in_band, patience)).reached:
        await systeminterface.free(context, image)
        if not (await waiting.until_steady(clock, ask_in_band, patience)).reached:
            raise Fail(
                "the BMC answers over LAN, but not in band, not after a cold reset either",
                "look at `dmesg` on the host: which ipmi_si is loaded, and what does it say of the BMC?",
            )
    grace = waiting.Patience(LAN_GRACE_S, board.waits.poll_s, board.waits.steady)
    if (await waiting.until_steady(clock, context.doors.network.probe, grace)).reached:
        return done(f"steady in band and over LAN after {context.now() - began:.0f} s")
    return warned(f"steady in band after {context.now() - began:.0f} s, silent over LAN at {context.plan.bmc.address}")


def _tell(context: Context, waited_s: float, row: int) -> None:
    text = "the BMC is silent" if row == 0 else f"the BMC answers, {row} in a row"
    context.progress(f"{text}, {waited_s:.0f} s")


async def _answers(context: Context) -> bool:
    return await context.doors.network.probe() or await looking.bmc_answers(context)


# -- verify


async def verify(context: Context, image: Hop) -> Result:
    """The version that runs, read from the BMC. Everything else is hearsay."""
    if image not in context.found.flashed:
        return skipped("nothing was flashed")
    running = await reading.version(context, "bmc")
    await units.over(context, image.sha256)
    if image in context.found.over_lan:
        await overlan.tidy(context, image)
    if not versions.same(running, image.version):
        raise Fail(
            f"the flash claimed success, but the BMC runs {running}, expected {image.version}",
            f"the image was not made active, or was rolled back: `ipmitool hpm check` on the host shows what lies in "
            f"the banks; then flash {image.version} again in band",
        )
    context.mark(image, "verified", version=running)
    return done(f"BMC {running} runs")

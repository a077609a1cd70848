"""Repairs of the BMC itself: wait, restart, roll back, flash again, free its queue and its interface."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from functools import partial

from fwsim import units, versions, waiting
from fwsim.boards import BmcMethod
from fwsim.context import Context, last_line
from fwsim.doors import CommandTimeout, Completed, DoorError, HostUnreachable
from fwsim.findings import AGAIN
from fwsim.outcomes import Fail, Result, done
from fwsim.paths import Hop
from fwsim.steps import bmc, checks_host, flash, looking, racjobs, reading, systeminterface, transfer
from fwsim.tools import ipmitool, racadm
from fwsim.tools.ipmitool import hpm, mc, raw
from recovery import ground

RACADM_S = racjobs.RACADM_S


class CutShort(Fail):
    """What wrote the BIOS has ended, and not well: the chip may be half written."""


async def wait(context: Context) -> Result:
    """As long as the board may need for its slowest start."""
    deadlines, waits = context.board.deadlines, context.board.waits
    began = context.now()

    async def all_answer() -> bool:
        outside = await context.doors.host.answers() and await context.doors.network.probe()
        return outside and await looking.bmc_answers(context)

    longest = max(deadlines.bmc_boot_s, deadlines.host_boot_s)
    patience = waiting.Patience(longest, waits.poll_s, waits.steady)
    if context.board.racadm and await context.doors.host.answers():
        await _jobs_end(context, deadlines.bmc_flash_s)
    if (await waiting.until_steady(context.doors.clock, all_answer, patience)).reached:
        return done(f"host and BMC answer steadily after {context.now() - began:.0f} s")
    raise Fail(f"not everything answers after {longest:g} s more", "something has to be done about it")


async def _jobs_end(context: Context, deadline_s: float) -> None:
    """Raises Fail where one is open for ever."""
    began = context.now()
    while any(job.state == "running" for job in await racjobs.queue(context) or ()):
        if context.now() - began >= deadline_s:
            raise Fail(
                f"a job of the iDRAC has been open for {deadline_s:g} s more", "ask the vendor: nothing may cut it"
            )
        await context.sleep(60.0)


async def end_flash(context: Context) -> Result:
    """A flash that stands still for ever: its tool is ended; then the bank is written again from what still runs.
    Nothing is restarted. Raises Fail where it moves, or where a job of the BMC's own does the writing."""
    unit = await units.look_before(context)
    hop = next((h for h in context.found.flashed if unit.tag and unit.tag.sha256 == h.sha256), None)
    if unit.state != "running" or hop is None:
        raise Fail("no flash of this run is running on the host", "look again")
    method = context.found.method.get(hop) or next(iter(context.job.methods(hop)), None)
    if method is None or method.tool == "racadm":
        raise Fail("the iDRAC writes by itself: to end the tool ends nothing", "let it end")
    deadlines = context.board.deadlines
    longest = deadlines.bmc_flash_s if hop.kind == "bmc" else deadlines.bios_flash_s
    if not await units.stands_still(context, context.job.log(hop), longest):
        raise Fail(f"the flash of {hop.kind.upper()} {hop.version} moves", "let it end")
    await ground.boot_id_if_up(context)
    context.intend(f"end the flash of {hop.kind} {hop.version}, which stands still", "the flash's unit")
    context.changed("flash-ended", f"the flash of {hop.kind.upper()} {hop.version} stood still, and was ended")
    await units.forget(context)
    return done(f"it had written nothing for {longest / 60:.0f} min more and was ended; now it has to be written again")


async def install_ipmitool(context: Context) -> Result:
    """The way to the BMC by its host, and back to settings that nobody hears of over the network."""
    await ground.boot_id_if_up(context)
    context.changed("packages", "ipmitool was installed on the host")
    if not await checks_host.install(context):
        raise Fail("ipmitool could not be installed on the host", "install it there by hand")
    return done("ipmitool is installed")


async def cold_reset(context: Context) -> Result:
    """In band where the host answers, else over LAN. What the BMC was writing by itself is over with it."""
    await ground.may_reset_bmc(context, "reset the BMC")
    await ground.boot_id_if_up(context)
    if await context.doors.host.answers() and await looking.bmc_answers(context):
        context.intend("reset cold", "bmc")
        context.changed("bmc-reset", "the BMC was reset")
        await _sent_in_band(context)
    else:
        await systeminterface.reset_over_lan(context)
    await _back(context)
    return done("the BMC was reset, and answers steadily")


async def _back(context: Context) -> None:
    """From outside, and for the host, which may have to load its driver anew."""
    await ground.bmc_steady(context)
    if context.found.bmc_writes_since is not None:
        ground.bmc_writes(context, "ended")
    if await context.doors.host.answers():
        await _in_band(context)


async def _sent_in_band(context: Context) -> None:
    try:
        sent = await context.run(mc.RESET_COLD, changes=True)
    except (HostUnreachable, CommandTimeout):
        return  # the wait that follows shows it
    if sent.status != 0 and not ipmitool.device_is_missing(sent.stderr):
        raise Fail("the BMC does not take a cold reset in band", "send it over LAN, or from the web page")


async def reload_ipmi_si(context: Context) -> Result:
    await ground.on_host(context)
    if await systeminterface.reloaded(context):
        return done("the BMC answers in band, with ipmi_si loaded anew")
    raise Fail("the BMC does not answer in band, with ipmi_si loaded anew either", "reset it over LAN")


async def racreset(context: Context) -> Result:
    """Never while a job is open: one that writes would be cut short."""
    await ground.may_reset_bmc(context, "reset the iDRAC")
    await _no_job_is_open(context)
    await ground.boot_id_if_up(context)
    context.intend("racreset", "bmc")
    context.changed("bmc-reset", "the iDRAC was reset")
    await _racadm(context, racadm.RESET)
    await _back(context)
    return done("the iDRAC was reset, and answers steadily")


async def clear_job_queue(context: Context) -> Result:
    """Jobs that have ended badly. Whoever goes on with the run makes its own anew: only what went by a job is begun
    anew by that, and a flash of another kind that broke off stays what it is."""
    await _no_job_is_open(context)
    jobs = [job for job in await _jobs(context) if job.state == "failed"]
    mine = [hop for hop in context.found.flashed - context.found.verified if _went_by_a_job(context, hop)]
    if not jobs and not mine:
        raise Fail("no job of the iDRAC has failed", "look for the cause elsewhere")
    await ground.boot_id_if_up(context)
    for job in jobs:
        context.intend(f"clear the failed job {job.id}", "idrac")
        context.changed("jobs", "failed jobs of the iDRAC were cleared")
        await _racadm(context, racadm.delete_job(job.id))
    for hop in mine:
        await _begin_anew(context, hop)
    return done(f"{len(jobs)} failed job{'s' * (len(jobs) != 1)} cleared")


def _went_by_a_job(context: Context, hop: Hop) -> bool:
    method = context.found.method.get(hop) or next(iter(context.job.methods(hop)), None)
    return method is not None and method.tool == "racadm"


async def idrac_rollback(context: Context) -> Result:
    """The other image of the iDRAC becomes the one that starts."""
    await ground.may_take(context, "roll the iDRAC back")
    await _no_job_is_open(context)
    await ground.on_host(context)
    context.intend("roll the iDRAC back", "bmc")
    context.changed("bmc-rollback", "the iDRAC was rolled back")
    await _racadm(context, racadm.ROLL_BACK_IDRAC)
    return await _went_back(context)


async def hpm_rollback(context: Context) -> Result:
    """Only where the board can, and the other bank holds something."""
    await ground.may_take(context, "roll the BMC back")
    await ground.on_host(context)
    answer = await context.read(hpm.TARGET_CAPABILITIES)
    if answer.status != 0 or not hpm.parse_capabilities(raw.parse(answer.stdout)).manual_rollback:
        raise Fail("this BMC has no manual rollback", "flash it again")
    seen = await context.read(hpm.check(), timeout_s=120)
    rows = hpm.parse_check(seen.stdout, seen.stderr, seen.status).components
    if not any(row.backup for row in rows):
        raise Fail("the BMC's other bank holds nothing to go back to", "flash it again")
    context.intend("roll the BMC back", "bmc")
    context.changed("bmc-rollback", "the BMC was rolled back")
    said = await context.change(hpm.ROLL_BACK, timeout_s=300)
    if "manual rollback" in said.stdout + said.stderr:  # else it restarts, and the tool hears no more of it
        raise Fail(f"the BMC refuses the rollback: {last_line(said.stderr or said.stdout)}", "flash it again")
    return await _went_back(context)


async def _went_back(context: Context) -> Result:
    before = context.found.version("bmc")
    await ground.bmc_steady(context)
    await _in_band(context)
    running = await reading.version(context, "bmc")
    for hop in list(context.found.flashed):
        if hop.kind == "bmc":
            await _begin_anew(context, hop)
    if versions.same(running, before):
        raise Fail(f"{running} runs, as before: the rollback brought nothing back", "flash it again")
    return done(f"{running} runs, {before} did")


# -- flash again


async def reflash(context: Context) -> Result:
    """From the host, which needs no network: what did not come to run is written again, what runs badly is written over
    by the fallback image."""
    await ground.on_host(context)
    await _in_band(context)
    target = ground.image(context, "bmc")
    running = await reading.version(context, "bmc")
    hop = _fallback(context) if versions.same(running, target.version) else target
    at = _lets_downgrade(context)
    method = next((m for m in at.job.methods(hop) if isinstance(m, BmcMethod)), None)
    if method is None:
        raise Fail(f"no tool of this board takes {hop.file.name}", "flash it by hand")
    await _copied(at, hop)
    if method.tool == "hpm":
        await bmc.fits(at, hop)
    await _free_the_unit(at)
    at.found.method[hop] = method
    await _written(at, hop, method)
    await bmc.reset(at, hop)
    await bmc.wait(at, hop)
    return await _runs(at, hop, target)


def _fallback(context: Context) -> Hop:
    running = context.found.versions.get("bmc", [""])[0]
    found = next((f for f in context.plan.fallback if f.kind == "bmc" and versions.same(f.version, running)), None)
    if found is None or found.sha256 is None:
        raise Fail("the plan has no fallback image of the BMC", "get the one of the version before from the vendor")
    return Hop("bmc", found.file, found.version, found.sha256, "", False)


def _lets_downgrade(context: Context) -> Context:
    """Going back is what is asked for here."""
    policy = context.plan.policy.model_copy(update={"allow_downgrade": True})
    plan = context.plan.model_copy(update={"policy": policy})
    return replace(context, job=replace(context.job, plan=plan))


async def _copied(context: Context, hop: Hop) -> None:
    context.intend("copy payloads", context.job.directory)
    await context.must(transfer.make_directory(context.job), changes=True)
    await transfer.copy_one(context, hop)


async def _free_the_unit(context: Context) -> None:
    """A flash that has ended keeps the name; one that runs is left alone. Raises Refuse."""
    unit = await units.look_before(context)
    if unit.state != "absent":
        context.intend("free the unit", "the flash's unit")
        await units.make_room(context, unit)


async def _written(context: Context, hop: Hop, method: BmcMethod) -> None:
    deadline_s = context.board.deadlines.bmc_flash_s
    context.changed(AGAIN, f"BMC {hop.version} was flashed for repair")
    await flash.run(context, hop, method, deadline_s)
    if hop in context.found.flashed and method.tool == "racadm":
        await bmc.job_completed(context, hop)
    if hop in context.found.flashed:
        context.mark(hop, "whole")


async def _runs(context: Context, hop: Hop, target: Hop) -> Result:
    running = await reading.version(context, "bmc")
    await units.over(context, hop.sha256)
    if not versions.same(running, hop.version):
        raise Fail(
            f"BMC {hop.version} was flashed again, and {running} runs", "ask the vendor: the image does not stay"
        )
    if hop is target:
        context.mark(hop, "verified", version=running)
    else:
        context.mark(target, "not-begun", by="fallback")
    return done(f"BMC {running} runs, flashed again")


async def _begin_anew(context: Context, hop: Hop) -> None:
    """What was begun of it is over: whoever goes on with the run looks, and flashes it anew."""
    if await context.doors.host.answers():
        await units.over(context, hop.sha256)
    context.mark(hop, "not-begun", by="repair")


async def _in_band(context: Context) -> None:
    patience = waiting.Patience(120.0, context.board.waits.poll_s, context.board.waits.steady)
    if not (await waiting.until_steady(context.doors.clock, partial(looking.bmc_answers, context), patience)).reached:
        raise Fail("the BMC does not answer the host", "this repair goes through the host's own interface to the BMC")


# -- racadm, in band or out of band


async def _jobs(context: Context) -> tuple[racadm.Job, ...]:
    return racadm.parse_jobs(await _racadm(context, racadm.JOBS, changes=False))


async def job_ids(context: Context) -> str:
    """Of the jobs that are in the queue now, in one line."""
    return " ".join(job.id for job in await _jobs(context))


async def bios_job_over(context: Context, known: str, deadline_s: float) -> None:
    """The BIOS's job that is not among the `known` has ended well, or waits for the start that writes it. Raises
    CutShort where it has ended badly, Fail where nobody knows: then the chip may be half written."""
    began, job = context.now(), None
    while context.now() - began < deadline_s:
        with suppress(Fail, DoorError):  # as while the iDRAC restarts
            job = racjobs.new(known.split(), await _jobs(context), "bios")
        if job is not None and job.state in ("completed", "waiting"):
            return
        if job is not None and job.state == "failed":
            raise CutShort(f"the job {job.id} ({job.name}) ended as {job.status}: {job.message}", "write it again")
        await context.sleep(context.board.waits.poll_s)
    where = f"is {job.status}" if job is not None else "never came into the queue"
    raise Fail(f"the BIOS's job {where} after {deadline_s:g} s", "let it end; power neither the iDRAC nor the host")


async def _no_job_is_open(context: Context) -> None:
    open_ = [job for job in await _jobs(context) if job.state == "running"]
    if open_:
        raise Fail(f"the job {open_[0].id} ({open_[0].name}) is {open_[0].status}",
                   "let it end; never restart the iDRAC or clear jobs while one is running")  # fmt: skip


async def _racadm(context: Context, argv: tuple[str, ...], *, changes: bool = True) -> str:
    """On the host where it answers, else from the operator's machine: its output, for its status says nothing."""
    if await context.doors.host.answers():
        ran = await context.run(argv, timeout_s=RACADM_S, changes=changes)
    else:
        ran = await out_of_band(context, argv, timeout_s=RACADM_S)
    if "ERROR" in ran.stdout + ran.stderr:
        raise Fail(f"`{' '.join(argv)}`: {(ran.stdout + ran.stderr).strip().splitlines()[-1]}", "try it by hand")
    return ran.stdout


async def out_of_band(context: Context, argv: tuple[str, ...], *, timeout_s: float) -> Completed:
    """racadm over LAN; user and password on its standard input."""
    at = context.plan.bmc
    given = racadm.credentials(at.user, context.doors.passwords.get(at.user, ""))
    return await context.run_on_files(racadm.over_lan(argv, at.address), stdin=given, timeout_s=timeout_s)

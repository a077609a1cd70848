"""One flash, by whatever tool the board takes: look, start or attach, and what proves that the bank is whole.

No exit status proves an update: here is decided only whether the bank is complete, and so whether a reset is allowed.
"""

from __future__ import annotations

import re

from fwsim import units, versions, waiting
from fwsim.boards import BiosMethod, BmcMethod
from fwsim.context import Context, Job, last_line
from fwsim.doors import DoorError, HostUnreachable
from fwsim.outcomes import Fail, NeedsHands, Refuse
from fwsim.paths import Hop
from fwsim.steps import Planned, hostreboot, hpmproof, looking, overlan, racjobs, reading, step_id, watchdog
from fwsim.steps.guard import INCOMPLETE, WORD
from fwsim.steps.progress import Meter
from fwsim.tools import df, racadm, sha256sum, sum, systemd
from fwsim.tools.ipmitool import hpm, mc

Method = BmcMethod | BiosMethod
LOG_BYTES = 1 << 20
STARTS = 2  # of one image by one engine: a host that restarts again and again is for a person


def answers_file(job: Job) -> str:
    """Holds the answer to the one question that `hpm upgrade` asks when services are affected."""
    return f"{job.directory}/answers"


def command(job: Job, image: Hop, method: Method) -> tuple[str, ...]:
    """The flashing command itself."""
    file = job.remote(image)
    match method.tool:
        case "hpm":
            return hpm.upgrade(file)
        case "racadm":
            return racadm.update(file)
        case "sum" if image.kind == "bmc":
            return sum.update_bmc(file)
        case "sum":
            return sum.update_bios(file, preserve_setting=_preserve(job, method))


def detached(job: Job, image: Hop, method: Method, step: str) -> units.Detached:
    """The same in its unit. Standard input is a `y` only where the image says that there will be a question."""
    asks = method.tool == "hpm" and job.payloads[image.file].services_affected
    tag = systemd.Tag(job.run_id, step, image.sha256)
    return units.Detached(command(job, image, method), tag, job.log(image), answers_file(job) if asks else "/dev/null")


def planned(job: Job, image: Hop) -> tuple[Planned, ...]:
    """One line for each way that this board may take; the first is the one it should."""
    rows: list[Planned] = []
    step = step_id(f"{image.kind}-flash", image)
    for method in job.methods(image):
        when = f"where the board goes by {method.tool}" if len(job.methods(image)) > 1 else ""
        one = detached(job, image, method, step)
        if one.answers != "/dev/null":
            rows.append(Planned("host", _write_answer(job), when))
        rows += watchdog.disarm_commands(job)
        rows += [Planned("host", argv, "where a unit is left") for argv in (systemd.stop(), systemd.reset_failed())]
        rows.append(Planned("host", one.start, when))
        if method.tool == "hpm":
            rows += [Planned("host", argv, when) for argv in hpmproof.COMMANDS]
            rows += overlan.planned(job, image, step)
        if method.tool == "racadm":
            rows.append(Planned("host", racadm.JOBS, "again and again, until the job is where it should be"))
            rows.append(Planned("host", racadm.delete_job("JID"), "where its job failed, once"))
    return tuple(rows)


async def run(context: Context, image: Hop, method: Method, deadline_s: float) -> bool:
    """Look, then do what the table says, until the bank is proved whole. False where the version runs already.

    Raises Fail with what to do where the bank is or may be incomplete; then nothing is restarted.
    """
    starts = 0
    while image not in context.found.over_lan:
        seen = await looking.look_at(context, image)
        context.fact(f"{image.kind}.look", str(seen))
        match seen.verdict:
            case "skip":
                return False
            case "stop":
                raise Fail(f"{seen}: nothing is started blind", "find out what runs there, then start a new run")
            case "wait":
                if await _only_over_lan(context, image, method):
                    break
                continue
            case "start":
                await _may_start(context, image, seen)
                if method.tool == "racadm" and await racjobs.handed_over(context, image):
                    return True
                starts += 1
                await _announce(context, image, method)
        try:
            ended = await _driven(context, image, method, deadline_s, attach=seen.verdict != "start")
        except units.Vanished as error:
            await _was_restarted(context, image, method, error, starts)
            continue
        if starts < STARTS and await _was_reset(context, image, method, ended):
            continue
        await _judge(context, image, method, ended)
        return True
    return await overlan.run(context, image, deadline_s)


async def _only_over_lan(context: Context, image: Hop, method: Method) -> bool:
    """Wait for the BMC. True where it answers over LAN alone, and the plan lets this image go that way."""
    try:
        await _bmc_answers(context)
    except SilentInBand:
        if not overlan.applies(context, image, method):
            raise
        return True
    return False


class SilentInBand(Refuse):
    """The BMC answers over LAN, and not on its host."""


async def _bmc_answers(context: Context) -> None:
    board = context.board
    patience = waiting.Patience(board.deadlines.bmc_boot_s, board.waits.poll_s, board.waits.steady)

    async def answers() -> bool:
        return await looking.bmc_answers(context)

    context.progress("the BMC is silent in band; waiting for it")
    if not (await waiting.until_steady(context.doors.clock, answers, patience)).reached:
        await _is_the_hosts_fault(context)
        raise NeedsHands(
            f"the BMC did not answer in band within {board.deadlines.bmc_boot_s} s, so nothing is flashed",
            "leave the host running: it is the last way in. Somebody has to look at the BMC's LED and its port",
        )


async def _is_the_hosts_fault(context: Context) -> None:
    """A module or a tool that is gone, or a system interface that hangs, needs nobody there. Raises Refuse."""
    if not await context.doors.host.answers():
        return
    await reading.load_modules(context)
    try:
        said = last_line((await context.run(mc.INFO)).stderr)
    except DoorError as error:  # a system interface that hangs holds the tool up
        said = str(error)
    if await context.doors.network.probe():
        raise SilentInBand(
            f"the BMC answers over LAN, but not in band, so nothing is flashed: {said}",
            "look whether ipmitool and ipmi_si are still there on the host; else `ipmitool mc reset cold` over LAN, or "
            "let it be flashed over LAN: policy.flash_over_lan: true",
        )


async def _may_start(context: Context, image: Hop, seen: looking.Seen) -> None:
    """What was verified must still be so: nobody has flashed something newer meanwhile, and the file is whole."""
    if seen.foreign:
        raise Refuse(
            f"another run's flash has ended here, and its restart is not known to be over: {seen.foreign}",
            f"let it end, or resume it; if nobody works on it any more: `systemctl stop {systemd.UNIT}` on the host",
        )
    newer = versions.Version(seen.version) > versions.Version(image.version)
    if newer and not context.plan.policy.allow_downgrade:
        raise Refuse(f"{seen.version} runs, which is newer than {image.version}", "look who has flashed it")
    await _has_room_for_the_log(context)
    await watchdog.still_off(context)
    if image in context.found.flashed:
        remote = context.job.remote(image)
        there = sha256sum.parse((await context.must(sha256sum.argv(remote))).stdout)
        if there != image.sha256:
            raise Refuse(f"{remote} has SHA-256 {there} now, expected {image.sha256}", "start a new run")


async def _has_room_for_the_log(context: Context) -> None:
    """A flash whose output is lost can be proved neither whole nor never begun."""
    seen = await context.read(df.argv(context.job.directory))
    if seen.status == 0 and df.parse_available_bytes(seen.stdout) < LOG_BYTES:
        raise Refuse(
            f"the disk under {context.job.directory} is full, so the flash could not write its log: nothing is started",
            "free some space on the host's disk, then run the plan again",
        )


async def _announce(context: Context, image: Hop, method: Method) -> None:
    """On the disk before anything is started, with what must be known to attach to it later."""
    job = context.job
    note: dict[str, str] = {"tool": method.tool}
    if method.tool == "racadm":
        note["jobs"] = await racjobs.ids(context)
    if detached(job, image, method, context.step).answers != "/dev/null":
        await context.must(_write_answer(job), changes=True)
    await reading.boot_id(context)
    context.intend(f"flash {image.kind} {image.version} by {method.tool}", job.remote(image))
    context.mark(image, "begun", **note)


async def _driven(context: Context, image: Hop, method: Method, deadline_s: float, *, attach: bool) -> units.Ended:
    job = context.job
    one = detached(job, image, method, context.step)
    meter = Meter(context, LOOKS[method.tool], job.payloads[image.file].size)
    drive = units.attach if attach else units.run
    try:
        return await drive(context, one, deadline_s=deadline_s, every_s=context.board.waits.poll_s, tell=meter)
    except Refuse:
        context.mark(image, "not-begun")
        raise
    except units.Vanished:
        raise
    except (Fail, DoorError) as error:
        if isinstance(error, HostUnreachable) and not await context.doors.host.answers():
            await _until_host_is_back(context, image, one)
            raise units.Vanished(
                f"the host was restarted while {image.kind.upper()} {image.version} was written"
            ) from error
        raise Fail(str(error), INCOMPLETE.format(command=" ".join(one.command))) from error


async def _until_host_is_back(context: Context, image: Hop, one: units.Detached) -> None:
    """It went down under the flash. Raises NeedsHands where it stays silent, Fail where only the network was gone."""
    deadlines = context.board.deadlines
    try:
        await hostreboot.wait(context, deadlines.host_boot_s + deadlines.post_s, context.found.boot_id)
    except NeedsHands as hands:
        raise NeedsHands(
            f"the host went down while {image.kind.upper()} {image.version} was being written; {hands.message}",
            f"{hands.remedy}; what was cut short is written again from outside, by the BMC's web page",
        ) from hands
    except Fail as error:
        raise Fail(error.message, INCOMPLETE.format(command=" ".join(one.command))) from error


async def _was_restarted(context: Context, image: Hop, method: Method, error: units.Vanished, starts: int) -> None:
    """Only a host that somebody has restarted explains a unit that is gone; then it is looked at anew, once."""
    remedy = INCOMPLETE.format(command=" ".join(command(context.job, image, method)))
    before = context.found.boot_id
    if await reading.boot_id(context) == before or starts >= STARTS:
        raise Fail(error.message, remedy)
    context.warn(f"{error.message}; the host was restarted by somebody else")
    await reading.load_modules(context)


async def _was_reset(context: Context, image: Hop, method: Method, ended: units.Ended) -> bool:
    """Has somebody reset the BMC under its own flash? Then it is waited for, and written again from what runs there."""
    if image.kind != "bmc" or not _complaint(method, ended) or await looking.bmc_answers(context):
        return False
    context.warn("the flash broke off, and the BMC is silent: somebody may have reset it; it is waited for")
    await _bmc_answers(context)
    running = await reading.version(context, "bmc")
    if not versions.same(running, image.version):
        context.warn(f"the BMC is back with {running}: it is written again from what runs")
    await units.over(context, image.sha256)
    return True


async def _judge(context: Context, image: Hop, method: Method, ended: units.Ended) -> None:
    complaint = _complaint(method, ended)
    if not complaint and method.tool == "hpm":
        complaint = await hpmproof.objection(context, image)
    if not complaint:
        return
    if _wrote_nothing(method, ended) or _never_ran(ended):
        context.mark(image, "not-begun")
        await units.forget(context)  # it would read as a bank that may be incomplete
        if _never_ran(ended):
            tool = command(context.job, image, method)[0]
            raise Refuse(
                f"{tool} is gone from the host since it was looked at: it could not be started, and nothing of "
                f"{image.kind.upper()} {image.version} was written",
                f"install {tool} on the host again, find out who removed it, then run the plan again",
            )
        raise Refuse(f"{image.file.name} was not taken: {complaint}", "put that right; nothing was written")
    if not context.job.despite_incomplete:
        remedy = INCOMPLETE.format(command=" ".join(command(context.job, image, method)))
        raise Fail(f"the flash of {image.kind.upper()} {image.version} failed: {complaint}", remedy)
    context.fact(WORD, f"go on though {image.kind.upper()} {image.version} is not proved whole: {complaint}")


def _complaint(method: Method, ended: units.Ended) -> str:
    """Why the bank is not proved whole, "" where it is: the tool's completion line, exit 0, nothing against it."""
    judge = {"hpm": _judge_hpm, "sum": _judge_sum, "racadm": _judge_racadm}[method.tool]
    verdict = judge(ended.log)
    if verdict is None and method.tool != "racadm" and ended.status != 0:
        verdict = last_line(ended.log)
    if verdict is None:
        return ""
    return f"{verdict} (exit {ended.status}{_meaning(method, ended.status)})"


def _wrote_nothing(method: Method, ended: units.Ended) -> bool:
    """Did the tool stop before it touched the chip, by its own published meanings?"""
    if method.tool == "sum":
        before_writing = {sum.LICENCE_MISSING, sum.WRONG_BOARD, *sum.DRIVER_REFUSED, *sum.RETRY_LATER}
        return ended.status in before_writing and sum.parse_update(ended.log).stage not in ("writing", "verifying")
    return method.tool == "racadm"  # it hands the file over; without a job the iDRAC does nothing


def _never_ran(ended: units.Ended) -> bool:
    """Is all that was said that the tool could not be started?"""
    return re.fullmatch(r"Failed to execute \S+: No such file or directory", ended.log.strip()) is not None


def _judge_hpm(log: str) -> str | None:
    seen = hpm.parse_upgrade(log)
    if seen.complete and not seen.failed and not seen.rolled_back:
        return None
    complaints = [line.rsplit("|", 1)[-1] for line in seen.complaints]  # the first follows the percentage on its line
    return "; ".join(complaints) or last_line(log)


def _judge_sum(log: str) -> str | None:
    seen = sum.parse_update(log)
    return None if seen.complete else "; ".join(seen.complaints) or last_line(log)


def _judge_racadm(log: str) -> str | None:
    """racadm's exit status is not documented: its own line alone counts, and then the job queue."""
    seen = racadm.parse_update(log)
    return None if seen.accepted else seen.complaint


def _meaning(method: Method, status: int) -> str:
    return f", {sum.meaning(status)}" if method.tool == "sum" and status else ""


def _preserve(job: Job, method: Method) -> bool:
    return job.plan.policy.preserve_bios_settings and isinstance(method, BiosMethod) and method.preserve_setting


def _write_answer(job: Job) -> tuple[str, ...]:
    return ("sh", "-c", f"echo y > {answers_file(job)}")


def _look_hpm(log: str) -> tuple[str, int | None, int | None]:
    seen = hpm.parse_upgrade(log)
    return seen.stage or "starting", seen.percent if seen.stage == "uploading" else None, seen.size_bytes


def _look_sum(log: str) -> tuple[str, int | None, int | None]:
    seen = sum.parse_update(log)
    return seen.stage or "starting", seen.percent, None


def _look_racadm(log: str) -> tuple[str, int | None, int | None]:
    return "handing the file to the iDRAC", None, None


LOOKS = {"hpm": _look_hpm, "sum": _look_sum, "racadm": _look_racadm}

"""The BIOS: a reboot that proves the host boots today, the flash, the activation, the wait, the version read back."""

from __future__ import annotations

from functools import partial

from fwsim import units, versions
from fwsim.boards import BiosMethod
from fwsim.context import Context, Job
from fwsim.outcomes import Fail, NeedsHands, Refuse, Result, done, skipped, warned
from fwsim.paths import Hop
from fwsim.steps import Planned, Step, flash, for_image, guard, hostreboot, jobretry, racjobs, reading
from fwsim.tools import dmidecode, kernel, racadm

JOB_APPEARS_S = 300.0


def before(job: Job) -> tuple[Step, ...]:
    """Once, before the first BIOS flash."""
    if not job.plan.policy.canary_reboot:
        return ()
    return (
        Step(
            "canary",
            "bios",
            "Does the host boot today?",
            canary,
            lambda job: hostreboot.planned(False, job.plan.host.local),
            True,
        ),
    )


def steps(job: Job, image: Hop) -> tuple[Step, ...]:
    """For one image; intermediate ones come first."""
    name = f"BIOS {image.version}"
    step = partial(for_image, image, "bios")
    return (
        step("bios-flash", f"Flash {name}", write, lambda job: flash.planned(job, image), True),
        step("bios-activate", "Restart the host", activate, lambda job: _activate_commands(job, image), True),
        step("bios-wait", "Wait for the host", wait, lambda job: (Planned("host", kernel.BOOT_ID),)),
        step("bios-version", f"Is it {name}?", verify, lambda job: (Planned("host", dmidecode.BIOS),)),
    )


def _needed(context: Context, image: Hop) -> bool:
    return image in context.found.path.get("bios", ())


def _method(job: Job, image: Hop) -> BiosMethod:
    method = next((m for m in job.methods(image) if isinstance(m, BiosMethod)), None)
    if method is None:
        raise Refuse(f"no tool of this board takes a BIOS file named {image.file.name}", "take the vendor's package")
    return method


async def canary(context: Context) -> Result:
    """Whoever flashes first and reboots then does not know which of the two broke the boot."""
    if not context.found.path.get("bios"):
        return skipped("the BIOS stays as it is")
    if context.found.pending("bios") is not None:
        return skipped("the BIOS's flash was begun before: nothing is restarted before it is proved whole")
    boot_id = await reading.boot_id(context)
    if context.found.canary_under not in ("", boot_id):
        return done("the host has booted since it was asked to")
    against = await guard.objection(context)
    if against and not context.job.despite_incomplete:
        return warned(f"no reboot before the flash: {against}")
    await guard.may_restart(context, "reboot the host before the flash")
    await hostreboot.reboot(context, "to see that the host boots today")
    took = await hostreboot.wait(context, context.board.deadlines.host_boot_s, boot_id)
    return done(f"the host boots, {took:.0f} s")


async def write(context: Context, image: Hop) -> Result:
    """Look first; flash; where the board stages, wait until the job is scheduled."""
    if not _needed(context, image):
        return skipped(f"{context.found.version('bios')} runs already")
    if image in context.found.whole:
        return skipped("was written, and proved whole, before")
    method = _method(context.job, image)
    note: dict[str, str] = {}

    async def attempt() -> bool:
        written = await flash.run(context, image, method, context.board.deadlines.bios_flash_s)
        if image in context.found.flashed and method.tool == "racadm":
            note["job"] = await _scheduled(context, image)
        return written

    written = await jobretry.twice(context, image, attempt)
    if image not in context.found.flashed:
        return skipped(f"{context.found.version('bios')} runs already")
    context.mark(image, "whole", **note)
    if not written:
        return done(f"{image.version} was written, and runs")
    return done(f"{image.version} {'written' if method.applies == 'at-once' else 'staged'} by {method.tool}")


async def _scheduled(context: Context, image: Hop) -> str:
    """The id of its job, which is scheduled now or, where the host was restarted meanwhile, at work or completed."""
    known = context.found.jobs_before.get(image, frozenset())
    job = await racjobs.created(context, known, "bios", JOB_APPEARS_S)
    await racjobs.until(context, job.id, _is_scheduled, "Scheduled", context.board.deadlines.bios_flash_s)
    return job.id


def _is_scheduled(job: racadm.Job) -> bool:
    return job.status == "Scheduled" or job.state == "completed"


def _activate_commands(job: Job, image: Hop) -> tuple[Planned, ...]:
    by_power = any(m.activated_by == "power-cycle" for m in _bios_methods(job, image))
    return hostreboot.planned(by_power, job.plan.host.local)


def _bios_methods(job: Job, image: Hop) -> tuple[BiosMethod, ...]:
    return tuple(m for m in job.methods(image) if isinstance(m, BiosMethod))


async def activate(context: Context, image: Hop) -> Result:
    """What makes the new BIOS run is the board's: reboot, power cycle, or mains away."""
    if image not in context.found.flashed:
        return skipped("nothing was flashed")
    guard.proved_whole(context, image, "the host is not restarted")
    boot_id = await reading.boot_id(context)
    if context.found.restarting.get(image, boot_id) != boot_id:
        return skipped("the host has restarted since it was asked to")
    if versions.same(context.found.version("bios"), image.version):
        return skipped(f"{context.found.version('bios')} runs already")
    await guard.may_restart(context, "restart the host")
    context.mark(image, "restarting", boot=boot_id)
    match _method(context.job, image).activated_by:
        case "reboot":
            await hostreboot.reboot(context, f"into BIOS {image.version}")
            return done("rebooting")
        case "power-cycle":
            await hostreboot.power_cycle(context, f"into BIOS {image.version}")
            return done("shut down, and powered on again")
        case "ac-cycle":
            raise NeedsHands(
                f"BIOS {image.version} is written; this board takes it over only when all mains were away",
                "shut the host down, take all power cords out for 30 seconds, put them back, power it on",
            )


async def wait(context: Context, image: Hop) -> Result:
    """The host is back, and where there is a job, it is Completed."""
    if image not in context.found.flashed:
        return skipped("nothing was flashed")
    deadlines = context.board.deadlines
    staged = _method(context.job, image).applies == "staged"
    needed_s = deadlines.host_boot_s + deadlines.post_s + (deadlines.bios_apply_s if staged else 0)
    deadline_s = max(deadlines.bios_s, needed_s)
    took = await hostreboot.wait(context, deadline_s, context.found.restarting.get(image, ""))
    job = context.found.jobs.get(image)
    if job is not None:
        await racjobs.until(context, job, lambda j: j.state == "completed", "Completed", deadlines.bios_apply_s)
    return done(f"the host is back after {took:.0f} s{', the job is Completed' if job else ''}")


async def verify(context: Context, image: Hop) -> Result:
    """The version that runs, by DMI."""
    if image not in context.found.flashed:
        return skipped("nothing was flashed")
    running = await reading.version(context, "bios")
    await units.over(context, image.sha256)
    if not versions.same(running, image.version):
        raise Fail(
            f"the flash claimed success, but BIOS {running} runs, expected {image.version}",
            "look at the tool's log in the run's folder and at the event log before it is flashed again",
        )
    context.mark(image, "verified", version=running)
    return done(f"BIOS {running} runs")

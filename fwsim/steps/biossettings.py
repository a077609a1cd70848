"""The BIOS's settings: exported by the vendor's tool, compared, put back, with the one reboot that this needs."""

from __future__ import annotations

from pathlib import Path

from fwsim import versions, waiting
from fwsim.context import Context, Job, last_line
from fwsim.outcomes import Fail, Result, done, skipped
from fwsim.paths import Hop
from fwsim.steps import Planned, guard, hostparts, hostreboot, racjobs, reading
from fwsim.tools import Unparsable, racadm, sum

TOOL_S = 300.0
JOB_S = 300.0
NAMED = 5  # settings that a message names


def remote(job: Job, name: str = "bios-settings") -> str:
    """Where the tool writes and reads the file on the host."""
    return f"{job.directory}/{name}.xml"


def _by_racadm(job: Job) -> bool:
    return job.board.racadm is not None


def _export(job: Job) -> tuple[str, ...]:
    return racadm.export_settings(remote(job)) if _by_racadm(job) else sum.get_bios_settings(remote(job))


def export_commands(job: Job) -> tuple[Planned, ...]:
    return (Planned("host", _remove(job)), Planned("host", _export(job))) if job.images("bios") else ()


def _remove(job: Job) -> tuple[str, ...]:
    return ("rm", "-f", remote(job))  # an older file must not pass for a new one


def restore_commands(job: Job) -> tuple[Planned, ...]:
    when = "where settings were lost"
    name = "bios-restore" if _by_racadm(job) else "bios-settings"
    put = racadm.import_settings if _by_racadm(job) else sum.change_bios_settings
    copy = job.copying((job.folder or Path()) / "backup" / f"{name}.xml", remote(job, name))
    rows = (Planned("operator", copy, when), Planned("host", put(remote(job, name)), when))
    return (
        *export_commands(job),
        *rows,
        *(Planned(p.where, p.argv, when) for p in hostreboot.planned(False, job.plan.host.local)),
    )


def parse(job: Job, data: bytes) -> dict[str, str]:
    """Setting -> value. Raises Unparsable."""
    return racadm.parse_profile(data) if _by_racadm(job) else sum.parse_bios_settings(data)


async def export(context: Context) -> bytes:
    """The file that the tool writes, parsed once. Raises Fail where there is none, Unparsable."""
    argv = _export(context.job)
    await context.read(_remove(context.job))
    answer = await context.read(argv, timeout_s=TOOL_S)
    if answer.status != 0 and not _by_racadm(context.job):
        why = f"{sum.meaning(answer.status)}: {sum.error(answer.stdout) or last_line(answer.stdout or answer.stderr)}"
        raise Fail(f"`{' '.join(argv)}` exited {answer.status} ({why})")
    return await _written(context)


async def _written(context: Context) -> bytes:
    """racadm may hand the export to a job and return at once: the file counts when it is there and whole."""
    deadline = context.now() + (JOB_S if _by_racadm(context.job) else 0.0)
    while True:
        try:
            data = await context.get(remote(context.job))
            parse(context.job, data)
            return data
        except (Fail, Unparsable):
            if context.now() >= deadline:
                raise
        await context.sleep(context.board.waits.poll_s)


async def compare(context: Context, image: Hop) -> Result:
    """After the flash of that BIOS: as before, or put back."""
    if image not in context.found.flashed:
        return skipped("nothing was flashed")
    if "bios-settings" not in context.found.backup:
        return skipped("there is no backup of them, by the plan's word")
    lost = await _lost(context)
    if not lost:
        return done("as before")
    context.warn(f"BIOS settings changed: {_words(lost)}")
    if not context.plan.policy.restore:
        context.unrestored(f"BIOS settings changed: {_words(lost)}", "set them again; the backup has the file")
        return done(f"{len(lost)} settings changed; the plan does not let them be put back")
    await _put_back(context, image, lost)
    return await _judged(context, lost)


async def _judged(context: Context, lost: dict[str, tuple[str, str]]) -> Result:
    still = await _lost(context)
    if still:
        remedy = "set them in the BIOS's own menus; the backup in the run's folder has them"
        context.unrestored(f"BIOS settings changed: {_words(still)}", remedy)
    back = len(lost) - len(still)
    return done(f"{back} of {len(lost)} changed settings put back, by one more reboot")


async def _lost(context: Context) -> dict[str, tuple[str, str]]:
    """Settings with another value than before. A newer BIOS may have no such setting any more: that is no loss."""
    before = parse(context.job, context.found.backup["bios-settings"].encode("latin-1"))
    now = parse(context.job, await export(context))
    gone = [name for name in before if name not in now and not name.rsplit(" / ", 1)[-1].startswith("Boot Option")]
    if gone:
        context.warn(f"this BIOS has no such settings any more: {', '.join(gone[:NAMED])}")
    return {name: (was, now[name]) for name, was in before.items() if name in now and now[name] != was}


async def _put_back(context: Context, image: Hop, lost: dict[str, tuple[str, str]]) -> None:
    context.intend(f"put back {len(lost)} BIOS settings", "bios")
    context.fact("allowed", "settings")  # by the plan's policy
    try:
        job = await (_import(context, lost) if _by_racadm(context.job) else _change(context))
    except (Fail, Unparsable) as error:
        context.warn(f"the settings cannot be put back: {error}")
        return
    context.changed("bios-settings", "BIOS settings were put back")
    before = await reading.boot_id(context)
    await guard.may_restart(context, "restart the host")
    await hostreboot.reboot(context, "to take the BIOS's settings over")
    await hostreboot.wait(context, context.board.deadlines.host_boot_s + context.board.deadlines.post_s, before)
    if job:
        deadline_s = context.board.deadlines.bios_apply_s
        await racjobs.until(context, job, lambda j: j.state == "completed", "Completed", deadline_s)
    running = await reading.version(context, "bios")
    if not versions.same(running, image.version):
        raise Fail(
            f"BIOS {running} runs after the restart for its settings, expected {image.version}", "look at its log"
        )
    await hostparts.boot_order(context, image)  # the settings have a boot order of their own


async def _change(context: Context) -> str:
    path = remote(context.job)
    await context.put(context.run_dir / "backup" / "bios-settings.xml", path)
    answer = await context.change(sum.change_bios_settings(path), timeout_s=TOOL_S)
    if answer.status != 0:
        said = sum.error(answer.stdout) or last_line(answer.stdout)
        raise Fail(f"ChangeBiosCfg exited {answer.status} ({sum.meaning(answer.status)}): {said}")
    return ""


async def _import(context: Context, lost: dict[str, tuple[str, str]]) -> str:
    """A profile of what was lost alone; the job that takes it over waits for the restart."""
    local, path = context.run_dir / "backup" / "bios-restore.xml", remote(context.job, "bios-restore")
    local.write_bytes(racadm.profile({name: was for name, (was, _) in lost.items()}))
    await context.put(local, path)
    known = {job.id for job in await racjobs.queue(context) or ()}
    await context.change(racadm.import_settings(path), timeout_s=TOOL_S)
    made: list[racadm.Job] = []

    async def there() -> bool:
        made[:] = [
            j for j in await racjobs.queue(context) or () if j.id not in known and j.name.startswith("Configure")
        ]
        return bool(made)

    patience = waiting.Patience(JOB_S, context.board.waits.poll_s, 1)
    if not (await waiting.until_steady(context.doors.clock, there, patience)).reached:
        raise Fail("racadm took the profile, but no job for it came into the queue")
    scheduled = await racjobs.until(context, made[0].id, _waits, "Scheduled", JOB_S)
    return scheduled.id


def _waits(job: racadm.Job) -> bool:
    return job.status == "Scheduled" or job.state == "completed"


def _words(lost: dict[str, tuple[str, str]]) -> str:
    shown = [f"{name} {now} (was {was})" for name, (was, now) in list(lost.items())[:NAMED]]
    return ", ".join(shown) + (f" and {len(lost) - NAMED} more" if len(lost) > NAMED else "")

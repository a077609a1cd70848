"""Dell's job queue: the iDRAC says "initiated" at once, whether it was done stands in the queue."""

from __future__ import annotations

from collections.abc import Callable, Collection

from fwsim.boards import Kind
from fwsim.context import Context
from fwsim.doors import CommandTimeout
from fwsim.outcomes import Fail, Refuse
from fwsim.paths import Hop
from fwsim.tools import Unparsable, racadm
from fwsim.tools.racadm import Job


class JobFailed(Fail):
    """The job has ended, and not well."""

    def __init__(self, job: Job, message: str, remedy: str) -> None:
        super().__init__(message, remedy)
        self.job = job


RACADM_S = 180.0  # racadm is slow, and slower while the iDRAC is busy


async def queue(context: Context) -> tuple[Job, ...] | None:
    """Every job, or None while the iDRAC does not answer, as in its restart."""
    try:
        return racadm.parse_jobs((await context.poll(racadm.JOBS, timeout_s=RACADM_S)).stdout)
    except (Unparsable, CommandTimeout):
        return None


async def ids(context: Context) -> str:
    """The jobs that are there before a file is handed over, in one line. Raises Refuse where they cannot be read."""
    jobs = await queue(context)
    if jobs is None:
        raise Refuse("the iDRAC's job queue cannot be read", "wait until `racadm jobqueue view` answers")
    return " ".join(job.id for job in jobs)


async def handed_over(context: Context, image: Hop) -> bool:
    """Has an earlier engine of this run given that file to the iDRAC already? Then there is a job for it."""
    known = context.found.jobs_before.get(image)
    if known is None or image not in context.found.flashed:
        return False
    job = new(known, await queue(context) or (), image.kind)
    return job is not None and job.state != "failed"


def new(known: Collection[str], jobs: Collection[Job], kind: Kind) -> Job | None:
    """`racadm update` does not name its job: the one of that kind that was not there before."""
    return racadm.new_job((), [job for job in jobs if job.id not in known], kind)


async def created(context: Context, known: Collection[str], kind: Kind, deadline_s: float) -> Job:
    """The job that `racadm update` has made. Raises Fail where none comes."""
    began = context.now()
    while True:
        job = new(known, await queue(context) or (), kind)
        if job is not None:
            context.fact(f"{kind}.job", job.id)
            return job
        if context.now() - began >= deadline_s:
            raise Fail("racadm took the file, but no job for it came into the queue", "look at `racadm jobqueue view`")
        await context.sleep(context.board.waits.poll_s)


async def until(context: Context, identity: str, reached: Callable[[Job], bool], what: str, deadline_s: float) -> Job:
    """Wait until that job is where it should be. Raises Fail where it failed or takes too long."""
    began, last = context.now(), ""
    while True:
        job = next((job for job in await queue(context) or () if job.id == identity), None)
        if job is not None:
            last = _told(context, job, last)
            if reached(job):
                return job
            if job.state == "failed":
                raise JobFailed(
                    job,
                    f"the job {job.id} ({job.name}) ended as {job.status}: {job.message_id} {job.message}",
                    "restart neither the iDRAC nor the host; look at `racadm lclog view`, then flash it again in band",
                )
        if context.now() - began >= deadline_s:
            where = f"is {job.status}" if job else "cannot be read"
            raise Fail(
                f"the job {identity} {where} after {deadline_s:g} s, expected {what}",
                "let it end; never restart the iDRAC or clear jobs while one is running",
            )
        await context.sleep(context.board.waits.poll_s)


def _told(context: Context, job: Job, last: str) -> str:
    text = f"{job.name}: {job.status}"
    if f"{text} {job.percent}" != last:
        context.progress(text, job.percent / 100 if job.percent is not None else None)
    return f"{text} {job.percent}"

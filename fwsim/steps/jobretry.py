"""A job of Dell's queue that failed is cleared, and the file handed over once more: only once it has ended, and the
version that runs was read. While any job is open nothing is cleared (DESIGN rule 11).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from fwsim import units, versions
from fwsim.context import Context
from fwsim.paths import Hop
from fwsim.steps import racjobs, reading
from fwsim.tools import racadm

T = TypeVar("T")


async def twice(context: Context, image: Hop, attempt: Callable[[], Awaitable[T]]) -> T:
    """`attempt`: hand the file over and wait for its job. Raises racjobs.JobFailed where that does not help either."""
    try:
        return await attempt()
    except racjobs.JobFailed as failed:
        await _clear(context, image, failed)
    return await attempt()


async def _clear(context: Context, image: Hop, failed: racjobs.JobFailed) -> None:
    """Raises `failed` again where it is not for us to clear it."""
    name = f"{image.kind}-{image.version}"
    if not context.plan.policy.retry_failed_job or name in context.found.retried:
        raise failed
    jobs = await racjobs.queue(context)
    if jobs is None or any(job.is_open for job in jobs):
        raise failed
    running = await reading.version(context, image.kind)
    if versions.same(running, image.version):
        return  # it has done its work before it failed
    context.warn(f"{failed.message}; {running} runs: the job is cleared, and the file handed over once more")
    context.intend(f"clear the failed job {failed.job.id}", "idrac")
    context.fact("allowed", "jobs")  # by the plan's policy
    context.fact("job.retried", name)
    context.found.retried.add(name)
    await context.must(racadm.delete_job(failed.job.id), timeout_s=racjobs.RACADM_S, changes=True)
    await units.over(context, image.sha256)

"""Payloads go to the host, and have arrived as they were. Opaque ones are shown to the vendor's tool there."""

from __future__ import annotations

from fwsim.context import Context, Job
from fwsim.doors import NotTaken
from fwsim.outcomes import Refuse, Result, done, skipped
from fwsim.paths import Hop
from fwsim.steps import Planned, Step
from fwsim.steps.identify import ask, questions
from fwsim.tools import sha256sum

TRIES = 2


def make_directory(job: Job) -> tuple[str, ...]:
    return ("mkdir", "-p", "-m", "0700", job.directory)


def _copies(job: Job) -> tuple[Planned, ...]:
    rows = [Planned("host", make_directory(job))]
    for image in job.all_images:
        rows.append(Planned("operator", job.copying(image.file, job.remote(image))))
        rows.append(Planned("host", sha256sum.argv(job.remote(image))))
    return tuple(rows)


async def copy(context: Context) -> Result:
    """Every image that is needed; a second time where its hash differs on the host."""
    found = context.found
    needed = [image for row in found.path.values() for image in row if image not in found.whole]
    if not needed and not found.flashed:
        return skipped("every wanted version runs already")
    context.intend("copy payloads", context.job.directory)
    found.transferred = True
    await context.must(make_directory(context.job), changes=True)  # later steps use it even where no file is needed
    if not needed:
        return skipped("nothing has to be flashed any more")
    for image in needed:
        await copy_one(context, image)
    return done(f"{len(needed)} file{'s' * (len(needed) > 1)} in {context.job.directory}, SHA-256 as in the plan")


async def copy_one(context: Context, image: Hop) -> None:
    """Its SHA-256 is right on the host. Raises Refuse."""
    remote, seen = context.job.remote(image), ""
    if context.found.resumed and await _is_there(context, image):
        return
    for _ in range(TRIES):
        context.progress(f"copying {image.file.name}")
        try:
            await context.put(image.file, remote)
        except NotTaken as error:
            raise Refuse(str(error), "free some space on the host's disk, then run the plan again") from error
        seen = sha256sum.parse((await context.must(sha256sum.argv(remote))).stdout)
        if seen == image.sha256:
            context.fact(f"{image.kind}.sha256", seen)
            return
        context.warn(f"{image.file.name} arrived with SHA-256 {seen}, expected {image.sha256}")
    raise Refuse(
        f"{image.file.name} was damaged on the way {TRIES} times: SHA-256 {seen}, expected {image.sha256}",
        "check the network and the host's disk, then run the plan again",
    )


async def _is_there(context: Context, image: Hop) -> bool:
    """An engine before this one has copied it, whole."""
    answer = await context.read(sha256sum.argv(context.job.remote(image)))
    if answer.status != 0 or sha256sum.parse(answer.stdout) != image.sha256:
        return False
    context.fact(f"{image.kind}.sha256", image.sha256)
    return True


STEPS = (
    Step("transfer", "transfer", "Copy the payloads to the host", copy, _copies, changes=True),
    Step("identify", "transfer", "Ask the vendor's tool what the files are", ask, questions),
)

"""The golden sequence as data: which steps a plan has, in order, and the exact commands of each.

A step's `commands` are the lines that its action runs, made by the same functions, so that a dry run tells the truth;
a test runs a healthy update and holds every changing command against this list.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fwsim.context import Context, Job
from fwsim.outcomes import Result
from fwsim.paths import Hop

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Planned:
    """A command that a step may run. `where`: host, bmc or operator. `when`: "" = always, else in which case."""

    where: str
    argv: tuple[str, ...]
    when: str = ""

    @property
    def line(self) -> str:
        """As one would type it."""
        return shlex.join(self.argv)


def planned_on_host(*argvs: tuple[str, ...]) -> tuple[Planned, ...]:
    """Commands that always run there."""
    return tuple(Planned("host", argv) for argv in argvs)


Action = Callable[[Context], Awaitable[Result]]


def _no_commands(job: Job) -> tuple[Planned, ...]:
    return ()


@dataclass(frozen=True)
class Step:
    """One step. `changes`: does it write to the server? Those that do not may be run days before.

    `needs`: steps of the preflight that must have gone well for this one to make sense. An update stops at the first
    refusal and need not look; a preflight goes on with what can still be told.
    """

    id: str
    stage: str
    title: str
    action: Action
    commands: Callable[[Job], Sequence[Planned]] = _no_commands
    changes: bool = False
    needs: tuple[str, ...] = ()


def for_image(
    image: Hop,
    stage: str,
    name: str,
    title: str,
    action: Callable[[Context, Hop], Awaitable[Result]],
    commands: Callable[[Job], Sequence[Planned]],
    changes: bool = False,
) -> Step:
    """A step about one image. An intermediate image's version stands in the id, for there are several of its kind."""

    async def act(context: Context) -> Result:
        return await action(context, image)

    return Step(step_id(name, image), stage, title, act, commands, changes)


def step_id(name: str, image: Hop) -> str:
    return name if image.last else f"{name}-{image.version}"


def sequence(job: Job) -> tuple[Step, ...]:
    """Every step of that plan on that board, in order."""
    from fwsim.steps import backup, bios, bmc, cleanup, hooks, lastlook, preflight, transfer, verify, watchdog

    rows: list[Step] = [*preflight.STEPS, *hooks.first(job), *transfer.STEPS, *backup.STEPS, watchdog.STEP]
    for image in job.images("bmc"):
        rows += [*bmc.steps(job, image), *verify.after(job, image)]
    if job.images("bios"):
        rows += bios.before(job)
    for image in job.images("bios"):
        rows += [*bios.steps(job, image), *verify.after(job, image)]
    return (*rows, *hooks.checks(job), *cleanup.STEPS, *lastlook.STEPS, *verify.LAST, *hooks.last(job))

"""What stands between two steps: the operator's yes before the first change, the stage to stop before, the window.

A gate raises the Stop that ends the run. Before anything was changed that is a refusal; afterwards the run is
interrupted where nothing is half done, and `fwsim resume` goes on with it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from fwsim import window
from fwsim.context import Context
from fwsim.events import Answered, Asked
from fwsim.outcomes import Interrupt, Refuse, Stop
from fwsim.steps import Step
from fwsim.window import Window

READ_ONLY = "preflight"
IDENTITY = {  # fact -> what a person calls it
    "host.board": "board",
    "host.serial": "serial number",
    "bmc.guid": "BMC GUID",
    "bmc.mac": "BMC MAC",
    "bmc.version": "BMC version",
    "bios.version": "BIOS version",
}


@dataclass(frozen=True)
class Write:
    """One image that will be written."""

    kind: str
    before: str
    version: str
    file: str
    sha256: str


@dataclass(frozen=True)
class Proposal:
    """What a person is shown before the first change: the server as it was read, and what will be written."""

    host: str
    board: str
    identity: tuple[tuple[str, str], ...]  # what -> as read
    writes: tuple[Write, ...]
    steps: tuple[Step, ...]  # still to come


Confirm = Callable[[Proposal], Awaitable[str]]
"""Shows it and asks. "" is a yes; anything else says why not."""


@dataclass(frozen=True)
class Terms:
    """What the operator set for this run. `confirm` None: nobody is asked."""

    confirm: Confirm | None = None
    stop_before: str = ""
    window: Window | None = None


NO_TERMS = Terms()


class Gates:
    """Passed before each step. `epoch`: Unix time of the clock's 0."""

    def __init__(self, terms: Terms, steps: Sequence[Step], epoch: float) -> None:
        self._terms, self._steps, self._epoch = terms, tuple(steps), epoch
        self._stage, self._agreed = "", terms.confirm is None

    async def before(self, number: int, step: Step, context: Context) -> None:
        """`number` counts from 1. Raises Stop."""
        entered, self._stage = step.stage != self._stage, step.stage
        if entered and slug(step.stage) == self._terms.stop_before:
            raise Interrupt(f"stopped before the stage {step.stage}, as asked", f"`fwsim resume {context.job.run_id}`")
        if entered and step.stage != READ_ONLY and self._terms.window is not None:
            self._fits(self._terms.window, step.stage, context)
        if step.changes and not self._agreed and _writes(context):
            await self._ask(number, context)

    def _fits(self, wanted: Window, stage: str, context: Context) -> None:
        """A stage that was begun is brought to its end, whatever the time."""
        if stage == "cleanup" or (stage in ("bmc", "bios") and _is_begun(context, stage)):
            return
        if not _writes(context):
            return
        left_s = wanted.left_s(self._epoch + context.now())
        needed_s = window.needed_s(context.job, stage) or _first_needed(context)
        if left_s >= needed_s and left_s > 0:
            return
        shut = f"the window {wanted} is not open now"
        short = (
            f"the window {wanted} closes in {left_s / 60:.0f} minutes; the stage {stage} and its way back may take "
            f"{needed_s / 60:.0f}"
        )
        raise _not_now(short if left_s > 0 else shut, context)

    async def _ask(self, number: int, context: Context) -> None:
        assert self._terms.confirm is not None
        proposal = proposed(context, self._steps[number - 1 :])
        context.emit(Asked(context.now(), f"write {len(proposal.writes)} image(s) to {proposal.host}?"))
        objection = await self._terms.confirm(proposal)
        context.emit(Answered(context.now(), not objection))
        if objection:
            raise Refuse(objection, "nothing was changed; run it again, on a terminal or with --yes")
        self._agreed = True


def proposed(context: Context, steps: Sequence[Step]) -> Proposal:
    """From what the preflight has read."""
    found, plan = context.found, context.plan
    rows = [(name, context.facts[key]) for key, name in IDENTITY.items() if key in context.facts]
    writes = [
        Write(image.kind, found.version(image.kind), image.version, image.file.name, image.sha256)
        for path in found.path.values()
        for image in path
    ]
    return Proposal(plan.host.address, context.board.title, tuple(rows), tuple(writes), tuple(steps))


def stages(steps: Sequence[Step]) -> tuple[str, ...]:
    """Those that one can stop before, in order, as one types them."""
    return tuple(slug(stage) for stage in dict.fromkeys(step.stage for step in steps) if stage != READ_ONLY)


def slug(stage: str) -> str:
    return stage.lower().replace(" ", "-")


def _writes(context: Context) -> bool:
    """Is there anything to flash, or half done?"""
    return bool(context.found.path or context.found.flashed)


def _is_begun(context: Context, stage: str) -> bool:
    return any(image.kind == stage for image in context.found.flashed)


def _first_needed(context: Context) -> float:
    """Of the first stage that flashes: who copies files for it wants to get that far."""
    return window.needed_s(context.job, next((s for s in ("bmc", "bios") if context.found.path.get(s)), ""))


def _not_now(message: str, context: Context) -> Stop:
    if not context.found.done:
        return Refuse(message, "run it again within the window, or give it a longer one")
    remedy = f"the server is as it was left; in the next window: `fwsim resume {context.job.run_id}`"
    return Interrupt(message, remedy)

"""The first stage alone, days ahead: every check, not only up to the first refusal. Changes nothing.

The steps are the update's own, run by its engine. One whose `needs` did not go well is not tried: what it would say
follows from them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from fwsim.boards import Board
from fwsim.doors import Doors
from fwsim.engine import Engine
from fwsim.events import EXIT_CODES, Event, Outcome, PreflightEnded, StepEnded, StepStarted
from fwsim.outcomes import Interrupt
from fwsim.payload import Payload
from fwsim.plan import Plan
from fwsim.steps import Step
from fwsim.steps.preflight import STEPS

WENT_WELL: frozenset[Outcome] = frozenset({"done", "waived", "skipped"})
AGAINST: frozenset[Outcome] = frozenset({"refused", "failed", "needs-hands"})


class Preflight(Engine):
    """One look at one server, by `look`. The last event is PreflightEnded, whatever happens."""

    def __init__(
        self,
        plan: Plan,
        board: Board,
        payloads: Mapping[Path, Payload],
        doors: Doors,
        emit: Callable[[Event], None],
        *,
        run_id: str,
        run_dir: Path,
        epoch: float = 0.0,
        allow_synthetic: bool = False,
    ) -> None:
        self._outcomes: dict[str, Outcome] = {}
        self._tell = emit
        super().__init__(
            plan, board, payloads, doors, self._hear,
            run_id=run_id, run_dir=run_dir, epoch=epoch, allow_synthetic=allow_synthetic,
        )  # fmt: skip
        self.job = self._context.job = replace(self.job, read_only=True)
        self.steps = STEPS

    async def look(self) -> PreflightEnded:
        """Every check that makes sense. Raises nothing of its own."""
        self._emit(self._started())
        for number, step in enumerate(self.steps, 1):
            blocked = [need for need in step.needs if self._outcomes[need] not in WENT_WELL]
            if blocked:
                self._cannot_tell(number, step, blocked)
            elif isinstance(await self._step(number, step), Interrupt):
                break
        ended = self._verdict()
        self._emit(ended)
        return ended

    def _hear(self, event: Event) -> None:
        if isinstance(event, StepEnded):
            self._outcomes[event.step] = event.outcome
        self._tell(event)

    def _cannot_tell(self, number: int, step: Step, blocked: list[str]) -> None:
        now = self._context.now()
        titles = ", ".join(f"{s.number}. {s.title}" for s in self._numbered() if s.step in blocked)
        self._emit(StepStarted(now, step.id, number, len(self.steps), step.title))
        self._emit(StepEnded(now, step.id, "warned", f"follows from: {titles}", 0.0, "put that right first"))

    def _numbered(self) -> list[StepStarted]:
        return [StepStarted(0.0, s.id, n, len(self.steps), s.title) for n, s in enumerate(self.steps, 1)]

    def _verdict(self) -> PreflightEnded:
        at, outcomes = self._context.now(), self._outcomes.values()
        if "interrupted" in outcomes:
            text = "stopped from outside; nothing was changed"
            return PreflightEnded(at, "interrupted", EXIT_CODES["interrupted"], text)
        against = sum(outcome in AGAINST for outcome in outcomes)
        untold = sum(outcome in ("warned", "skipped") for outcome in outcomes)
        if against:
            text = f"{against} of {len(self.steps)} checks {'is' if against == 1 else 'are'} against it"
            return PreflightEnded(at, "no-go", EXIT_CODES["refused"], text)
        text = f"nothing is against it{f'; {untold} of {len(self.steps)} checks could not tell' if untold else ''}"
        return PreflightEnded(at, "go", 0, text)

"""Runs the steps of a plan, in order, through the doors, and tells what happens as events.

One task that awaits nothing but its doors. The last event is RunEnded, whatever happens; `emit` hears every event
before the engine goes on, the journal first.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import fwsim
from fwsim import recall
from fwsim.boards import Board
from fwsim.context import Context, Job
from fwsim.doors import (
    BmcAuthenticationRefused,
    CommandTimeout,
    DoorError,
    Doors,
    HostAuthenticationRefused,
    HostKeyRefused,
)
from fwsim.events import EXIT_CODES, Ending, Event, RunEnded, RunStarted, StepEnded, StepStarted
from fwsim.gates import NO_TERMS, READ_ONLY, Gates, Terms
from fwsim.outcomes import Fail, Interrupt, Refuse, Result, Stop
from fwsim.payload import Payload
from fwsim.plan import Plan
from fwsim.steps import Step, cleanup, hooks, resume, sequence
from fwsim.tools import Unparsable

T = TypeVar("T")
LOOK_FIRST = (
    "look at the step's commands in the journal (`fwsim show`) and put right what they complain of; restart nothing "
    "that was being flashed; then run the plan again"
)


class Engine:
    """One run of one plan. `run_dir` is on the operator's side: the backup is kept there. `epoch`: Unix time of at = 0.

    `allow_synthetic` lets marked images through; only a rehearsal, for a server that it started, says so.
    `past`: the journal of this run, where an engine before this one was interrupted; the clock goes on after it.
    `steps`: others than the plan's, in the same run, for `take`.
    `despite_incomplete`: the operator's explicit word against rule 11. `terms`: what stops the run between two steps.
    `if_stopped`: what helps after an interruption, where `fwsim resume` cannot.
    """

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
        despite_incomplete: bool = False,
        past: Sequence[Event] = (),
        terms: Terms = NO_TERMS,
        steps: Sequence[Step] | None = None,
        if_stopped: str = "",
    ) -> None:
        self.job = Job(run_id, plan, board, payloads, allow_synthetic, run_dir, despite_incomplete, if_stopped)
        found = recall.findings(past, self.job)
        rows = sequence(self.job) if steps is None else tuple(steps)
        self.steps = resume.steps(rows, found) if past and steps is None else rows
        self._reads_only = {step.id for step in self.steps if step.stage == READ_ONLY}
        self._epoch, self._emit = epoch, emit
        self._gates = Gates(terms, self.steps, epoch)
        self.doors = doors
        self._context = Context(self.job, doors, emit, run_dir, found)

    async def run(self) -> RunEnded:
        """Every step up to the end or the first that stops the run. Raises nothing of its own."""
        stop = await self.take()
        ended = await self._ended(await self._left_nothing(stop))
        self._emit(ended)
        return ended

    async def take(self) -> Stop | None:
        """The steps alone, and what stopped them. No end is told: whoever asked goes on with the run."""
        self._emit(self._started())
        for number, step in enumerate(self.steps, 1):
            stop = await self._gate(number, step) or await self._step(number, step)
            if stop is not None:
                return stop
        return None

    async def _step(self, number: int, step: Step) -> Stop | None:
        context = self._context
        context.step, began = step.id, context.now()
        self._emit(StepStarted(began, step.id, number, len(self.steps), step.title))
        result = await self._acted(step)
        if isinstance(result, Result):
            took = context.now() - began
            self._emit(StepEnded(context.now(), step.id, result.outcome, result.message, took, result.remedy))
            return None
        took = context.now() - began
        self._emit(StepEnded(context.now(), step.id, result.ending, result.message, took, result.remedy))
        return result

    async def _gate(self, number: int, step: Step) -> Stop | None:
        result = await self._guarded(self._gates.before(number, step, self._context))
        return result if isinstance(result, Stop) else None

    async def _acted(self, step: Step) -> Result | Stop:
        return await self._guarded(step.action(self._context))

    async def _guarded(self, doing: Awaitable[T]) -> T | Stop:
        """Whatever goes wrong in it ends the run in one of the known ways."""
        try:
            return await doing
        except Stop as stop:
            return self._after_changes(stop)
        except (DoorError, Unparsable) as error:
            return self._after_changes(_of_door(error) if isinstance(error, DoorError) else Refuse(str(error)))
        except Exception as error:
            return self._defect(error)
        except GeneratorExit:
            raise  # dropped by who drives us: nobody is there to hear
        except BaseException:  # Ctrl-C, or a cancelled task
            return Interrupt("stopped from outside", _resume_hint(self._context))

    def _defect(self, error: Exception) -> Stop:
        """Our own mistake: a sentence for the user, the traceback in the run's folder for us."""
        trace = self._context.run_dir / "defect.txt"
        trace.parent.mkdir(parents=True, exist_ok=True)
        trace.write_text("".join(traceback.format_exception(error)), "utf-8")
        what = f"{type(error).__name__}: {error}"
        return Fail(f"fwsim itself failed: {what}", f"report this defect of fwsim, with {trace}")

    def _after_changes(self, stop: Stop) -> Stop:
        """A refusal says that nothing was changed, as in the preflight; later it is a failure that says what was."""
        changes = self._context.found.done
        if isinstance(stop, Fail) and not changes and self._context.step in self._reads_only:
            return Refuse(stop.message, stop.remedy)
        if not isinstance(stop, Refuse) or not changes:
            return stop
        return Fail(f"{stop.message}; done before: {', '.join(changes)}", stop.remedy)

    async def _ended(self, stop: Stop | None) -> RunEnded:
        ending: Ending = stop.ending if stop else "updated"
        if stop is not None and hooks.AFTER in self.steps and self._context.step != hooks.AFTER.id:
            self._context.ending = ending
            await self._step(len(self.steps), hooks.AFTER)
        message = stop.message if stop else self._summary()
        versions = self._versions()
        remedy = (stop.remedy or LOOK_FIRST) if stop else ""
        return RunEnded(self._context.now(), ending, EXIT_CODES[ending], message, remedy, versions)

    async def _left_nothing(self, stop: Stop | None) -> Stop | None:
        """Take the payloads away again. What cannot be taken away makes a refusal a failure."""
        if stop is None or isinstance(stop, Interrupt) or self._context.found.done:
            return stop
        try:
            await cleanup.leave_nothing(self._context)
        except (Stop, DoorError, Unparsable) as error:
            left = f"{stop.message}; and {self.job.directory} is left on the host ({error})"
            return Fail(left, f"{stop.remedy}; remove {self.job.directory} on the host".removeprefix("; "))
        return stop

    def _summary(self) -> str:
        moved = [f"{kind.upper()} {old} -> {new}" for kind, (old, new) in self._versions().items() if old != new]
        return ", ".join(moved) or "the wanted versions were running already"

    def _versions(self) -> dict[str, tuple[str, str]]:
        wanted = {payload.kind for payload in self.job.plan.payloads}
        rows, unread = self._context.found.versions, self._context.found.unread
        return {
            kind: (rows[kind][0], "" if kind in unread else rows[kind][-1])
            for kind in ("bmc", "bios")
            if kind in wanted and kind in rows
        }

    def _started(self) -> RunStarted:
        plan = self.job.plan
        rows = tuple((step.id, step.stage, step.title) for step in self.steps)
        where = (self.job.board.name, plan.host.address, plan.bmc.address, plan.digest)
        return RunStarted(self._context.now(), self.job.run_id, *where, rows, self._epoch, fwsim.__version__)


def _of_door(error: DoorError) -> Stop:
    """What a door's error means where no step expected it. It is a refusal as long as nothing was changed."""
    remedies: tuple[tuple[type[DoorError], str], ...] = (
        (HostAuthenticationRefused, "check the plan's host.user, key and password"),
        (HostKeyRefused, "find out whether the host was reinstalled; then correct known_hosts"),
        (BmcAuthenticationRefused, "check the plan's bmc.user and password; more tries may lock the account"),
        (CommandTimeout, "the command may still be running on the host: look there before trying again"),
    )
    remedy = next((text for kind, text in remedies if isinstance(error, kind)), "look whether the server answers")
    return Refuse(str(error), remedy)


def _resume_hint(context: Context) -> str:
    if context.job.if_stopped:
        return context.job.if_stopped
    if context.found.done:
        return f"what was begun on the server goes on there; go on with `fwsim resume {context.job.run_id}`"
    return f"nothing was changed; `fwsim resume {context.job.run_id}` goes on, or run it again"

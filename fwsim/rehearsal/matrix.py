"""Every fault at every moment at which it can fire: cells, and what became of each. In memory, in virtual time.

A healthy rehearsal of the same plan is watched first: the moments of the model's life that it goes through, step by
step, are those at which a fault can be waiting. A fault is armed as its step is announced, before the step acts.
"""

from __future__ import annotations

import contextlib
import gc
import multiprocessing
import signal
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

from emulators.server import VirtualServer
from emulators.world import World
from fwsim import rules_repair
from fwsim.aftermath import Recover
from fwsim.events import CommandRan, Ending, Event, Fact, Intent, RunEnded, RunStarted, StepStarted
from fwsim.rehearsal import Injection, catalogue, in_memory, scratch, truth
from fwsim.rehearsal.catalogue import Passed, Watching
from fwsim.rehearsal.prepare import Prepared
from fwsim.report.matrix import Outcome, Verdict

CHUNK = 4  # cells handed to a process at a time: few, so that an interrupt loses little


@dataclass(frozen=True)
class Cell:
    """One rehearsal of the matrix: the faults and the steps at which they are armed."""

    injections: tuple[Injection, ...]

    @property
    def name(self) -> str:
        """As `--only` takes it."""
        return "+".join(f"{catalogue.label(i.fault)}@{i.step}" for i in self.injections)

    @property
    def row(self) -> str:
        return " + ".join(catalogue.label(i.fault) for i in self.injections)

    @property
    def step(self) -> str:
        """Where the last of them waits."""
        return self.injections[-1].step


def parse_cell(text: str) -> Cell:
    """The cell of that name. Raises ValueError."""
    injections = []
    for word in text.split("+"):
        fault, at, step = word.rpartition("@")
        if not at or not step:
            raise ValueError(f"expected FAULT@STEP, not {word!r}")
        injections.append(Injection(catalogue.parse(fault), step))
    return Cell(tuple(injections))


@dataclass(frozen=True)
class Healthy:
    """What a rehearsal without further faults went through and did: what all others are compared with."""

    steps: tuple[tuple[str, str], ...]  # (id, stage), in order
    passed: tuple[Passed, ...]
    changes: Counter[tuple[str, ...]] = field(hash=False)
    ended: RunEnded | None = None

    @property
    def ending(self) -> Ending:
        return self.ended.ending if self.ended is not None else "updated"

    @property
    def stages(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(stage for _, stage in self.steps))

    def stage(self, step: str) -> str:
        return dict(self.steps).get(step, "")


def watch(prepared: Prepared) -> Healthy:
    """Rehearse once without any further fault, and note where one could have fired."""
    server = VirtualServer(prepared.spec, World())
    faults = server.faults = Watching(prepared.spec.faults)
    faults.attach(server)
    events: list[Event] = []

    def hear(event: Event) -> None:
        events.append(event)
        if isinstance(event, StepStarted):
            faults.step = event.step

    with scratch.folder() as folder:
        ended = _rehearse(prepared, server, hear, (), folder)
    started = events[0]
    assert isinstance(started, RunStarted)
    steps = tuple((step, stage) for step, stage, _ in started.steps)
    return Healthy(steps, tuple(p for p in faults.passed if p.step), _changes(events), ended)


def singles(healthy: Healthy) -> list[Cell]:
    """Every kind in every variant at every step in which it can fire."""
    return [
        Cell((Injection(fault, step),))
        for kind in catalogue.kinds()
        for fault in catalogue.variants(kind, healthy.passed)
        for step, _ in healthy.steps
        if any(p.step == step and catalogue.applies(fault, p) for p in healthy.passed)
    ]


def rehearse(prepared: Prepared, healthy: Healthy, cell: Cell, recover: Recover | None = None) -> Outcome:
    """One cell. Whatever goes wrong in the rehearsal itself is told in its outcome, and stops no other. `recover`: what
    goes on after a bad end."""
    server = VirtualServer(prepared.spec, World())
    before = truth.condition(server)
    events: list[Event] = []
    try:
        with scratch.folder() as folder:
            ended = _rehearse(prepared, server, events.append, cell.injections, folder, recover)
            judged = truth.judge(prepared, server, before, events, folder, recovers=recover is not None)
            broken = tuple(str(b) for b in judged)
    except Exception as error:
        return _lost(healthy, cell, f"the rehearsal itself broke: {type(error).__name__}: {error}")
    fired = all(i.fault in server.faults.fired for i in cell.injections)
    repair = _first_repair(events, healthy.changes) if fired else ""
    verdict: Verdict = "repaired" if ended.ending == "updated" and repair else ended.ending
    return Outcome(
        name=cell.name,
        row=cell.row,
        step=cell.step,
        stage=healthy.stage(cell.step),
        verdict=verdict,
        fired=fired,
        message=ended.message,
        remedy=ended.remedy,
        broken=broken,
        repaired_in=repair,
        ended_in=_last_step(healthy, events),
        remote=tuple(e.step for e in events if isinstance(e, StepStarted) and e.step.startswith(rules_repair.STEP)),
        ticket=next((e.value for e in reversed(events) if isinstance(e, Fact) and e.key == rules_repair.TICKET), ""),
        simulated_s=ended.at,
    )


def _lost(healthy: Healthy, cell: Cell, message: str) -> Outcome:
    stage = healthy.stage(cell.step)
    return Outcome(cell.name, cell.row, cell.step, stage, "failed", True, message, broken=(message,))


def _rehearse(
    prepared: Prepared,
    server: VirtualServer,
    hear: truth.Hear,
    injections: Sequence[Injection],
    folder: Path,
    recover: Recover | None = None,
) -> RunEnded:
    how: dict[str, Any] = {"server": server, "injections": injections, "recover": recover}
    return in_memory(prepared, hear, run_id=prepared.run_id, run_dir=folder, **how)


def _changes(events: Sequence[Event]) -> Counter[tuple[str, ...]]:
    return Counter(words for _, words in _changing(events))


def _changing(events: Sequence[Event]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """(step, what) of everything that was announced or done to change the server."""
    for event in events:
        if isinstance(event, Intent):
            yield event.step, ("intent", event.action)
        elif isinstance(event, CommandRan) and event.changes:
            yield event.step, event.argv


def _last_step(healthy: Healthy, events: Sequence[Event]) -> str:
    """The last of the plan's own steps that was begun."""
    return next((e.step for e in reversed(events) if isinstance(e, StepStarted) and healthy.stage(e.step)), "")


def _first_repair(events: Sequence[Event], healthy: Counter[tuple[str, ...]]) -> str:
    """The step that did something to the server which no healthy run does, "" where none did."""
    left = healthy.copy()
    for step, words in _changing(events):
        left[words] -= 1
        if left[words] < 0:
            return step
    return ""


# -- many of them

_shared: tuple[Prepared, Healthy, Recover | None] | None = None


def _share(prepared: Prepared, healthy: Healthy, recover: Recover | None, place: Path) -> None:
    global _shared
    scratch.use(place)
    gc.freeze()  # what is loaded stays: no need to look through it again and again
    _shared = prepared, healthy, recover


def _in_process(cell: Cell) -> Outcome:
    assert _shared is not None
    prepared, healthy, recover = _shared
    return rehearse(prepared, healthy, cell, recover)


def run(
    prepared: Prepared, healthy: Healthy, cells: Sequence[Cell], *, jobs: int = 1, recover: Recover | None = None
) -> Iterator[Outcome]:
    """The outcomes in the order of the cells, whichever process was quickest. `recover` goes to other processes by its
    name."""
    if jobs <= 1 or len(cells) < 2 * CHUNK:
        yield from (rehearse(prepared, healthy, cell, recover) for cell in cells)
        return
    context = multiprocessing.get_context("spawn")  # a display's thread may run here: forking it is not safe
    with scratch.folder() as place, contextlib.ExitStack() as stack:
        with deaf_to_interrupts():
            pool = stack.enter_context(context.Pool(jobs, _share, (prepared, healthy, recover, place)))
        yield from pool.imap(_in_process, cells, CHUNK)


@contextlib.contextmanager
def deaf_to_interrupts() -> Iterator[None]:
    """Who is started in this block never hears Ctrl-C, which goes to the whole group: a blocked signal stays blocked in
    a child, while it loads its modules too. We hear it at the end of the block."""
    resource_tracker.ensure_running()  # starting it would unblock the signal
    heard: list[int] = []
    main = threading.current_thread() is threading.main_thread()
    before = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number)) if main else None
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if before is not None:
            signal.signal(signal.SIGINT, before)
    if heard:
        signal.raise_signal(signal.SIGINT)

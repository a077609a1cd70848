"""`fwsim rehearse ... --every-fault`: the matrix, with its progress, its table and its files."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fwsim.cli import matrixprogress, screen
from fwsim.cli.errors import USAGE, BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from emulators.truth import Truth
    from fwsim.cli.options import ProgressMode
    from fwsim.events import Ending, RunEnded
    from fwsim.judged import Broken
    from fwsim.rehearsal import Options, Unfired
    from fwsim.rehearsal.matrix import Cell, Healthy
    from fwsim.rehearsal.prepare import Prepared
    from fwsim.report.matrix import Matrix, Outcome
    from fwsim.runs import Run

BROKEN, INTERRUPTED = 1, 5
NAMED = 10  # cells on the screen that never fired
WORSE = 40  # pairs on the screen that end worse than either of their faults


def default_jobs() -> int:
    return os.cpu_count() or 1


@dataclass(frozen=True)
class Wish:
    """What was asked for. `command`: as it was typed, without --every-fault. `expected`: how it ends with no further
    fault."""

    command: str
    pairs: bool
    jobs: int
    seed: int
    expected: Ending


def conduct(prepared: Prepared, run: Run, wish: Wish, mode: ProgressMode, *, as_json: bool) -> int:
    """Rehearse them all, show the table, write the files. 0 when no rule was broken."""
    from fwsim.events import EXIT_CODES
    from fwsim.report import matrix_files

    try:
        with _interrupts() as asked:
            done = _rehearsed(prepared, asked, wish, mode)
    except KeyboardInterrupt:
        screen.note("interrupted before any failure was rehearsed")
        shutil.rmtree(run.path, ignore_errors=True)  # nothing was kept in it
        return INTERRUPTED
    except _EndsBefore as error:
        shutil.rmtree(run.path, ignore_errors=True)  # nothing of it is kept: no run began
        screen.note(f"fwsim: no failure was rehearsed, for without any this ends {error.ended.ending}:")
        screen.note(f"fwsim: {error.ended.message}")
        screen.note(f"fwsim: what to do: {error.ended.remedy or 'see what the plan asks for'}; then rehearse again")
        return EXIT_CODES[error.ended.ending] or BROKEN
    written = matrix_files.write(done, run.path)
    if as_json:
        print(matrix_files.document(done), end="")
    else:
        _show(done, run.path)
    for path in written:
        screen.note(f"wrote {path}")
    if not done.complete:
        screen.note("interrupted: the table shows what was rehearsed until then")
        return INTERRUPTED
    return BROKEN if done.broken else 0


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Was Ctrl-C heard? An engine that runs in this very process takes it for the end of its own run alone."""
    heard: list[int] = []

    def hear(number: int, frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) == 1:  # what was done is being kept then: a second one would only spoil that
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, hear)
    try:
        yield lambda: bool(heard)
    finally:
        signal.signal(signal.SIGINT, before)


class _EndsBefore(Exception):
    """Without any further fault it ends otherwise than it should, and nothing that is rehearsed says why."""

    def __init__(self, ended: RunEnded) -> None:
        super().__init__(ended.message)
        self.ended = ended


def _rehearsed(prepared: Prepared, asked: Callable[[], bool], wish: Wish, mode: ProgressMode) -> Matrix:
    """Raises KeyboardInterrupt, _EndsBefore."""
    from fwsim.rehearsal import catalogue, matrix, pairing
    from fwsim.report.matrix import Matrix

    healthy = matrix.watch(prepared)
    if asked():
        raise KeyboardInterrupt
    if healthy.ended is not None and healthy.ending != "updated":
        if healthy.ending != wish.expected and not (prepared.spec.faults or prepared.waiting):
            raise _EndsBefore(healthy.ended)
        screen.note(f"note: without any further fault this rehearsal ends {healthy.ending}: {healthy.ended.message}")
    cells = matrix.singles(healthy)
    outcomes, whole = _each(prepared, healthy, cells, wish.jobs, asked, mode)
    if wish.pairs and whole:
        more = pairing.pairs(healthy, outcomes)
        if apart := pairing.unmet(healthy, more):
            screen.note(f"note: {apart} pairs of kinds never meet: one ends the run before the other's first moment")
        cells = [*cells, *more]
        outcomes += _each(prepared, healthy, more, wish.jobs, asked, mode)[0]
    met = {i.fault.kind for cell in cells for i in cell.injections}
    idle = tuple(kind for kind in catalogue.kinds() if kind not in met)
    return Matrix(
        prepared.title, healthy.stages, tuple(outcomes), len(cells), wish.seed, wish.pairs, idle, wish.command
    )


def _each(
    prepared: Prepared,
    healthy: Healthy,
    cells: list[Cell],
    jobs: int,
    asked: Callable[[], bool],
    mode: ProgressMode,
) -> tuple[list[Outcome], bool]:
    """The outcomes, and whether they are all there: Ctrl-C keeps what was done."""
    from fwsim.rehearsal import matrix
    from recovery import unattended

    outcomes: list[Outcome] = []
    try:
        with matrixprogress.shown(mode, len(cells)) as tick:
            for outcome in matrix.run(prepared, healthy, cells, jobs=jobs, recover=unattended.recover):
                if asked():
                    return outcomes, False
                outcomes.append(outcome)
                tick(outcome)
    except KeyboardInterrupt:
        return outcomes, False
    return outcomes, True


def _show(done: Matrix, folder: Path) -> None:
    """The table, then what is wrong with it. Of pairs those alone that single failures could not have told."""
    from fwsim.report import matrix_terminal

    out = screen.out()
    matrix_terminal.render(done.singles, out, out.width if sys.stdout.isatty() else None)
    if done.paired:
        _pairs(done, folder)
    for outcome in done.broken:
        out.print(f"[red]{outcome.name}[/red]", soft_wrap=True)
        for words in outcome.broken:
            out.print(f"  {words}", markup=False, soft_wrap=True)
    if done.unfired:
        names, more = [o.name for o in done.unfired[:NAMED]], len(done.unfired) - NAMED
        rest = f", and {more} more, as matrix.md has them" if more > 0 else ""
        out.print(f"never fired: {', '.join(names)}{rest}", markup=False, soft_wrap=True)
    if done.idle:
        out.print(f"no moment of this plan can meet: {', '.join(done.idle)}", markup=False, soft_wrap=True)
    out.print(done.sentence, soft_wrap=True)


def _pairs(done: Matrix, folder: Path) -> None:
    from fwsim.report import matrix_terminal

    out, worse = screen.out(), done.worse
    out.print(f"\n{len(worse)} of {len(done.paired)} pairs end worse than either of their faults alone:")
    for outcome in worse[:WORSE]:
        out.print(f"  {matrix_terminal.worse(outcome, done)}", markup=False, soft_wrap=True)
    if len(worse) > WORSE:
        out.print(f"  and {len(worse) - WORSE} more")
    rest = len(done.paired) - len(worse)
    out.print(f"The other {rest} pairs do not. All of them: {folder / 'matrix.md'}, matrix.html\n", soft_wrap=True)


def replay(prepared: Prepared, run: Run, cell: Cell, mode: ProgressMode, *, as_json: bool) -> int:
    """One cell in memory, shown as any rehearsal is, and then judged. 0 when no rule was broken."""
    from emulators.server import VirtualServer
    from fwsim import journal, rehearsal
    from fwsim.cli import session
    from fwsim.rehearsal import truth
    from recovery import unattended

    check_steps(prepared, run, cell)
    with rehearsal.recording(run.path) as world:
        server = VirtualServer(prepared.spec, world)
        before = truth.condition(server)
        report = session.conduct(
            run,
            lambda emit: rehearsal.in_memory(
                prepared,
                emit,
                run_id=prepared.run_id,
                run_dir=run.path,
                server=server,
                injections=cell.injections,
                recover=unattended.recover,
            ),
            mode,
        )
    screen.report(report, as_json=as_json)
    events = journal.read(run.journal)
    broken = truth.judge(prepared, server, before, events, run.path, recovers=True)
    return _verdict(broken, rehearsal.unfired(server.world.records), report.at, cell)


def replay_on_wires(
    prepared: Prepared, run: Run, cell: Cell, mode: ProgressMode, how: Options, *, as_json: bool
) -> int:
    """The same over SSH and IPMI. INTERRUPTED where it was stopped, and can be gone on with."""
    from dataclasses import replace

    from fwsim import journal, rehearsal
    from fwsim.cli import session
    from fwsim.rehearsal import truth
    from fwsim.rehearsal.standing import NAME, Standing
    from recovery import unattended

    told: list[Truth] = []
    report = session.conduct(
        run,
        lambda emit: rehearsal.on_wires(
            prepared,
            emit,
            how,
            run_id=run.id,
            run_dir=run.path,
            injections=cell.injections,
            judge=told.append,
            recover=unattended.recover,
        ),
        mode,
        speed=how.speed,
        remark=f"simulated, x{how.speed:g}",
    )
    screen.report(report, as_json=as_json)
    if report.ending == "interrupted":
        screen.note(f"not judged: it has not ended; `fwsim resume {run.id}`")
        return INTERRUPTED
    at = Standing.model_validate_json((run.path / NAME).read_bytes())
    spec = prepared.spec.model_copy(update={"host_address": at.ssh.host, "bmc_address": at.ipmi.host})
    there = replace(prepared, spec=spec)
    events, records = journal.read(run.journal), rehearsal.recorded(run.path)
    broken = truth.judge_told(there, told[0], told[-1], events, records, run.path, recovers=True)
    return _verdict(broken, rehearsal.unfired(records), report.at, cell)


def _verdict(broken: Sequence[Broken], unfired: Sequence[Unfired], ended_at: float, cell: Cell) -> int:
    """A rule that was broken is the worse news."""
    from fwsim.cli import verdict

    for rule in broken:
        screen.note(str(rule))
    if not broken:
        screen.note("no rule was broken")
    missed = verdict.tell_unfired(unfired, ended_at, {i.fault.kind: i.step for i in cell.injections})
    return BROKEN if broken else USAGE if missed else 0


def check_steps(prepared: Prepared, run: Run, cell: Cell) -> None:
    """Raises BadInput for a step that this plan has not, or a fault that its server cannot meet; the run is not kept
    then."""
    from emulators.faults import fitting
    from emulators.server import VirtualServer
    from fwsim import rehearsal

    server = VirtualServer(prepared.spec)
    engine = rehearsal.engine(prepared, lambda event: None, server, run_id=prepared.run_id, run_dir=run.path)
    known = [step.id for step in engine.steps]
    unknown = [i.step for i in cell.injections if i.step not in known]
    wrong = [f"no step is called {unknown[0]!r} in this plan; there are: {', '.join(known)}"] if unknown else []
    wrong += [f"{i.fault.kind}: {text}" for i in cell.injections for _, text in fitting.unfit(i.fault, server)]
    if wrong:
        shutil.rmtree(run.path, ignore_errors=True)
        raise BadInput("\n".join(wrong))


def chosen(name: str) -> Cell:
    """The cell of `--only`. Raises BadInput."""
    from fwsim.rehearsal import matrix

    try:
        return matrix.parse_cell(name)
    except ValueError as error:
        raise BadInput(f"--only {name}: {error}") from error

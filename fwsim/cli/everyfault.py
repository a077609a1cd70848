"""`fwsim rehearse ... --every-fault`: the matrix, with its progress, its table and its files."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from fwsim.cli import screen
from fwsim.cli.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.table import Table

    from emulators.server import VirtualServer
    from fwsim.cli.options import ProgressMode
    from fwsim.rehearsal.matrix import Cell, Healthy
    from fwsim.rehearsal.prepare import Prepared
    from fwsim.report.matrix import Matrix, Outcome, Square
    from fwsim.runs import Run

BROKEN, INTERRUPTED = 1, 5
STYLES = {
    "updated": "green",
    "repaired": "cyan",
    "refused": "yellow",
    "interrupted": "magenta",
    "failed": "dark_orange",
    "needs-hands": "red",
}


def default_jobs() -> int:
    return os.cpu_count() or 1


def conduct(prepared: Prepared, folder: Path, *, pairs: bool, jobs: int, seed: int, as_json: bool) -> int:
    """Rehearse them all, show the table, write the files. 0 when no rule was broken."""
    from fwsim.report import matrix_files

    done = _rehearsed(prepared, pairs=pairs, jobs=jobs, seed=seed)
    written = matrix_files.write(done, folder)
    if as_json:
        print(matrix_files.document(done), end="")
    else:
        _show(done)
    for path in written:
        screen.note(f"wrote {path}")
    if not done.complete:
        screen.note("interrupted: the table shows what was rehearsed until then")
        return INTERRUPTED
    return BROKEN if done.broken else 0


def _rehearsed(prepared: Prepared, *, pairs: bool, jobs: int, seed: int) -> Matrix:
    from fwsim.rehearsal import catalogue, matrix
    from fwsim.report.matrix import Matrix

    healthy = matrix.watch(prepared)
    if healthy.ending != "updated":
        screen.note(f"note: without any further fault this rehearsal ends {healthy.ending}")
    cells = matrix.singles(healthy)
    outcomes, whole = _each(prepared, healthy, cells, jobs)
    if pairs and whole:
        more = matrix.pairs(healthy, outcomes)
        cells = [*cells, *more]
        outcomes += _each(prepared, healthy, more, jobs)[0]
    met = {i.fault.kind for cell in cells for i in cell.injections}
    idle = tuple(kind for kind in catalogue.kinds() if kind not in met)
    return Matrix(prepared.title, healthy.stages, tuple(outcomes), len(cells), seed, pairs, idle)


def _each(prepared: Prepared, healthy: Healthy, cells: list[Cell], jobs: int) -> tuple[list[Outcome], bool]:
    """The outcomes, and whether they are all there: Ctrl-C keeps what was done."""
    from fwsim.rehearsal import matrix

    outcomes: list[Outcome] = []
    with _progress(len(cells)) as tick:
        try:
            for outcome in matrix.run(prepared, healthy, cells, jobs=jobs):
                outcomes.append(outcome)
                tick(outcome)
        except KeyboardInterrupt:
            return outcomes, False
    return outcomes, True


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Outcome], None]]:
    """On a terminal a bar with rate and time left; elsewhere nothing, for the result follows at once."""
    if not sys.stderr.isatty():
        yield lambda outcome: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("rehearsing", total=total, rate="")

        def tick(outcome: Outcome) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, advance=1, description=outcome.name[-40:], rate=f"{speed:.0f}/s" if speed else "")

        yield tick


def _show(done: Matrix) -> None:
    out = screen.out()
    out.print(_table(done))
    for outcome in done.broken:
        out.print(f"[red]{outcome.name}[/red]")
        for words in outcome.broken:
            out.print(f"  {words}", markup=False)
    if done.unfired:
        out.print(f"never fired: {', '.join(o.name for o in done.unfired)}", markup=False, soft_wrap=True)
    if done.idle:
        out.print(f"no moment of this plan can meet: {', '.join(done.idle)}", markup=False, soft_wrap=True)
    out.print(done.sentence, soft_wrap=True)


def _table(done: Matrix) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    used = [i for i, _ in enumerate(done.stages) if any(row[i] for _, row in done.rows)]
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    table.add_column("fault", overflow="fold", min_width=26)
    for i in used:
        table.add_column(done.stages[i], overflow="fold")
    for name, squares in done.rows:
        table.add_row(Text(name), *(_word(squares[i]) for i in used))
    return table


def _word(square: Square | None) -> str:
    if square is None:
        return ""
    style = "bold reverse red" if square.broken else STYLES.get(square.verdict, "") if square.fired else "dim"
    return f"[{style}]{square.text}[/{style}]"


def replay(prepared: Prepared, run: Run, cell: Cell, mode: ProgressMode, *, as_json: bool) -> int:
    """One cell, shown as any rehearsal is, and then judged. 0 when no rule was broken."""
    from emulators.server import VirtualServer
    from emulators.world import World
    from fwsim import journal, rehearsal
    from fwsim.cli import session
    from fwsim.rehearsal import truth

    server = VirtualServer(prepared.spec, World())
    _check_steps(prepared, run, cell, server)
    before = truth.condition(server)
    report = session.conduct(
        run,
        lambda emit: rehearsal.in_memory(
            prepared, emit, run_id=prepared.run_id, run_dir=run.path, server=server, injections=cell.injections
        ),
        mode,
    )
    screen.report(report, as_json=as_json)
    unfired = [i for i in cell.injections if i.fault not in server.faults.fired]
    for injection in unfired:
        screen.note(f"never fired: {injection.fault.kind}, armed at {injection.step}")
    broken = truth.judge(prepared, server, before, journal.read(run.journal), run.path)
    for rule in broken:
        screen.note(str(rule))
    screen.note("" if broken else "no rule was broken")
    return BROKEN if broken else 0


def _check_steps(prepared: Prepared, run: Run, cell: Cell, server: VirtualServer) -> None:
    """Raises BadInput for a step that this plan has not; the run is not kept then."""
    import shutil

    from fwsim import rehearsal

    engine = rehearsal.engine(prepared, lambda event: None, server, run_id=prepared.run_id, run_dir=run.path)
    known = [step.id for step in engine.steps]
    unknown = [i.step for i in cell.injections if i.step not in known]
    if unknown:
        shutil.rmtree(run.path, ignore_errors=True)
        raise BadInput(f"no step is called {unknown[0]!r} in this plan; there are: {', '.join(known)}")


def chosen(name: str) -> Cell:
    """The cell of `--only`. Raises BadInput."""
    from fwsim.rehearsal import matrix

    try:
        return matrix.parse_cell(name)
    except ValueError as error:
        raise BadInput(f"--only {name}: {error}") from error

"""`fwsim preflight`: the first stage alone, days ahead: a go/no-go sheet, exit 0 or 3. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fwsim.cli import options, screen

if TYPE_CHECKING:
    from fwsim.events import Event, PreflightEnded
    from fwsim.plan import Plan
    from fwsim.report.sheet import Sheet
    from fwsim.runs import Run

Format = Literal["text", "md", "json"]
FOLDER = "preflights"  # beside the runs: nothing of it is an update that could be resumed


def preflight(
    file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan's file.")],
    form: Annotated[Format, typer.Option("--format", help="How to print the sheet.")] = "text",
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="On a virtual server made from the plan, not on the real one.")
    ] = False,
    speed: options.Speed = 60.0,
    progress: options.Progress = "auto",
    tickets: Annotated[
        Path | None,
        typer.Option("--tickets", metavar="DIR", help="Write the tickets there that this server could come to need."),
    ] = None,
    folder: options.RunsFolder = None,
) -> None:
    """Check everything that an update needs, on the real server; change nothing.

    Every check is made, not only up to the first that is against it. Exit 0: go. Exit 3: no-go. The sheet is kept
    beside the runs.
    """
    from fwsim import plan

    wanted = plan.load(file, require_files=not rehearse)
    if rehearse:
        sheet, run = _rehearsed(wanted, speed, progress, folder, tickets)
    else:
        if tickets is not None:
            _tickets(wanted, tickets)
        sheet, run = _real(wanted, progress, folder)
    _keep(sheet, run)
    _print(sheet, form)
    raise typer.Exit(sheet.exit_code)


def _tickets(wanted: Plan, folder: Path) -> None:
    """Before anything dies: afterwards nobody has the time, and perhaps not the data. What is here needs no server."""
    from datetime import UTC, datetime

    from fwsim.cli import tickets
    from fwsim.cli.errors import BadInput
    from recovery.render import every
    from recovery.render.qr import MissingPart

    moment, secrets = datetime.now(UTC).replace(second=0, microsecond=0), tickets.passwords(wanted)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for ticket in tickets.for_plan(wanted, moment):
            tickets.must_pass(ticket, secrets)
            (folder / f"{ticket.procedure}.txt").write_bytes(every.render(ticket, "txt"))
            try:
                (folder / f"{ticket.procedure}.pdf").write_bytes(every.render(ticket, "pdf"))
            except MissingPart as missing:
                screen.note(f"note: {ticket.procedure}: text alone: {missing}")
            draft = f": a DRAFT, for nobody knows {', '.join(ticket.unknown)}" if ticket.draft else ""
            screen.note(f"ticket {ticket.procedure}{draft}")
    except OSError as error:
        raise BadInput(f"{folder} cannot be written: {error.strerror}") from error
    screen.note(f"the tickets are in {folder}")


def _new(wanted: Plan, folder: Path | None) -> Run:
    from fwsim.runs import Runs, default_root

    return Runs((folder or default_root()) / FOLDER).new(wanted.board)


def _real(wanted: Plan, progress: options.ProgressMode, folder: Path | None) -> tuple[Sheet, Run]:
    import time

    from fwsim import boards, endpoints, payload
    from fwsim.preflight import Preflight

    board, files = boards.load(wanted.board), payload.read_all(wanted)
    run = _new(wanted, folder)

    async def look(emit: Callable[[Event], None]) -> PreflightEnded:
        async with endpoints.doors(wanted) as doors:
            checks = Preflight(wanted, board, files, doors, emit, run_id=run.id, run_dir=run.path, epoch=time.time())
            return await checks.look()

    return _conduct(run, look, progress), run


def _rehearsed(
    wanted: Plan, speed: float, progress: options.ProgressMode, folder: Path | None, tickets: Path | None
) -> tuple[Sheet, Run]:
    from dataclasses import replace

    from fwsim import rehearsal
    from fwsim.rehearsal import look as looking
    from fwsim.rehearsal import prepare

    run = _new(wanted, folder)
    prepared = prepare.from_plan(wanted, run.path / "payloads")
    screen.note(f"rehearsal: {prepared.title}")
    for note in prepared.notes:
        screen.note(f"note: {note}")
    if tickets is not None:
        _tickets(prepared.plan, tickets)  # of the virtual server: nobody is called for a rehearsal
    how = rehearsal.Options(speed=speed)

    def look(emit: Callable[[Event], None]) -> Coroutine[Any, Any, PreflightEnded]:
        return looking.on_wires(prepared, emit, how, run_id=run.id, run_dir=run.path)

    sheet = _conduct(run, look, progress, speed=speed, remark=f"simulated, x{speed:g}")
    return replace(sheet, rehearsed=tuple(prepared.notes)), run


def _conduct(
    run: Run,
    look: Callable[[Callable[[Event], None]], Coroutine[Any, Any, PreflightEnded]],
    mode: options.ProgressMode,
    *,
    speed: float = 1.0,
    remark: str = "",
) -> Sheet:
    import asyncio

    from fwsim import journal
    from fwsim.report import sheet

    with journal.Journal(run.journal) as record, screen.progress(mode, speed=speed, remark=remark) as show:

        def emit(event: Event) -> None:
            record.write(event)
            show(event)

        asyncio.run(_until_stopped(look(emit)))
    return sheet.build(journal.read(run.journal))


async def _until_stopped(look: Coroutine[Any, Any, PreflightEnded]) -> None:
    """A signal ends it with what was told so far; nothing is under way that could be left behind."""
    import asyncio
    import signal
    from contextlib import suppress

    task = asyncio.ensure_future(look)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def _keep(sheet: Sheet, run: Run) -> None:
    from fwsim.report import sheet as sheets
    from fwsim.report import sheet_markdown

    (run.path / "sheet.md").write_text(sheet_markdown.render(sheet), "utf-8")
    (run.path / "sheet.json").write_text(sheets.document(sheet) + "\n", "utf-8")
    screen.note(f"kept in {run.path}")


def _print(sheet: Sheet, form: Format) -> None:
    match form:
        case "text":
            from fwsim.report import sheet_terminal

            sheet_terminal.show(sheet, screen.out())
        case "md":
            from fwsim.report import sheet_markdown

            print(sheet_markdown.render(sheet), end="")
        case "json":
            from fwsim.report import sheet as sheets

            print(sheets.document(sheet))

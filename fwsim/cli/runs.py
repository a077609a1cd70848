"""`fwsim runs` and `fwsim show`: what was done, read from the journals alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from fwsim.cli import options, screen

if TYPE_CHECKING:
    from fwsim.report.model import Report
    from fwsim.runs import Run

Format = Literal["text", "md", "html", "json"]


def runs(folder: options.RunsFolder = None, as_json: options.AsJson = False) -> None:
    """List the runs, the latest last. A matrix of `--every-fault` is many rehearsals in one folder."""
    from fwsim.runs import Runs

    listed = [(run, _read(run)) for run in Runs(folder).all()]
    if as_json:
        for run, report in listed:
            print(json.dumps(_matrix_record(run) or _record(run, report)))
    elif not listed:
        screen.note(f"no runs in {Runs(folder).root}")
    else:
        _table(listed)


def show(
    run: Annotated[
        str, typer.Argument(help="A run's id, its end, or `latest`.", autocompletion=options.complete_run)
    ] = "latest",
    form: Annotated[Format, typer.Option("--format", help="How to show it.")] = "text",
    as_json: options.AsJson = False,
    bundle: Annotated[
        Path | None,
        typer.Option("--bundle", metavar="FILE", help="Write journal, outputs, logs, hashes and tickets: a .tar.gz."),
    ] = None,
    folder: options.RunsFolder = None,
) -> None:
    """Show one run's report, or write its handover bundle."""
    from fwsim.cli.errors import BadInput
    from fwsim.runs import Runs

    found = Runs(folder).find(run)
    if found.is_matrix:
        _show_matrix(found, "json" if as_json else form, bundle)
        return
    if bundle is not None:
        _bundle(found, bundle)
        return
    report = _read(found)
    if report is None:
        raise BadInput(f"{found.journal} is no journal that can be read")
    _print(report, "json" if as_json else form)


def _show_matrix(run: Run, form: Format, bundle: Path | None) -> None:
    """Its sentence and its files, or the file of that form."""
    from fwsim.cli.errors import BadInput
    from fwsim.report import matrix_files

    told = matrix_files.read(run.path)
    if told is None:
        raise BadInput(f"{run.path / 'matrix.json'} is no matrix that can be read")
    if bundle is not None:
        raise BadInput(f"{run.id} is a matrix of many rehearsals, and has no bundle; its files are in {run.path}")
    if form != "text":
        print((run.path / f"matrix.{form}").read_text("utf-8"), end="")
        return
    print(f"{told.title}: every fault at every moment\n{told.sentence}\n")
    for path in told.files:
        print(path)


def _bundle(run: Run, file: Path) -> None:
    """For the vendor or an audit. Passwords that the plan names a source of are taken out wherever they stand."""
    from fwsim import bundle, record
    from fwsim.cli import tickets
    from fwsim.cli.errors import BadInput

    try:
        secrets = tickets.passwords(record.read(run).plan)
    except record.NoRecord:
        secrets = ()
    try:
        content = bundle.build(run, secrets)
    except (OSError, ValueError) as error:
        raise BadInput(f"{run.journal} is no journal that can be read") from error
    try:
        file.write_bytes(content)
    except OSError as error:
        raise BadInput(f"{file} cannot be written: {error.strerror}") from error
    print(file)


def _print(report: Report, form: Format) -> None:
    match form:
        case "text" | "json":
            screen.report(report, as_json=form == "json")
        case "md":
            from fwsim.report import markdown

            print(markdown.render(report), end="")
        case "html":
            from fwsim.report import html

            print(html.render(report))


def _read(run: Run) -> Report | None:
    """The run's report, or None where its journal is missing or damaged."""
    from fwsim import journal
    from fwsim.report import model

    try:
        return model.build(journal.read(run.journal))
    except (OSError, ValueError):
        return None


def _record(run: Run, report: Report | None) -> dict[str, Any]:
    known = {"run": run.id, "path": str(Path(run.path).absolute()), "kind": "run", "ending": None}
    if report is None:
        return known
    return known | {
        "board": report.board,
        "host": report.host,
        "ending": report.ending,
        "exit_code": report.exit_code,
        "took_s": report.at,
        "versions": report.versions,
    }


def _matrix_record(run: Run) -> dict[str, Any] | None:
    from fwsim.report import matrix_files

    told = matrix_files.read(run.path)
    if told is None:
        return None
    known = {"run": run.id, "path": str(Path(run.path).absolute()), "kind": "matrix", "ending": None}
    return known | {"title": told.title, "cells": told.cells, "wanted": told.wanted, "summary": told.sentence}


def _table(listed: list[tuple[Run, Report | None]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from fwsim.report import matrix_files, wording
    from fwsim.report.terminal import STYLES

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for name in ("run", "board", "host", "took", "ending"):
        table.add_column(name, no_wrap=True)
    matrices = []
    for run, report in listed:
        if (told := matrix_files.read(run.path)) is not None:
            matrices.append((run, told))
            table.add_row(run.id, "", "", "", f"matrix of {told.cells} cells")
        elif report is None or report.ending is None:
            table.add_row(run.id, "", "", "", "no readable journal")
        else:
            ending = Text(report.ending, style=STYLES.get(report.ending, ""))
            table.add_row(run.id, report.board, report.host, wording.duration(report.at), ending)
    screen.out().print(table)
    for run, told in matrices:
        screen.out().print(f"\n{run.id}: {told.sentence}", markup=False, soft_wrap=True)

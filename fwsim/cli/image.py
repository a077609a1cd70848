"""`fwsim image`: synthetic firmware files, which `fwsim update` always refuses, and what any firmware file says."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from fwsim.cli import options, screen
from fwsim.cli.errors import USAGE, BadInput

app = typer.Typer(help="Make synthetic firmware files; look into any.", no_args_is_help=True, rich_markup_mode=None)
_SIZE = re.compile(r"(\d+)\s*([kKmM]?)(?:i?[bB])?")


@app.command()
def make(
    board: options.Board,
    kind: Annotated[Literal["bmc", "bios"], typer.Option("--kind", help="What it is for.")],
    version: Annotated[str, typer.Option("--version", help="The version it brings, e.g. 3.90.")],
    size: Annotated[
        str | None, typer.Option("--size", help="Its length, e.g. 64K or 16M.", show_default="the board's")
    ] = None,
    requires_bmc: Annotated[
        str, typer.Option("--requires-bmc", metavar="VERSION", help="A BIOS may need at least this BMC.")
    ] = "",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write it.", show_default="its name")
    ] = None,
) -> None:
    """Make a synthetic image. Only rehearsals flash it: it carries a mark that `fwsim update` refuses."""
    from emulators import boards, packages

    try:
        package = packages.make(boards.load(board), kind, version, size=_bytes(size), requires_bmc=requires_bmc)
    except ValueError as error:
        raise BadInput(str(error)) from error
    path = output or Path(package.name)
    try:
        path.write_bytes(package.data)
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}") from error
    screen.note(f"{len(package.data)} bytes, marked as synthetic")
    print(path)


def _bytes(text: str | None) -> int | None:
    if text is None:
        return None
    found = _SIZE.fullmatch(text.strip())
    if not found:
        raise BadInput(f"--size: expected a length like 65536, 64K or 16M, not {text!r}")
    return int(found[1]) * {"": 1, "k": 1024, "m": 1024 * 1024}[found[2].lower()]


@app.command()
def show(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A firmware file of any format.")],
    as_json: options.AsJson = False,
) -> None:
    """Say what a firmware file is, by its own word; exit 2 where it is damaged."""
    from fwsim import payload

    found = payload.read(file)
    facts = payload.facts(found)
    if as_json:
        print(json.dumps(facts))
    else:
        for key, value in facts.items():
            print(f"{key.replace('_', ' '):<18}{_words(value)}")
    if found.defects:
        raise typer.Exit(USAGE)


def _words(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return "; ".join(str(v) for v in value)
        case _:
            return str(value)

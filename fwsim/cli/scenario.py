"""`fwsim scenario`: what can be rehearsed without a plan of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from fwsim.cli import options, screen

app = typer.Typer(help="Scenarios that ship with fwsim.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_scenarios(as_json: options.AsJson = False) -> None:
    """List them: name, board, expected ending, title."""
    from fwsim.rehearsal import scenario

    known = [(name, scenario.load(name)) for name in scenario.names()]
    if as_json:
        for name, each in known:
            print(json.dumps({"name": name, **each.model_dump(mode="json")}))
        return
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for column in ("scenario", "board", "ends", "title"):
        table.add_column(column, no_wrap=column != "title")
    for name, each in known:
        table.add_row(name, each.board, each.expect.ending, each.title)
    screen.out().print(table)


@app.command()
def faults(as_json: options.AsJson = False) -> None:
    """List every kind of fault: what a real machine does, what is seen, what helps, and who says so."""
    from dataclasses import asdict

    from emulators.faults import ABOUT

    if as_json:
        for about in ABOUT.values():
            print(json.dumps(asdict(about)))
        return
    for about in ABOUT.values():
        takes = f"  ({', '.join(about.parameters)})" if about.parameters else ""
        print(f"{about.kind}{takes}\n  {about.does}")
        print(f"  seen    {about.seen}\n  source  {about.source}\n  cure    {about.cure}\n")


@app.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors."""
    from fwsim.rehearsal.scenario import Scenario

    print(json.dumps(Scenario.model_json_schema(), indent=2))


@app.command()
def check(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Scenario files.", exists=False, show_default=False)
    ],
) -> None:
    """Check scenario files: unknown words, faults that can never fire, expectations that contradict themselves."""
    from fwsim.cli import knowing
    from fwsim.rehearsal import soundness
    from fwsim.yamlerrors import FileError, Problem

    problems: list[Problem] = []
    for path in paths:
        try:
            soundness.check(path, knowing.recovery())
        except FileError as error:
            problems += error.problems
    if problems:
        raise FileError(problems)
    screen.note(f"{len(paths)} scenario{'s' * (len(paths) > 1)}, nothing wrong")


@app.command()
def show(
    name: Annotated[
        str, typer.Argument(help="A scenario's name, or its file.", autocompletion=options.complete_scenario)
    ],
    as_json: options.AsJson = False,
) -> None:
    """Print one as YAML, defaults left out."""
    import yaml

    from fwsim.rehearsal import scenario

    loaded = scenario.load(name)
    if as_json:
        print(json.dumps({"name": name, **loaded.model_dump(mode="json")}))
    else:
        plain = loaded.model_dump(mode="json", exclude_defaults=True)
        print(yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=100), end="")

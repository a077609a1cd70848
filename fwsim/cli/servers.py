"""`fwsim emulator list|state|fault|heal|hands|down`: virtual servers that run, from another terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fwsim.cli import options, screen
from fwsim.cli.emulator import app, line
from fwsim.cli.errors import BadInput

if TYPE_CHECKING:
    from emulators.home.registry import Entry, Registry

Name = Annotated[
    str,
    typer.Argument(
        metavar="NAME", help="A server, as `fwsim emulator list` names it.", autocompletion=options.complete_server
    ),
]
Parameters = Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", show_default=False)]


@app.command("list")
def list_servers(as_json: options.AsJson = False) -> None:
    """List the virtual servers that run."""
    from emulators.home.registry import Registry

    running = Registry().all()
    if as_json:
        for entry in running:
            known = json.loads(line(entry.ready)) if entry.ready else {}
            print(json.dumps(known | entry.model_dump(mode="json", exclude={"ready"})))
    elif not running:
        screen.note("no virtual server runs; `fwsim emulator up BOARD` starts one")
    else:
        _table(running)


@app.command()
def state(name: Name, as_json: options.AsJson = False) -> None:
    """Show what a server truly is and does now."""
    found = _ask(name, "state")["state"]
    if as_json:
        print(json.dumps(found))
        return
    width = max(map(len, found))
    for key, value in found.items():
        for number, text in enumerate(_lines(value)):
            print(f"{key if not number else '':{width}}  {text}".rstrip())


@app.command()
def fault(
    name: Name,
    kind: Annotated[
        str,
        typer.Argument(help="A kind, as `fwsim scenario faults` names it.", autocompletion=options.complete_fault),
    ],
    parameters: Parameters = None,
) -> None:
    """Let something go wrong: at once, at its next moment, or when what it waits for comes (when.uploaded=50)."""
    done = _ask(name, "fault", kind=kind, parameters=pairs(parameters or []))
    screen.out().print(f"{name}: {kind} {done['happens']}", markup=False)


@app.command()
def heal(
    name: Name,
    kind: Annotated[
        str | None,
        typer.Argument(help="A kind; every one where left out.", autocompletion=options.complete_fault),
    ] = None,
) -> None:
    """Let nothing go wrong any more. What has gone wrong already stays as it is."""
    healed = _ask(name, "heal", **({"kind": kind} if kind else {}))["healed"]
    print(f"{name}: {', '.join(healed) if healed else 'nothing was armed'}")


@app.command()
def hands(
    name: Name,
    act: Annotated[
        str, typer.Argument(help="What to do, as `fwsim emulator acts` names it.", autocompletion=options.complete_act)
    ],
    parameters: Parameters = None,
    as_json: options.AsJson = False,
) -> None:
    """Do what a person beside the server could do, and say what is seen then. Exit code 1 where it cannot be done.

    The files of a stick or a card are named by their paths: files=PATH,PATH
    """
    given: dict[str, Any] = dict(pairs(parameters or []))
    if "files" in given:
        given["files"] = _contents(given["files"])
    seen = _ask(name, "hands", act=act, parameters=given)
    if as_json:
        print(json.dumps({"done": seen["done"], "seen": seen["seen"]}))
    else:
        print(seen["seen"])
    _recable(name)
    if not seen["done"]:
        raise typer.Exit(1)


def _recable(name: str) -> None:
    """In Docker a cable is a container's connection to a network: it follows what hands have done."""
    from emulators.home.registry import Registry

    if Registry().find(name).home == "docker":
        from emulators.docker import engine, estate

        estate.recable(engine.connect(), name, _ask(name, "state")["state"]["cables"])


@app.command()
def acts(as_json: options.AsJson = False) -> None:
    """List what `hands` can do."""
    from emulators.hands import ACTS

    for act in ACTS.values():
        takes = {name: act.types[name] for name in act.parameters}
        if as_json:
            print(json.dumps({"act": act.name, "takes": takes, "about": act.about}))
            continue
        words = [f"{key}={'...' if act.parameters[key] is None else act.parameters[key]}" for key in takes]
        print(" ".join([act.name, *words]) + f"\n  {act.about.splitlines()[0]}")


def _contents(paths: str) -> dict[str, str]:
    """The files at these paths, by their names, as base64. Raises OSError."""
    import base64

    return {Path(p).name: base64.b64encode(Path(p).read_bytes()).decode() for p in paths.split(",") if p}


@app.command()
def down(
    name: Annotated[
        str | None,
        typer.Argument(help="A server; see --all.", autocompletion=options.complete_server, show_default=False),
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every server that runs.")] = False,
) -> None:
    """End a server, and take away what was made for it."""
    from emulators.home.registry import Registry

    if (name is None) != everyone:
        raise BadInput("name a server, or give --all; not both")
    registry = Registry()
    ending = registry.all() if name is None else [registry.find(name)]
    for entry in ending:
        _tell(registry.socket(entry))
    for entry in ending:
        _end(entry)
        print(f"{entry.name} has ended")
    registry.all()  # what one that had to be killed has left goes too
    _clean(registry)


def _clean(registry: Registry) -> None:
    """Containers and networks whose estate nobody wants any more: a kill has left them."""
    if registry.estates.is_dir() and any(registry.estates.iterdir()):
        from emulators.docker import engine, estate

        for lost in estate.clean(engine.connect(), registry.estates):
            screen.note(f"took away what was left of {lost}")


def _tell(socket: Path) -> None:
    """Ask it to go down; what becomes of that is seen afterwards."""
    from emulators.home import client

    try:
        client.ask(socket, "down", timeout_s=5.0)
    except (client.NoAnswer, client.Refused):
        pass


def _end(entry: Entry) -> None:
    """Wait for its end; the process is ended where that does not come."""
    from emulators.home import alive

    if entry.home == "docker":
        _end_container(entry.name)
    elif not alive.ended(entry.pid, entry.started):
        alive.end(entry.pid, entry.started)


def _end_container(name: str) -> None:
    """Its process is that of whoever started it and may have others: the container itself goes."""
    from emulators.docker import engine, estate

    estate.end(engine.connect(), name)


def _ask(name: str, do: str, **words: Any) -> dict[str, Any]:
    """Raises UnknownServer, Refused, NoAnswer."""
    from emulators.home import client
    from emulators.home.registry import Registry

    registry = Registry()
    return client.ask(registry.socket(registry.find(name)), do, **words)


def pairs(words: list[str]) -> dict[str, str]:
    """KEY=VALUE words as a mapping. Raises BadInput."""
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key:
            raise BadInput(f"expected KEY=VALUE, as in percent=50, not {word!r}")
        if key in found:
            raise BadInput(f"{key} is given twice")
        found[key] = value
    return found


def _lines(value: Any) -> list[str]:
    """A value of the state, for people."""
    match value:
        case dict() if value:
            return [f"{key}: {_one(each)}" for key, each in value.items()]
        case list() if value and isinstance(value[0], dict):
            return [_one(each) for each in value]
        case _:
            return [_one(value)]


def _one(value: Any) -> str:
    match value:
        case None | "":
            return "-"
        case list() | dict() if not value:
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(_one, value))
        case dict():
            return " ".join(f"{key}={_one(each)}" for key, each in value.items())
        case _:
            return str(value)


def _table(running: list[Entry]) -> None:
    import time

    from rich import box
    from rich.table import Table

    from fwsim.report.wording import duration

    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style="dim")
    for column in ("server", "board", "home", "BMC", "SSH", "speed", "up for"):
        table.add_column(column, no_wrap=True)
    for entry in running:
        ready = entry.ready
        reach = (f"{ready.ipmi.host}:{ready.ipmi.port}", f"{ready.ssh.host}:{ready.ssh.port}") if ready else ("", "")
        speed = f"{ready.speed:g}" if ready else "starting"
        table.add_row(entry.name, entry.board, entry.home, *reach, speed, duration(time.time() - entry.wall))
    screen.out().print(table)

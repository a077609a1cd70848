"""Options that several commands share, and what a shell offers to complete them with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

ProgressMode = Literal["auto", "bar", "plain", "json"]
Ipmitool = Literal["builtin", "real"]


def complete_board(incomplete: str) -> list[str]:
    """Boards for the shell; reads names only."""
    from fwsim import boards

    return [name for name in boards.names() if name.startswith(incomplete)]


def complete_server(incomplete: str) -> list[str]:
    """Running virtual servers for the shell."""
    from emulators.home.registry import Registry

    return [entry.name for entry in Registry().all() if entry.name.startswith(incomplete)]


def complete_fault(incomplete: str) -> list[str]:
    """Kinds of faults for the shell."""
    from emulators.faults import ABOUT

    return [kind for kind in ABOUT if kind.startswith(incomplete)]


def complete_act(incomplete: str) -> list[str]:
    """What hands can do, for the shell."""
    from emulators.hands import ACTS

    return [act for act in ACTS if act.startswith(incomplete)]


def complete_run(incomplete: str) -> list[str]:
    """Runs of the default directory for the shell, the latest first."""
    from fwsim.runs import LATEST, Runs

    ids = [LATEST, *(run.id for run in reversed(Runs().all()))]
    return [i for i in ids if i.startswith(incomplete)]


def complete_scenario(incomplete: str) -> list[str]:
    """Scenarios that ship, for the shell."""
    from fwsim.rehearsal import scenario

    return [name for name in scenario.names() if name.startswith(incomplete)]


Board = Annotated[
    str, typer.Option("--board", help="A board, as `fwsim emulator boards` names it.", autocompletion=complete_board)
]
OptionalBoard = Annotated[
    str | None,
    typer.Option("--board", help="A board, as `fwsim emulator boards` names it.", autocompletion=complete_board),
]
RunsFolder = Annotated[
    Path | None,
    typer.Option("--runs", metavar="DIR", help="Where runs are kept.", show_default="the user's state directory"),
]
Progress = Annotated[
    ProgressMode, typer.Option("--progress", help="How to show progress on stderr; auto: a bar on a terminal.")
]
Speed = Annotated[float, typer.Option("--speed", min=0.01, max=10_000, help="Simulated seconds a second.")]
IpmitoolChoice = Annotated[
    Ipmitool | None,
    typer.Option(
        "--ipmitool",
        help="The virtual host's ipmitool: ours, or this machine's (its time-outs do not scale).",
        show_default="this machine's at --speed 1 where it is installed, else ours",
    ),
]


def ipmitool_at(speed: float, choice: Ipmitool | None) -> Ipmitool:
    """Which ipmitool the virtual host gets. Raises BadInput where this machine's is wanted and not installed."""
    import shutil

    from fwsim.cli import screen
    from fwsim.cli.errors import BadInput

    installed = shutil.which("ipmitool") is not None
    if choice is None:
        return "real" if speed == 1 and installed else "builtin"
    if choice == "real" and not installed:
        raise BadInput("--ipmitool real: there is no ipmitool on this machine; install it, or leave the option out")
    if choice == "real" and speed != 1:
        screen.note("note: this machine's ipmitool serves in band; its time-outs run on the wall and are not scaled")
    return choice


DespiteIncomplete = Annotated[
    bool,
    typer.Option(
        "--i-know-the-bank-may-be-incomplete",
        help="Restart what has to be restarted though a flash is not proved complete. It stands in the journal.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="The result as JSON.")]
InventoryFile = Annotated[
    Path | None,
    typer.Option("--inventory", metavar="FILE", help="Where the server stands: YAML, or CSV with --server."),
]
VisitInventory = Annotated[
    Path | None,
    typer.Option("--inventory", metavar="FILE", help="Where the server stands and whom to call, for tickets.",
                 show_default="what the run has read; the ticket is a draft then"),
]  # fmt: skip
Recovery = Annotated[
    bool, typer.Option("--recovery/--no-recovery", help="After a bad end: diagnose, repair, or write the ticket.")
]

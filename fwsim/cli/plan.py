"""`fwsim plan`: a commented plan to fill in, and a check of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fwsim.cli import options, screen
from fwsim.cli.errors import REFUSED

if TYPE_CHECKING:
    from fwsim.plan import Plan

app = typer.Typer(help="Write and check plans.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def new(board: options.Board) -> None:
    """Print a commented plan for a board: fwsim plan new --board x11ssh-f > plan.yaml"""
    from fwsim import plan

    print(plan.template(board), end="")


@app.command()
def check(file: Annotated[Path, typer.Argument(metavar="PLAN", help="The plan's file.")]) -> None:
    """Read a plan and its payloads; say every mistake.

    Exit 2: the plan cannot be used. Exit 3: it can, and its payloads would be refused.
    """
    from fwsim import plan

    checked = plan.load(file)
    objections = _objections(checked)
    for place, address in (("host.address", checked.host.address), ("bmc.address", checked.bmc.address)):
        if address.endswith(".EXAMPLE.NET"):
            screen.note(f"note: {place} is still the template's: {address}")
    for missing in _unattested(checked):
        screen.note(f"note: preflight and update will refuse: the plan does not have {missing}")
    for objection in objections:
        screen.note(f"fwsim: {objection}")
    if objections:
        raise typer.Exit(REFUSED)
    kinds = ", ".join(f"{p.kind} {p.version}" for p in checked.payloads)
    print(f"{file}: good: {checked.board}, host {checked.host.address}, BMC {checked.bmc.address}, {kinds}")


def _objections(checked: Plan) -> list[str]:
    """Why the payloads would be refused, by their own word. A synthetic one is good for rehearsals only."""
    from fwsim import boards, payload

    board, found, reasons = boards.load(checked.board), payload.read_all(checked), []
    for entry in checked.payloads:
        for image in (*entry.intermediate, entry):
            read = found[image.file]
            reasons += [f"{image.file}: {reason}" for reason in payload.objections(read, image, entry.kind, board)]
            if read.synthetic:
                screen.note(f"note: {image.file} is synthetic: `fwsim rehearse` takes it, `fwsim update` refuses it")
    for back in checked.fallback:
        objections = payload.fallback_objections(found[back.file], back, board)
        reasons += [f"{back.file}: {reason}" for reason in objections]
    return reasons


def _unattested(checked: Plan) -> list[str]:
    """What the plan does not say yet and an update refuses to go without; a plan may be written before it is true."""
    quiet, kinds = checked.quiet, {back.kind for back in checked.fallback}
    missing = [f"quiet.{key}: true" for key in ("fencing", "controllers") if not getattr(quiet, key)]
    if checked.power.feeds < 2 and not checked.power.ups:
        missing.append("power.feeds: 2, or power.ups: true")
    if not checked.policy.accept_no_fallback:
        missing += [f"a fallback image of the {p.kind}" for p in checked.payloads if p.kind not in kinds]
    return missing

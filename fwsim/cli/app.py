"""All commands, put together in the order in which one uses them."""

from __future__ import annotations

from typing import Annotated

import typer

import fwsim.cli.containers
import fwsim.cli.diagnose as diagnose
import fwsim.cli.emulator as emulator
import fwsim.cli.image as image
import fwsim.cli.lab as lab
import fwsim.cli.plan as plan
import fwsim.cli.preflight as preflight
import fwsim.cli.rehearse as rehearse
import fwsim.cli.resume as resume
import fwsim.cli.runs as runs
import fwsim.cli.scenario as scenario
import fwsim.cli.servers  # noqa: F401 - adds its commands to `emulator`
import fwsim.cli.ticket as ticket
import fwsim.cli.update as update
from fwsim import __version__

app = typer.Typer(
    name="fwsim",
    help="Rehearse a remote BMC and BIOS firmware update on a virtual server that fails as real ones do, then run the "
    "very same plan on the real one.",
    epilog="Exit codes: 0 updated (or all as expected), 1 failed, 2 usage or bad file, 3 refused (nothing flashed, "
    "configured or left behind), 4 needs hands, 5 interrupted.",
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: reads the same in a pipe, and starts in half the time
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

app.command("preflight")(preflight.preflight)
app.command("rehearse")(rehearse.rehearse)
app.command("update")(update.update)
app.command("resume")(resume.resume)
app.command("runs")(runs.runs)
app.command("show")(runs.show)
app.command("diagnose")(diagnose.diagnose)
app.add_typer(ticket.app, name="ticket")
app.add_typer(plan.app, name="plan")
app.add_typer(image.app, name="image")
app.add_typer(scenario.app, name="scenario")
app.add_typer(emulator.app, name="emulator")
app.add_typer(lab.app, name="lab")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"fwsim {__version__}")
        raise typer.Exit


@app.callback()
def _fwsim(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass

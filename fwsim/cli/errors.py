"""From an exception to one clear message on stderr and an exit code.

Errors are looked up by name, so that this module imports none of the packages that define them: one that was raised has
been imported by whoever raised it.
"""

from __future__ import annotations

import sys
import traceback
from datetime import UTC, datetime
from pathlib import Path

FAILED, USAGE, REFUSED, INTERRUPTED = 1, 2, 3, 5

KNOWN: dict[str, int] = {
    "fwsim.cli.errors.BadInput": USAGE,
    "fwsim.yamlerrors.FileError": USAGE,
    "fwsim.boards.UnknownBoard": USAGE,
    "emulators.boards.UnknownBoard": USAGE,
    "fwsim.rehearsal.scenario.UnknownScenario": USAGE,
    "fwsim.runs.UnknownRun": USAGE,
    "fwsim.runs.RunsUnusable": USAGE,
    "fwsim.versions.BadVersion": USAGE,
    "fwsim.payload.PayloadError": USAGE,
    "fwsim.secret.SecretUnavailable": USAGE,
    "fwsim.rehearsal.standing.ServerLost": FAILED,
    "fwsim.recall.NotResumable": USAGE,
    "fwsim.record.NoRecord": USAGE,
    "fwsim.journal.Busy": USAGE,
    "emulators.docker.addresses.BadAddress": USAGE,
    "emulators.docker.engine.DockerError": FAILED,
    "emulators.docker.estate.EstateRuns": USAGE,
    "emulators.home.crew.WorkerFailed": FAILED,
    "emulators.home.registry.BadName": USAGE,
    "emulators.home.registry.NameTaken": USAGE,
    "emulators.home.registry.UnknownServer": USAGE,
    "emulators.home.client.Refused": USAGE,
    "emulators.home.client.NoAnswer": FAILED,
    "fwsim.labs.lab.UnknownLab": USAGE,
    "fwsim.labs.session.NoSession": USAGE,
    "fwsim.labs.exam.BadKey": USAGE,
    "fwsim.labs.exam.Forged": FAILED,
    "fwsim.labs.page.NoTypst": USAGE,
    "fwsim.labs.player.Played": FAILED,
    "recovery.procedures.UnknownProcedure": USAGE,
    "recovery.printed.Unreadable": USAGE,
    "recovery.inventory_netbox.NetboxUnusable": FAILED,
    "recovery.render.qr.MissingPart": FAILED,
    "recovery.render.pdf.NotPrinted": FAILED,
    "recovery.render.providers.NotForProvider": REFUSED,
    "recovery.ticket.TicketRefused": REFUSED,
    "fwsim.cli.tickets.TicketBreaksRules": REFUSED,
    "fwsim.doors.DoorError": FAILED,
    "builtins.OSError": FAILED,
}
"""Exception (or a base of it) -> exit code. What is not listed is a defect of ours."""


class BadInput(Exception):
    """What was typed cannot be used. The message says what was expected."""


def tell(error: Exception) -> int:
    """Print what went wrong, and return the exit code."""
    code = _known(error)
    if code is None:
        return _unexpected(error)
    for line in _words(error).splitlines():
        print(f"fwsim: {line}", file=sys.stderr)
    return code


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return str(error) or type(error).__name__


def stopped() -> int:
    """Ctrl-C where nothing had been started."""
    print("fwsim: stopped", file=sys.stderr)
    return INTERRUPTED


def _known(error: Exception) -> int | None:
    for kind in type(error).__mro__:
        code = KNOWN.get(f"{kind.__module__}.{kind.__qualname__}")
        if code is not None:
            return code
    return None


def _unexpected(error: Exception) -> int:
    """A defect of ours: one line, and the details in a file. They hold code and file names, no values."""
    details = "".join(traceback.format_exception(error))
    try:
        where = str(_written(details))
    except OSError as problem:
        print(details, file=sys.stderr)
        where = f"above, for they could not be written: {problem}"
    first = (str(error).splitlines() or [""])[0]
    print(f"fwsim: unexpected {type(error).__name__}: {first[:200]} (details: {where})", file=sys.stderr)
    return FAILED


def _written(details: str) -> Path:
    from platformdirs import user_state_path

    folder = user_state_path("fwsim", appauthor=False) / "defects"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}.txt"
    path.write_text(details, "utf-8")
    return path

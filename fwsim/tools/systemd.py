"""systemd-run, systemctl: one detached unit of a fixed name, which is also the lock against a second flash.

The unit stays (RemainAfterExit) until it is stopped, so that its end can be read; its description says whose it is.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from fwsim.tools import Argv, Unparsable

UNIT = "fwsim-flash"
PROPERTIES = ("LoadState", "ActiveState", "SubState", "Result", "ExecMainStatus", "Description")
REBOOT: Argv = ("systemctl", "reboot")
SYSTEM_STATE: Argv = ("systemctl", "is-system-running")
INHIBIT: Argv = (  # an orderly shutdown or sleep by anybody on the host waits for the flash, or has to be forced
    "systemd-inhibit",
    "--what=shutdown:sleep",
    "--who=fwsim",
    "--why=firmware is being written",
    "--mode=block",
)


def is_stopping(stdout: str) -> bool:
    """Is the host about to go down? What `is-system-running` says else (running, degraded, ...) matters little."""
    return stdout.strip() == "stopping"


@dataclass(frozen=True)
class Tag:
    """Whose flash a unit is. Stands in its description."""

    run: str
    step: str
    sha256: str

    def __str__(self) -> str:
        return f"fwsim run={self.run} step={self.step} sha256={self.sha256}"


def parse_tag(description: str) -> Tag | None:
    """None where the description is not one of ours."""
    match = re.fullmatch(r"fwsim run=(\S+) step=(\S+) sha256=(\S+)", description.strip())
    return Tag(match[1], match[2], match[3]) if match else None


def run_detached(argv: Sequence[str], tag: Tag, *, log: str, standard_input: str, unit: str = UNIT) -> Argv:
    """Start `argv` in a unit of its own; it goes on when SSH drops. `standard_input` and `log` are the host's files.

    RemainAfterExit keeps its end to be read; while it runs, shutdown and sleep are inhibited.
    """
    line = f"exec {shlex.join((*INHIBIT, *argv))} >{shlex.quote(log)} 2>&1 <{shlex.quote(standard_input)}"
    return (
        "systemd-run",
        f"--unit={unit}",
        f"--description={tag}",
        "--property=RemainAfterExit=yes",
        "/bin/sh",
        "-c",
        line,
    )


def is_duplicate(stderr: str) -> bool:
    """Was the unit refused because one of that name is there? Then look; never start another."""
    return bool(re.search(r"already exists|already loaded|has a fragment file", stderr))


def show(unit: str = UNIT) -> Argv:
    """Ask for the unit's state."""
    return ("systemctl", "show", unit, f"--property={','.join(PROPERTIES)}")


def stop(unit: str = UNIT) -> Argv:
    """Take away a unit that has ended, so that its name is free."""
    return ("systemctl", "stop", unit)


def reset_failed(unit: str = UNIT) -> Argv:
    """Take away a unit that has failed."""
    return ("systemctl", "reset-failed", unit)


@dataclass(frozen=True)
class Unit:
    """A unit as systemctl shows it. `exit_status` None while it runs, or where there is no such unit."""

    load: str
    active: str
    sub: str
    result: str
    exit_status: int | None
    description: str

    @property
    def state(self) -> Literal["absent", "running", "ended"]:
        """absent is never success: after a reboot it means unknown."""
        if self.load == "not-found":
            return "absent"
        if self.active in ("activating", "deactivating", "reloading") or self.sub == "running":
            return "running"
        return "ended"

    @property
    def tag(self) -> Tag | None:
        return parse_tag(self.description)


@lru_cache(maxsize=64)  # asked again and again, and mostly answered the same
def parse_show(stdout: str) -> Unit:
    """Raises Unparsable."""
    keys = dict(line.split("=", 1) for line in stdout.splitlines() if "=" in line)
    if not {"LoadState", "ActiveState", "SubState"} <= set(keys):
        raise Unparsable("systemctl show", "LoadState, ActiveState, SubState", stdout)
    status = keys.get("ExecMainStatus", "")
    unit = Unit(
        load=keys["LoadState"],
        active=keys["ActiveState"],
        sub=keys["SubState"],
        result=keys.get("Result", ""),
        exit_status=None,
        description=keys.get("Description", ""),
    )
    return replace(unit, exit_status=int(status)) if unit.state == "ended" and status.isdigit() else unit

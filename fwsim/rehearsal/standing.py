"""The virtual server of a rehearsal as a process: started by us, left behind by a kill, found again, ended.

server.json in the run's directory says which process it is: a pid alone may be another's by now. No password stands
there: who goes on with the rehearsal knows them from what is rehearsed.
"""

from __future__ import annotations

import ipaddress
import shutil
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import ValidationError

from emulators.home import alive, control
from emulators.home.config import SCRATCH, Ready
from emulators.home.registry import Registry

NAME = "server.json"
IDLE_S = 15 * 60.0  # wall; a server that nobody has used for so long ends by itself


class ServerLost(Exception):
    """The virtual server did not start, or has gone."""


class Standing(Ready):
    """What a home has said when it was ready, the start time of its process, and the wall time of that moment.

    `passwords`: of the virtual BMC's users.
    """

    started: str
    wall: float
    passwords: dict[str, str] = {}

    @property
    def elapsed_s(self) -> float:
        """Wall seconds since then."""
        return max(0.0, time.time() - self.wall)

    @property
    def alive(self) -> bool:
        return alive.alive(self.pid, self.started)


def keep(ready: Ready, directory: Path, passwords: Mapping[str, str]) -> Standing:
    """Write down which process it is."""
    standing = Standing(
        **ready.model_dump(), started=alive.start_time(ready.pid), wall=time.time(), passwords=dict(passwords)
    )
    path = directory / NAME
    path.with_suffix(".new").write_text(_knowing(standing, {}, "").model_dump_json() + "\n", "utf-8")
    path.with_suffix(".new").replace(path)
    return standing


def _knowing(standing: Standing, passwords: Mapping[str, str], root_password: str) -> Standing:
    bmc, ssh, web = standing.ipmi, standing.ssh, standing.web
    own = passwords.get(bmc.user, "")
    known = {
        "ipmi": bmc.model_copy(update={"password": own}),
        "ssh": ssh.model_copy(update={"password": root_password}),
        "web": web.model_copy(update={"password": own}) if web else None,
        "passwords": dict(passwords),
    }
    return standing.model_copy(update=known)


def _on_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def find(
    directory: Path,
    passwords: Mapping[str, str],
    root_password: str,
    ours: Callable[[str], bool] = _on_loopback,
) -> Standing:
    """The server of that run, alive and at addresses of `ours`, with its passwords. Raises ServerLost."""
    path = directory / NAME
    try:
        standing = Standing.model_validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise ServerLost("the rehearsal is lost: no virtual server of it was left running; rehearse again") from error
    except ValidationError as error:
        raise ServerLost(f"the rehearsal is lost: {path} cannot be used; rehearse again") from error
    if not standing.alive:
        clear(directory)
        raise ServerLost(f"the rehearsal is lost: its virtual server (pid {standing.pid}) has gone; rehearse again")
    for address in (standing.ssh.host, standing.ipmi.host):
        if not ours(address):
            raise ServerLost(f"the rehearsal is lost: {path} names {address}, which is no virtual server's address")
    return _knowing(standing, passwords, root_password)


def lend(directory: Path) -> None:
    """While it stands, `fwsim emulator` finds it by its run's name. Raises OSError."""
    known = Standing.model_validate_json((directory / NAME).read_bytes())
    Registry().lend(directory.name, known, directory)


def address(directory: Path) -> str:
    """Where the BMC of that run's server answered as the server was handed over."""
    return Standing.model_validate_json((directory / NAME).read_bytes()).ipmi.host


def end(standing: Standing) -> None:
    """End it, orderly if it can be. Only ever the very process that was started."""
    alive.end(standing.pid, standing.started)


def clear(directory: Path) -> None:
    """Take away what a server that was killed has left in its run's directory."""
    Registry().take_back(directory.name)
    (directory / control.NAME).unlink(missing_ok=True)
    for scratch in directory.glob(f"{SCRATCH}*"):
        shutil.rmtree(scratch, ignore_errors=True)

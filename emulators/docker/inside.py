"""`python3 -m emulators.docker.inside`: a container's virtual server, on its own addresses and standard ports."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

from pydantic import ValidationError

from emulators.bmc.lanconfig import DHCP
from emulators.docker import told
from emulators.docker.asking import AskingDhcp
from emulators.docker.lifeline import Lifeline, wanted
from emulators.docker.links import Links
from emulators.home import control
from emulators.home.config import Ready
from emulators.home.home import Home
from emulators.network import MANAGEMENT
from emulators.server import VirtualServer

LOOK_S = 1.0  # wall: how soon it is noticed that nobody wants the server any more


async def run(config: told.Server) -> None:
    """Open, say so, serve until a signal, until `down`, or until nobody wants it any more."""
    made: list[Links] = []

    def links(server: VirtualServer, changed: Callable[[], None]) -> Links:
        made.append(Links(server, config.subnets, changed))
        return made[0]

    home = Home(config.home, links)
    home.checks_itself = True
    dhcp = _lease_for_real(home, made[0])
    lifeline = Lifeline(told.ESTATE) if config.kept else None
    try:
        ready = await home.open()
        tasks = [asyncio.ensure_future(each) for each in (home.serve(), made[0].watch(), _until_unwanted(config))]
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, tasks[0].cancel)
        _say(ready, config)  # only now: who reads it may end us at once
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    finally:
        await dhcp.close()
        await home.close()
        if lifeline is not None:
            lifeline.close()


def _lease_for_real(home: Home, links: Links) -> AskingDhcp:
    """The management network's DHCP server is one: the model's own steps aside."""
    bmc = home.server.bmc

    def came() -> None:
        home.pump.advance()
        bmc.refresh_lease()

    dhcp = AskingDhcp(lambda: links.bmc_link, lambda: bmc.lan.source == DHCP and bmc.answering, came)
    home.server.network.segments[MANAGEMENT].dhcp = dhcp
    return dhcp


def _say(ready: Ready, config: told.Server) -> None:
    """On standard output, and in the folder: complete or not at all, and without the passwords."""
    web = ready.web.model_copy(update={"password": ""}) if ready.web else None
    logins = {
        "ipmi": ready.ipmi.model_copy(update={"password": ""}),
        "ssh": ready.ssh.model_copy(update={"password": ""}),
    }
    line = ready.model_copy(update=logins | {"web": web}).model_dump_json()
    print(line, flush=True)
    new = told.HOME / f"{told.READY}.new"
    new.write_text(line + "\n", "utf-8")
    if config.owner is not None:
        for path in (new, told.HOME / control.NAME, told.HOME / "world.jsonl"):
            with suppress(FileNotFoundError):
                os.chown(path, config.owner, -1)
    new.replace(told.HOME / told.READY)


async def _until_unwanted(config: told.Server) -> None:
    """For ever where it keeps itself alive, or where it has no estate to share."""
    while config.kept or not (told.ESTATE / told.LOCK).exists() or wanted(told.ESTATE):  # noqa: ASYNC110 - a file's lock
        await asyncio.sleep(LOOK_S)


def _keep_errors() -> None:
    """A container that has ended is gone with what it said: that stays in the server's folder."""
    sys.stderr.flush()
    log = os.open(told.HOME / told.LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, sys.stderr.fileno())
    os.close(log)


def main() -> int:
    """Exit status 0 after a signal, 2 for a config that is none, 1 where it cannot listen."""
    _keep_errors()
    try:
        asyncio.run(run(told.Server.model_validate_json(os.environ.get(told.SERVER, ""))))
    except ValidationError as error:
        print(f"{told.SERVER} is no virtual server's config: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"the virtual server cannot listen: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

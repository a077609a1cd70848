"""A rehearsal over real SSH and IPMI: the virtual server is a process of its own and outlives the engine."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulators.home import client, control
from emulators.home.config import HomeConfig, Ready
from emulators.truth import Truth
from fwsim.clock import WireClock
from fwsim.doors import Doors
from fwsim.hosts.ssh import SshAddress, SshHost
from fwsim.network import BmcAddress, choose
from fwsim.rehearsal import standing
from fwsim.rehearsal.operator import RecordingHost
from fwsim.rehearsal.standing import IDLE_S, ServerLost, Standing

__all__ = ["IDLE_S", "Served", "ServerLost", "announce", "attached", "doors", "server", "truth"]

START_S = 30.0  # wall


@dataclass
class Served:
    """A virtual server for as long as it is used. `wanted`: it outlives us, for the run will be gone on with."""

    ready: Standing
    wanted: bool = False


@contextlib.asynccontextmanager
async def server(
    config: HomeConfig, directory: Path, passwords: Mapping[str, str] | None = None
) -> AsyncIterator[Served]:
    """A virtual server in a process of its own, ended at the end of the block unless it is `wanted`.

    It is no child of the event loop, which would take it along. Raises ServerLost.
    """
    log = directory / "server.log"
    with log.open("wb") as stderr:
        child = subprocess.Popen(  # noqa: ASYNC220 - our own module, by our own interpreter; it starts at once
            [sys.executable, "-m", "emulators.home"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, start_new_session=True,
        )  # fmt: skip
    try:
        served = Served(standing.keep(await _ready(child, config, log), directory, passwords or {}))
    except BaseException:
        child.kill()
        child.wait()
        raise
    async with _until_done(served, directory):
        yield served
    if served.wanted:
        child.returncode = 0  # let go: whoever resumes the run ends it
    else:
        child.wait()


@contextlib.asynccontextmanager
async def attached(directory: Path, passwords: Mapping[str, str], root_password: str) -> AsyncIterator[Served]:
    """The server that an interrupted rehearsal has left running. Raises ServerLost."""
    async with _until_done(Served(standing.find(directory, passwords, root_password)), directory) as served:
        yield served


def announce(directory: Path, step: str) -> None:
    """A step of the engine begins: what waits for it is there when this returns. It takes a few milliseconds, and
    nothing else may happen meanwhile. Raises ServerLost.
    """
    _ask(directory, "step", step=step)


def truth(directory: Path) -> Truth:
    """What the server truly is now: for judges alone. Raises ServerLost."""
    return Truth.model_validate(_ask(directory, "truth")["truth"])


def leases(directory: Path) -> str:
    """What its DHCP server has given out so far. Raises ServerLost."""
    return str(_ask(directory, "leases")["leases"])


def _ask(directory: Path, do: str, **words: Any) -> client.Reply:
    try:
        return client.ask(directory / control.NAME, do, **words)
    except (client.NoAnswer, client.Refused) as error:
        raise ServerLost(f"the rehearsal is lost: {error}; rehearse again") from error


@contextlib.asynccontextmanager
async def _until_done(served: Served, directory: Path) -> AsyncIterator[Served]:
    try:
        yield served
    except asyncio.CancelledError:
        served.wanted = True  # stopped where no step could say so: the journal is cut there, and can be gone on with
        raise
    finally:
        if not served.wanted:
            await asyncio.to_thread(standing.end, served.ready)
            standing.clear(directory)


async def _ready(child: subprocess.Popen[bytes], config: HomeConfig, log: Path) -> Ready:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(config.model_dump_json().encode() + b"\n")
    child.stdin.close()
    try:
        line = await asyncio.wait_for(asyncio.to_thread(child.stdout.readline), START_S)
    except TimeoutError as error:
        raise ServerLost(f"the virtual server was not ready after {START_S:g} s; see {log}") from error
    child.stdout.close()
    if not line:
        raise ServerLost(f"the virtual server did not start: {_last_words(log)}")
    return Ready.model_validate_json(line)


def _last_words(log: Path) -> str:
    words = log.read_text("utf-8", "replace").strip().splitlines()
    return words[-1] if words else "it said nothing"


@contextlib.asynccontextmanager
async def doors(
    ready: Standing, recorder: RecordingHost, *, real_ipmitool: bool = False, passphrase: str = ""
) -> AsyncIterator[Doors]:
    """The engine's doors to that server: the ones it uses for real servers."""
    at = ready.ssh
    host = SshHost(SshAddress(at.host, at.user, at.port, password=at.password, host_key=at.host_key), speed=ready.speed)
    bmc = ready.ipmi
    network = choose(
        BmcAddress(bmc.host, bmc.user, bmc.password, bmc.port, web=ready.web.port if ready.web else None),
        speed=ready.speed,
        real_ipmitool=real_ipmitool,
    )
    try:
        clock = WireClock(ready.speed, began=time.monotonic() - ready.elapsed_s)
        yield Doors(clock, host, network, recorder, ready.passwords or {bmc.user: bmc.password}, passphrase)
    finally:
        await host.close()

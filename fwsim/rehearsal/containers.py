"""A rehearsal whose virtual server is a container, on networks that really change: made for it, gone with it.

It outlives the engine as a process does: the server itself keeps its estate alive, and ends when nobody uses it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from ipaddress import IPv4Address
from pathlib import Path

from emulators.docker import engine, estate, told
from emulators.docker.engine import DockerError
from emulators.docker.lifeline import Lifeline
from emulators.home.config import HomeConfig, Ready
from fwsim.rehearsal import standing
from fwsim.rehearsal.wire import Served, ServerLost


@contextlib.asynccontextmanager
async def server(
    config: HomeConfig, image: str, directory: Path, passwords: Mapping[str, str]
) -> AsyncIterator[Served]:
    """As `wire.server`, in Docker. Raises DockerError."""
    client = await asyncio.to_thread(engine.connect)
    folder = _folder(directory)
    member = estate.Member(config.spec, folder, name=_name(directory))
    wanted = estate.Wanted(_name(directory), folder, image, [member], kept=True, home=config)
    made = estate.Estate(client, wanted)
    lifeline = Lifeline(folder)
    try:
        [ready] = await _made(made)
        served = Served(standing.keep(ready, directory, passwords))
        async with _until_done(served, client, directory):
            yield served
    finally:
        lifeline.close()


async def _made(made: estate.Estate) -> list[Ready]:
    """Its making cannot be stopped half way: who is stopped meanwhile waits, and takes it away again."""
    making = asyncio.ensure_future(asyncio.to_thread(made.up))
    try:
        return await asyncio.shield(making)
    except asyncio.CancelledError:
        await asyncio.wait([making])
        await asyncio.to_thread(made.down)
        raise


@contextlib.asynccontextmanager
async def attached(directory: Path, passwords: Mapping[str, str], root_password: str) -> AsyncIterator[Served]:
    """The container that an interrupted rehearsal has left running. Raises ServerLost."""
    try:
        client = await asyncio.to_thread(engine.connect)
        subnets = await asyncio.to_thread(estate.subnets, client, _name(directory), _folder(directory))
    except DockerError as error:
        raise ServerLost(f"the rehearsal is lost: {error}") from error

    def ours(address: str) -> bool:
        return any(IPv4Address(address) in subnet for subnet in subnets)

    try:
        found = standing.find(directory, passwords, root_password, ours)
    except ServerLost:
        await asyncio.to_thread(estate.remove, client, _name(directory), _folder(directory))
        raise
    async with _until_done(Served(found), client, directory) as served:
        yield served


@contextlib.asynccontextmanager
async def _until_done(served: Served, client: engine.Client, directory: Path) -> AsyncIterator[Served]:
    try:
        yield served
    except asyncio.CancelledError:
        served.wanted = True  # as in wire: the journal is cut there, and can be gone on with
        raise
    finally:
        if not served.wanted:
            await asyncio.to_thread(estate.end, client, _name(directory), at_once=True)
            await asyncio.to_thread(estate.remove, client, _name(directory), _folder(directory))
            standing.clear(directory)
            for name in (told.READY, told.LOCK):
                (directory / name).unlink(missing_ok=True)


def _folder(directory: Path) -> Path:
    """As containers are told it."""
    return directory.absolute()


def _name(directory: Path) -> str:
    return directory.name.lower()

"""An estate over several processes, and `python -m emulators.home.crew`, one of them: its EstateConfig on standard
input, one Standing line a server on standard output once all answer, service until a signal."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Coroutine
from itertools import accumulate
from typing import Any

from emulators.home.config import EstateConfig, Standing
from emulators.home.estate import Estate

Announce = Callable[[list[Standing]], None]
MODULE = "emulators.home.crew"
PATIENCE_S = 10.0  # for a child to end after its signal


class WorkerFailed(RuntimeError):
    """A process of the crew ended by itself; its own words are on standard error."""


def shares(config: EstateConfig, workers: int) -> list[EstateConfig]:
    """The estate cut into at most `workers` parts of nearly equal size, in order."""
    count = len(config.places)
    workers = max(1, min(workers, count))
    sizes = [count // workers + (n < count % workers) for n in range(workers)]
    return [
        config.model_copy(update={"places": config.places[end - size : end], "first": config.first + end - size})
        for size, end in zip(sizes, accumulate(sizes), strict=True)
    ]


async def serve(config: EstateConfig, announce: Announce, *, workers: int = 1) -> None:
    """Open the estate, announce it, serve until a signal. Raises OSError where a place is taken, WorkerFailed."""
    if workers > 1:
        await _as_crew(shares(config, workers), announce)
        return
    estate = Estate(config)
    try:
        standing = await estate.open()
        serving = _until_signal(estate.serve())
        announce(standing)
        await asyncio.wait([serving])
    finally:
        await estate.close()


async def _as_crew(parts: list[EstateConfig], announce: Announce) -> None:
    children: list[asyncio.subprocess.Process] = []
    try:
        for part in parts:
            children.append(await _start(part))
        standing = [line for child, part in zip(children, parts, strict=True) for line in await _ready(child, part)]
        ended = [asyncio.ensure_future(child.wait()) for child in children]
        serving = _until_signal(asyncio.Event().wait())
        announce(standing)
        await asyncio.wait([serving, *ended], return_when=asyncio.FIRST_COMPLETED)
        if not serving.cancelled():
            serving.cancel()
            raise WorkerFailed("a process of the estate ended by itself")
    finally:
        await asyncio.gather(*(_end(child) for child in children))


async def _start(part: EstateConfig) -> asyncio.subprocess.Process:
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(sys.executable, "-m", MODULE, stdin=pipe, stdout=pipe)
    assert child.stdin is not None
    child.stdin.write(part.model_dump_json().encode() + b"\n")
    return child


async def _ready(child: asyncio.subprocess.Process, part: EstateConfig) -> list[Standing]:
    assert child.stdout is not None
    lines = [await child.stdout.readline() for _ in part.places]
    if not all(lines):
        raise WorkerFailed("a process of the estate did not start")
    return [Standing.model_validate_json(line) for line in lines]


async def _end(child: asyncio.subprocess.Process) -> None:
    """By its own signal and its own pid; by force if it does not listen."""
    if child.returncode is None:
        child.terminate()
    try:
        await asyncio.wait_for(child.wait(), PATIENCE_S)
    except TimeoutError:
        child.kill()
        await child.wait()


def _until_signal(serving: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
    task = asyncio.get_running_loop().create_task(serving)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    return task


def _print(standing: list[Standing]) -> None:
    for server in standing:
        print(server.model_dump_json())
    sys.stdout.flush()


def main() -> int:
    """Exit status 0 after a signal, 1 where an address is taken."""
    config = EstateConfig.model_validate_json(sys.stdin.buffer.readline())
    try:
        asyncio.run(serve(config, _print))
    except OSError as error:
        print(f"the estate cannot listen: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

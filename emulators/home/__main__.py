"""`python -m emulators.home`: a virtual server from the HomeConfig on standard input; prints one Ready line."""

from __future__ import annotations

import asyncio
import resource
import signal
import sys

from pydantic import ValidationError

from emulators.boards import UnknownBoard
from emulators.home.config import HomeConfig
from emulators.home.home import Home

MEMORY_BYTES = 4 << 30


async def run(config: HomeConfig) -> None:
    """Open, say so, serve until a signal."""
    home = Home(config)
    try:
        ready = await home.open()
        serving = asyncio.ensure_future(home.serve())
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
        print(ready.model_dump_json(), flush=True)  # only now: who reads it may end us at once
        await asyncio.gather(serving, return_exceptions=True)
    finally:
        await home.close()


def _bound_memory() -> None:
    """What the model's own limits overlook meets this one: MemoryError ends that program of the virtual host."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    room = MEMORY_BYTES if most == resource.RLIM_INFINITY else min(MEMORY_BYTES, most)
    resource.setrlimit(resource.RLIMIT_AS, (room, most))


def main() -> int:
    """Exit status 0 after a signal, 2 for a config that is none, 1 where an address is taken."""
    _bound_memory()
    try:
        config = HomeConfig.model_validate_json(sys.stdin.buffer.readline())
        asyncio.run(run(config))
    except (ValidationError, UnknownBoard) as error:
        print(f"not a virtual server's config: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"the virtual server cannot listen: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

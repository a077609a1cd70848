"""Endpoints on loopback in a thread of their own, so that a test may run real clients against them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from emulators.bmc.endpoint import LanEndpoint
from emulators.bmc.lan import Sessions


@contextmanager
def listening(*layers: Sessions, host: str = "127.0.0.1", port: int = 0) -> Iterator[list[tuple[str, int]]]:
    """Serve each session layer on a port of its own; yields the addresses."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)

    async def start() -> list[LanEndpoint]:
        return [await LanEndpoint.open(layer, host, port, time.monotonic) for layer in layers]

    async def stop(endpoints: list[LanEndpoint]) -> None:
        for endpoint in endpoints:
            endpoint.close()
        await asyncio.sleep(0)

    thread.start()
    try:
        endpoints = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
        try:
            yield [endpoint.address for endpoint in endpoints]
        finally:
            asyncio.run_coroutine_threadsafe(stop(endpoints), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()

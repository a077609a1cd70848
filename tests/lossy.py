"""A bad network: a UDP proxy that loses, doubles, delays and reorders datagrams, the same ones for the same seed.

Used between real clients and a virtual BMC. Every client's address gets a socket of its own towards the server, so that
answers find their way back.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

Address = tuple[str, int]


@dataclass(frozen=True)
class Weather:
    """Chances are for each datagram, in either direction. A delay is even between 0 and `delay_s`; a datagram that is
    reordered waits for the one behind it, or for `patience_s`."""

    loss: float = 0.0
    duplicate: float = 0.0
    reorder: float = 0.0
    delay: float = 0.0
    delay_s: float = 0.02
    patience_s: float = 0.05

    @classmethod
    def of(cls, chance: float) -> Weather:
        """Everything that can happen, at the same chance."""
        return cls(chance, chance, chance, chance)


@dataclass
class Tally:
    """What the proxy has done."""

    passed: int = 0
    lost: int = 0
    doubled: int = 0
    reordered: int = 0
    delayed: int = 0


@dataclass
class Way:
    """One direction between two sockets. `dice` are its own, so that the two directions do not disturb each other."""

    weather: Weather
    dice: random.Random
    tally: Tally
    _held: list[tuple[asyncio.DatagramTransport, bytes, Address | None]] = field(default_factory=list)

    def carry(self, transport: asyncio.DatagramTransport, data: bytes, to: Address | None) -> None:
        """Send a datagram on, or not, or twice, or later."""
        weather, chance = self.weather, self.dice.random
        lost, doubled, reordered, delayed = (
            chance() < p for p in (weather.loss, weather.duplicate, weather.reorder, weather.delay)
        )
        delay_s = chance() * weather.delay_s if delayed else 0.0
        if lost:
            self.tally.lost += 1
            return
        self.tally.doubled += doubled
        self.tally.delayed += delayed
        for _ in range(1 + doubled):
            if reordered:
                self.tally.reordered += 1
                self._held.append((transport, data, to))
                asyncio.get_running_loop().call_later(weather.patience_s, self._release)
            else:
                asyncio.get_running_loop().call_later(delay_s, self._send, transport, data, to)
        if not reordered:
            asyncio.get_running_loop().call_later(delay_s, self._release)

    def _release(self) -> None:
        held, self._held = self._held, []
        for transport, data, to in held:
            self._send(transport, data, to)

    def _send(self, transport: asyncio.DatagramTransport, data: bytes, to: Address | None) -> None:
        if not transport.is_closing():
            self.tally.passed += 1
            transport.sendto(data, to)


class Upstream(asyncio.DatagramProtocol):
    """One client's socket towards the server."""

    def __init__(self, proxy: Proxy, client: Address) -> None:
        self._proxy, self._client = proxy, client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        self._proxy.back.carry(self._proxy.transport, data, self._client)


class Proxy(asyncio.DatagramProtocol):
    """What clients talk to."""

    def __init__(self, server: Address, weather: Weather, seed: int) -> None:
        self.tally = Tally()
        self.there = Way(weather, random.Random(f"{seed} there"), self.tally)
        self.back = Way(weather, random.Random(f"{seed} back"), self.tally)
        self._server = server
        self._upstreams: dict[Address, asyncio.Task[Upstream]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if addr not in self._upstreams:
            self._upstreams[addr] = asyncio.ensure_future(self._connect(addr))
        upstream = self._upstreams[addr]
        upstream.add_done_callback(lambda task: self.there.carry(task.result().transport, data, None))

    async def _connect(self, client: Address) -> Upstream:
        _, upstream = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Upstream(self, client), remote_addr=self._server
        )
        return upstream

    async def close(self) -> None:
        for upstream in await asyncio.gather(*self._upstreams.values()):
            upstream.transport.close()
        self.transport.close()
        await asyncio.sleep(0)


@contextmanager
def lossy(server: Address, weather: Weather, seed: int = 1) -> Iterator[tuple[int, Tally]]:
    """A proxy on loopback in a thread of its own, in front of `server`: its port, and what it has done."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)

    async def start() -> Proxy:
        _, proxy = await loop.create_datagram_endpoint(
            lambda: Proxy(server, weather, seed), local_addr=("127.0.0.1", 0)
        )
        return proxy

    thread.start()
    try:
        proxy = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
        try:
            yield proxy.transport.get_extra_info("sockname")[1], proxy.tally
        finally:
            asyncio.run_coroutine_threadsafe(proxy.close(), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()

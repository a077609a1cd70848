"""One UDP endpoint of one BMC: the only I/O of its session layer.

It reads its socket itself: asyncio's own datagram transport asks for 256 KiB at every read, which costs more than
answering most messages does.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

from emulators.bmc.lan import Outgoing, Sessions
from emulators.network import Weather

LARGEST = 65535  # of a UDP datagram
LEAST_DELAY_S = 0.0005  # epoll counts milliseconds and rounds up: what is shorter would take longer


def _nothing() -> None:
    """The hook of a home that needs none."""


class LanEndpoint:
    """Feeds datagrams to Sessions and sends what comes back.

    `clock` gives wall seconds; `before` runs ahead of each datagram (the home advances the world) and `after` behind
    it (the pump looks again: a message may have put something on the agenda). Delays are divided by `speed`. The home
    calls `push` after the world has moved on, as a console may then have something to show.
    """

    def __init__(
        self,
        sessions: Sessions,
        bound: socket.socket,
        clock: Callable[[], float],
        *,
        speed: float = 1.0,
        before: Callable[[], None] = _nothing,
        after: Callable[[], None] = _nothing,
    ) -> None:
        self._sessions, self._clock, self._speed = sessions, clock, speed
        self._before, self._after = before, after
        self._socket: socket.socket | None = bound
        self.weather = Weather()  # of the network that it is on
        self.checked: Callable[[], None] | None = None  # in the place of `before`, for what comes from its own address
        self._delayed: set[asyncio.TimerHandle] = set()
        self._wake: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(bound, self._readable)
        if sessions.payloads is not None:
            sessions.payloads.udp_port = self.address[1]

    @classmethod
    async def open(
        cls,
        sessions: Sessions,
        host: str,
        port: int,
        clock: Callable[[], float],
        *,
        speed: float = 1.0,
        before: Callable[[], None] = _nothing,
        after: Callable[[], None] = _nothing,
    ) -> LanEndpoint:
        """Listen. Port 0 takes a free one: `address` says which. Raises OSError where the address is taken."""
        bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            bound.setblocking(False)
            bound.bind((host, port))
        except OSError:
            bound.close()
            raise
        return cls(sessions, bound, clock, speed=speed, before=before, after=after)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        if self._socket is None:
            raise RuntimeError("the endpoint is closed")
        host, port = self._socket.getsockname()
        return host, port

    def close(self) -> None:
        """Stop listening; answers not yet due are dropped."""
        for timer in self._delayed:
            timer.cancel()
        self._delayed.clear()
        if self._wake is not None:
            self._wake.cancel()
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def push(self) -> None:
        """Send what the BMC has to say unasked, and do so again when it is time to."""
        if self._wake is not None:
            self._wake.cancel()
            self._wake = None
        if self._socket is None:
            return
        for outgoing in self._sessions.poll(self._clock()):
            self._send(outgoing)
        due = self._sessions.next_wake()
        if due is not None:
            self._wake = self._loop.call_later(max(due - self._clock(), 0.0), self.push)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer one datagram, as often as the network brings it."""
        before = self._before if self.checked is None or addr[0] != self.address[0] else self.checked
        before()
        for _ in range(self.weather.copies()):
            self._take(data, addr)
        self._after()
        self.push()

    def _take(self, data: bytes, addr: tuple[str, int]) -> None:
        for outgoing in self._sessions.receive(data, addr, self._clock()):
            for _ in range(self.weather.copies()):
                self._send(outgoing._replace(delay_s=outgoing.delay_s + 2 * self.weather.delay_s))

    def _readable(self) -> None:
        """One datagram at a time: others' sockets get their turn."""
        if self._socket is None:
            return
        try:
            data, addr = self._socket.recvfrom(LARGEST)
        except OSError:
            return  # none after all, or a client went away (ICMP port unreachable): no concern of the others
        self.datagram_received(data, addr)

    def _send(self, outgoing: Outgoing) -> None:
        delay_s = outgoing.delay_s / self._speed
        if delay_s < LEAST_DELAY_S:
            self._transmit(outgoing)
            return
        timer: asyncio.TimerHandle

        def due() -> None:
            self._delayed.discard(timer)
            self._transmit(outgoing)

        timer = self._loop.call_later(delay_s, due)
        self._delayed.add(timer)

    def _transmit(self, outgoing: Outgoing) -> None:
        """As on any network a datagram may get lost here: a client that needs its answer asks again."""
        if self._socket is None:
            return
        try:
            self._socket.sendto(outgoing.data, outgoing.address)
        except OSError:
            pass

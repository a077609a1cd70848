"""The one pump of a home: it sleeps until the server has something to do, advances it, and lets changes be pushed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from emulators.server import VirtualServer

LAG_S = 0.1  # wall seconds that the server may take to live up to now before its clock waits for it


class Pump:
    """Runs one VirtualServer against the wall clock, `speed` simulated seconds a second.

    `push` is awaited after the server may have changed: it opens, moves and closes what the world can connect to.
    """

    def __init__(self, server: VirtualServer, speed: float, push: Callable[[], Awaitable[None]]) -> None:
        self.server, self.speed = server, speed
        self._push = push
        self._start = self._lived = time.monotonic()
        self._kick = asyncio.Event()
        self._due: float | None = None  # what it sleeps for
        self.last_access = self._start

    def now(self) -> float:
        """Simulated seconds since the home opened."""
        return (time.monotonic() - self._start) * self.speed

    def live(self) -> None:
        """Up to now; this is no access. While that takes longer than the time lived, the server's clock stands still:
        it lags, as a host under load does, and whoever connects to it is still heard."""
        began = time.monotonic()
        self.server.advance((began - self._start) * self.speed)
        ended = time.monotonic()
        if ended - began > LAG_S and ended - began > began - self._lived:
            self._start += ended - began
        self._lived = ended

    def advance(self) -> None:
        """To be called before every access: the server lives up to now, and what the access changes is pushed soon."""
        self.catch_up()
        self.look_again()

    def catch_up(self) -> None:
        """Before an access whose end calls `look_if_changed`: the server lives up to now."""
        self.last_access = time.monotonic()
        self.live()

    def follow(self) -> None:
        """Somebody beside the server has let time pass there: it goes on from then."""
        ahead_s = self.server.now - self.now()
        if ahead_s > 0:
            self._start -= ahead_s / self.speed
        self.look_again()

    def look_if_changed(self) -> None:
        """After an access: wake the pump only if something else is due next. It costs more than most messages do."""
        if self.server.next_due() != self._due:
            self.look_again()

    def look_again(self) -> None:
        """Something may have come onto the agenda, or changed who answers where."""
        self._kick.set()

    def idle_s(self) -> float:
        """Wall seconds since anybody last accessed the server."""
        return time.monotonic() - self.last_access

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._kick.clear()
            self.live()
            await self._push()
            await self._sleep()

    async def _sleep(self) -> None:
        due = self._due = self.server.next_due()
        timeout = None if due is None else max(0.0, (due - self.now()) / self.speed)
        try:
            async with asyncio.timeout(timeout):  # wait_for would swallow a cancellation that meets a kick
                await self._kick.wait()
        except TimeoutError:
            pass

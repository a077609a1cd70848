"""Many virtual servers in one process, of which only the BMCs are at home: RMCP+ on UDP, no SSH, no web, no in-band.

All share one clock and one heap of what is due next: a thousand idle BMCs cost one sleeping timer. Their hosts are
made when something looks at them, their factory images are one copy, and their boards are consecutive ones of a series.
"""

from __future__ import annotations

import asyncio
import gc
import heapq
import ipaddress
import os
import time
import uuid

from emulators import boards
from emulators.bmc.endpoint import LanEndpoint
from emulators.boards.series import nth
from emulators.home.channel import lan_sessions
from emulators.home.config import EstateConfig, Login, Standing
from emulators.home.places import Place, allow_open_files
from emulators.server import VirtualServer
from emulators.world import World


class Unwatched(World):
    """Nobody judges an estate: nothing is kept."""

    def record(self, at: float, kind: str, **fields: object) -> None:
        """Forget it."""


class Dweller:
    """One server of the estate, and its BMC's socket."""

    def __init__(self, estate: Estate, index: int, at: Place) -> None:
        config = estate.config
        number = config.first + index
        spec = config.spec.model_copy(update={"name": f"{config.spec.name}-{number + 1:04d}", "bmc_address": at[0]})
        board = nth(boards.load(spec.board), number)
        self.server = VirtualServer(spec, Unwatched(), board, hurry=False)
        self.sessions = lan_sessions(self.server, self._is_here)
        self.due: float | None = None  # what the estate's heap knows
        self.at = at
        self.moving = False
        self.endpoint: LanEndpoint | None = None
        self._estate, self._index = estate, index

    async def listen(self, at: Place) -> None:
        """Open the socket, in place of the one before. Raises OSError where the place is taken."""
        speed = self._estate.config.speed
        opened = await LanEndpoint.open(
            self.sessions, *at, time.monotonic, speed=speed, before=self._catch_up, after=self._look
        )
        if self.endpoint is not None:
            self.endpoint.close()
        self.endpoint, self.at = opened, at

    def live(self) -> None:
        """Something is due."""
        self._catch_up()
        self._look()
        if self.endpoint is not None:
            self.endpoint.push()

    def _catch_up(self) -> None:
        self.server.advance(self._estate.now())

    def _look(self) -> None:
        """What an access or the passing of time has changed: what is due next, and where the BMC is."""
        due = self.server.next_due()
        if due != self.due:
            self.due = due
            if due is not None:
                self._estate.expect(due, self._index)
        if self.server.bmc.lan.address != self.at[0] and not self.moving:
            address = self.server.bmc.address
            if address is not None:
                self._estate.move(self, address)

    def _is_here(self) -> bool:
        return self.server.bmc.address == self.at[0]

    def standing(self) -> Standing:
        """What a client needs to know."""
        spec, user = self.server.spec, self.server.board.bmc.users[0]
        password = spec.bmc_passwords.get(user.name, user.password)
        return Standing(
            name=spec.name,
            board=spec.board,
            ipmi=Login(host=self.at[0], port=self.at[1], user=user.name, password=password),
            guid=str(uuid.UUID(bytes_le=self.server.guid)),
            mac=self.server.mac("dedicated"),
            serial=self.server.board.serial,
            pid=os.getpid(),
            speed=self._estate.config.speed,
        )


class Estate:
    """`open` it, `serve` until cancelled, `close` it."""

    def __init__(self, config: EstateConfig) -> None:
        self.config = config
        self._start = time.monotonic()
        self._heap: list[tuple[float, int]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._moves: set[asyncio.Task[None]] = set()
        self.dwellers = [Dweller(self, index, at) for index, at in enumerate(config.places)]

    def now(self) -> float:
        """Simulated seconds since the estate was made."""
        return (time.monotonic() - self._start) * self.config.speed

    async def open(self) -> list[Standing]:
        """Listen everywhere. Raises OSError where a place is taken."""
        allow_open_files(len(self.dwellers))
        for dweller in self.dwellers:
            await dweller.listen(dweller.at)
            dweller.live()
        gc.freeze()  # what was made for all of them stays: looking through it again and again would stop them all
        return [dweller.standing() for dweller in self.dwellers]

    async def serve(self) -> None:
        """Until cancelled: all that happens is called by the loop."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """Stop listening."""
        if self._timer is not None:
            self._timer.cancel()
        for move in self._moves:
            move.cancel()
        await asyncio.gather(*self._moves, return_exceptions=True)
        for dweller in self.dwellers:
            if dweller.endpoint is not None:
                dweller.endpoint.close()

    # -- for the dwellers

    def expect(self, due: float, index: int) -> None:
        """The server of that index has something to do at simulated second `due`."""
        heapq.heappush(self._heap, (due, index))
        if self._heap[0] == (due, index):
            self._arm()

    def move(self, dweller: Dweller, address: str) -> None:
        """Bring a BMC's socket to the address that it now has, where that is one of loopback's."""
        if ipaddress.ip_address(address).is_loopback:
            dweller.moving = True
            task = asyncio.get_running_loop().create_task(_moved(dweller, (address, dweller.at[1])))
            self._moves.add(task)
            task.add_done_callback(self._moves.discard)

    # -- the pump

    def _arm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._heap:
            delay_s = max(0.0, (self._heap[0][0] - self.now()) / self.config.speed)
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._pump)

    def _pump(self) -> None:
        """Let live whom something is due for; what the heap says of the others may be out of date."""
        now = self.now()
        while self._heap and self._heap[0][0] <= now:
            due, index = heapq.heappop(self._heap)
            if self.dwellers[index].due == due:
                self.dwellers[index].live()
        self._arm()


async def _moved(dweller: Dweller, to: Place) -> None:
    try:
        await dweller.listen(to)
    except OSError:
        return  # somebody else has that address: nobody answers there for us
    finally:
        dweller.moving = False

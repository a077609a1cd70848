"""A lease that the BMC really asks for: a DHCP client's exchange on its own link, and what the server there offers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from emulators.network import Dhcp

SCRIPT = Path(__file__).parent / "udhcpc-says"
TRIES, PAUSE_S, AGAIN_S = 3, 1, 5.0  # of the client; wall


class AskingDhcp(Dhcp):
    """Whoever asks it gets no answer at once. When the lease has come, `came` is called, and asking again gives it."""

    def __init__(self, link: Callable[[], str | None], wanted: Callable[[], bool], came: Callable[[], None]) -> None:
        """`link`: where the BMC's own is, if anywhere. `wanted`: does it still want a lease?"""
        super().__init__(())
        self._link, self._wanted, self._came = link, wanted, came
        self._offered: dict[str, str] = {}
        self._asking: dict[str, asyncio.Task[None]] = {}

    def lease(self, mac: str) -> str | None:
        """The address that was leased to `mac`, or None while that is being asked for."""
        address = self._offered.pop(mac, None)
        if address is not None:
            self.leases[mac] = address
        elif mac not in self._asking:
            task = asyncio.get_running_loop().create_task(self._ask(mac))
            self._asking[mac] = task
            task.add_done_callback(lambda done: self._asking.pop(mac, None))
        return address

    async def close(self) -> None:
        """Ask no more."""
        asking = list(self._asking.values())
        for task in asking:
            task.cancel()
        await asyncio.gather(*asking, return_exceptions=True)

    async def _ask(self, mac: str) -> None:
        while self._wanted():
            address = await self._exchange()
            if address is not None:
                self._offered[mac] = address
                del self._asking[mac]
                self._came()
                return
            await asyncio.sleep(AGAIN_S)

    async def _exchange(self) -> str | None:
        link = self._link()
        if link is None:
            return None
        command = ("udhcpc", "-f", "-q", "-n", "-i", link, "-s", str(SCRIPT), "-t", str(TRIES), "-T", str(PAUSE_S))
        nowhere = asyncio.subprocess.DEVNULL
        child = await asyncio.create_subprocess_exec(
            *command, stdin=nowhere, stdout=asyncio.subprocess.PIPE, stderr=nowhere
        )
        try:
            out, _ = await child.communicate()
        except asyncio.CancelledError:
            child.kill()
            await child.wait()
            raise
        said = out.decode().split()
        return said[-1] if said else None

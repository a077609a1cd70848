"""What both clients of a BMC have in common: its address, the count of refused logins, and whatever logs in nowhere."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Self

from fwsim.clock import wall_timeout
from fwsim.network import probe
from fwsim.network.address import BmcAddress, Logins


class Client:
    """The half of a Network door that needs no session. `speed` divides every time-out."""

    def __init__(self, address: BmcAddress, speed: float) -> None:
        self.address, self._speed = address, speed
        self._logins = Logins(address.user)

    async def probe(self, *, timeout_s: float = 2.0) -> bool:
        return await probe.answers(self.address.host, self.address.port, wall_timeout(timeout_s, self._speed))

    async def ping(self, *, timeout_s: float = 2.0) -> bool:
        return await probe.pings(self.address.host, self.address.port, wall_timeout(timeout_s, self._speed))

    async def connects(self, port: int, *, timeout_s: float = 5.0) -> bool:
        at = self.address
        return await probe.connects(at.host, at.tcp(port), wall_timeout(timeout_s, self._speed))

    def elsewhere(self, address: str) -> Self:
        """Refusals are counted together."""
        other = copy.copy(self)
        other.address = replace(self.address, host=address)
        return other

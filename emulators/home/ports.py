"""What a home does about addresses: nothing on loopback, where all of them are there already."""

from __future__ import annotations

import ipaddress
from typing import Protocol


class Ports(Protocol):
    """The ports of the machine that a home runs on."""

    async def settle(self) -> None:
        """Bring this machine's addresses to where the virtual server has its own now."""
        ...

    def may_bind(self, address: str) -> bool:
        """May the BMC listen there?"""
        ...


class Loopback:
    """Loopback, and what the person who started the home named."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def settle(self) -> None:
        """Nothing has to be done."""

    def may_bind(self, address: str) -> bool:
        """Loopback, or that address."""
        return ipaddress.ip_address(address).is_loopback or address == self._address

"""Inside a container: the server's ports as interfaces of the kernel, and its addresses on them.

A cable is the container's link to a Docker network. Docker's own address is taken off it; the BMC has an interface of
its own above that link (macvlan), with its own MAC address, so that it is there or gone without the host's port.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from emulators.bmc.lanconfig import NO_MAC, UNSET
from emulators.server import VirtualServer

BMC = "bmc0"
LINKS = Path("/sys/class/net")
LOOK_S = 0.5  # wall: how soon a cable that somebody has moved is seen
HOST_PORT = "lan1"

Subnets = Mapping[str, ipaddress.IPv4Network]


class Links:
    """The ports of one server. `changed` is called when a link has come or gone."""

    def __init__(self, server: VirtualServer, subnets: Subnets, changed: Callable[[], None]) -> None:
        self._server, self._subnets, self._changed = server, subnets, changed
        self._names: set[str] = set()
        self._links: dict[str, str] = {}  # network -> interface
        self._parent: str | None = None  # of the BMC's interface
        self._held: dict[str, tuple[str, str]] = {}  # whose -> (interface, address)
        self._mac = ""

    async def watch(self) -> None:
        """Until cancelled: cables are moved from outside."""
        while True:
            if _present() != self._names:
                self._changed()
            await asyncio.sleep(LOOK_S)

    async def settle(self) -> None:
        """Bring the kernel's addresses to where the server has its own."""
        await self._look()
        await self._place_bmc()
        await self._hold("bmc", BMC if self._parent else None, self._server.bmc.on_network, self._network_of_bmc())
        network = self._server.network.cables.get(HOST_PORT, "")
        spec = self._server.spec
        host = spec.host_address if self._server.on_network else None  # a host that is off answers no ping
        await self._hold("host", self._links.get(network), host, network)

    def may_bind(self, address: str) -> bool:
        """Wherever the BMC's interface has its address."""
        return self._held.get("bmc", ("", ""))[1].partition("/")[0] == address

    @property
    def bmc_link(self) -> str | None:
        """The BMC's interface, while a cable joins it to a network."""
        return BMC if self._parent else None

    def _network_of_bmc(self) -> str:
        port = self._server.bmc.port
        return self._server.network.cables.get(port, "") if port else ""

    async def _look(self) -> None:
        """Which link is in which network: a new one has an address of Docker's, which is taken off it."""
        names = _present()
        if names == self._names:
            return
        self._names = names
        self._links = {network: name for network, name in self._links.items() if name in names}
        for link in json.loads(await ip("-json", "-4", "address", "show")):
            for address in link.get("addr_info", []):
                network = self._within(address["local"])
                if network and link["ifname"] not in (*self._links.values(), BMC):
                    await ip("address", "flush", "dev", link["ifname"])
                    self._links[network] = link["ifname"]
        self._held = {who: held for who, held in self._held.items() if held[0] in names}
        if BMC not in names:
            self._parent = None

    def _within(self, address: str) -> str:
        found = (name for name, subnet in self._subnets.items() if ipaddress.IPv4Address(address) in subnet)
        return next(found, "")

    async def _place_bmc(self) -> None:
        """Its interface is above the link of the cable in its port, or nowhere."""
        wanted, mac = self._links.get(self._network_of_bmc()), self._server.bmc.lan.mac
        if mac == NO_MAC:
            wanted = None
        if (wanted, mac) == (self._parent, self._mac):
            return
        if self._parent is not None:
            await ip("link", "delete", "dev", BMC)
            self._held.pop("bmc", None)
        self._parent, self._mac = wanted, mac
        if wanted is not None:
            await ip("link", "add", "link", wanted, "name", BMC, "address", mac, "type", "macvlan", "mode", "bridge")
            await ip("link", "set", "dev", BMC, "up")
        self._names = _present()

    async def _hold(self, who: str, link: str | None, address: str | None, network: str) -> None:
        """With the network's own mask, whatever somebody has set: a wrong one would keep Docker's next link away."""
        wanted = None
        if link is not None and address not in (None, UNSET):
            here = self._subnets[network]
            wanted = (link, f"{address}/{here.prefixlen if ipaddress.IPv4Address(address) in here else 32}")
        held = self._held.get(who)
        if held == wanted:
            return
        if held is not None:
            await ip("address", "delete", held[1], "dev", held[0])
            del self._held[who]
        if wanted is not None:
            await ip("address", "add", wanted[1], "dev", wanted[0])
            self._held[who] = wanted


def _present() -> set[str]:
    return set(os.listdir(LINKS))


class LinkError(OSError):
    """The kernel did not do it."""


async def ip(*words: str) -> str:
    """What `ip WORDS...` prints. Raises LinkError."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec("ip", *words, stdout=pipe, stderr=pipe)
    out, err = await child.communicate()
    if child.returncode:
        raise LinkError(f"ip {' '.join(words)}: {err.decode(errors='replace').strip()}")
    return out.decode()

"""Who answers where: ports of the server, cables to networks, a DHCP server that leases."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

MANAGEMENT = "management"  # the network that the operator's side is on
# LAN mode: the ports that it may use, the first choice first.
PORTS = {"dedicated": ("dedicated",), "shared": ("lan1",), "failover": ("dedicated", "lan1")}


@dataclass
class Dhcp:
    """Leases addresses in the order of asking; the same MAC gets the same address again."""

    pool: tuple[str, ...]
    leases: dict[str, str] = field(default_factory=dict)

    def lease(self, mac: str) -> str | None:
        """The address leased to `mac`, or None where the pool is used up."""
        if mac not in self.leases:
            free = [a for a in self.pool if a not in self.leases.values()]
            if not free:
                return None
            self.leases[mac] = free[0]
        return self.leases[mac]

    @property
    def file(self) -> str:
        """The leases as dnsmasq writes them: expiry (0 = never), MAC, address, name, client id."""
        return "".join(f"0 {mac} {address} * *\n" for mac, address in self.leases.items())


@dataclass
class Segment:
    """One network: "management" or "production". `vlan`: the tag that its switch ports want, None = untagged."""

    name: str
    dhcp: Dhcp | None = None
    vlan: int | None = None


@dataclass
class Weather:
    """What the management network does to datagrams, each way: shares of them lost or sent twice, seconds more."""

    loss: float = 0.0
    duplicates: float = 0.0
    delay_s: float = 0.0
    random: Random = field(default_factory=lambda: Random(0))

    @property
    def fair(self) -> bool:
        """Does everything arrive, once and at once?"""
        return not (self.loss or self.duplicates or self.delay_s)

    def copies(self) -> int:
        """How often the next datagram arrives: 0, 1 or 2 times."""
        if self.loss and self.random.random() < self.loss:
            return 0
        return 2 if self.duplicates and self.random.random() < self.duplicates else 1


@dataclass
class Network:
    """The networks and the cables: port -> network. A port without an entry has no link. `listening`: ports whose
    switch port carries nothing yet (spanning tree)."""

    segments: dict[str, Segment]
    cables: dict[str, str]
    weather: Weather = field(default_factory=Weather)
    listening: set[str] = field(default_factory=set)

    def bmc_port(self, lan_mode: str) -> str | None:
        """The port that the BMC uses in this LAN mode, or None where no cable joins it to a network.

        dedicated: its own port. shared: the host's first port. failover: its own port while that has a cable.
        """
        for port in PORTS[lan_mode]:
            if port in self.cables:
                return port
        return None

    def heard(self, port: str, vlan: int | None) -> bool:
        """Does the operator's side hear who sends from that port with that tag?"""
        segment = self.segments.get(self.cables.get(port, ""))
        carried = port not in self.listening
        return carried and segment is not None and segment.name == MANAGEMENT and segment.vlan == vlan

    @property
    def leases(self) -> str:
        """Every lease of every network, as its servers keep them."""
        return "".join(segment.dhcp.file for segment in self.segments.values() if segment.dhcp is not None)

    def lease(self, port: str, mac: str, vlan: int | None = None) -> str | None:
        """What the DHCP server on that port's network leases to `mac`, if there is one that hears it."""
        segment = self.segments.get(self.cables.get(port, ""))
        if segment is None or segment.dhcp is None or segment.vlan != vlan or port in self.listening:
            return None
        return segment.dhcp.lease(mac)

"""Who answers where: ports of the server, cables to networks, a DHCP server that leases."""

from __future__ import annotations

from dataclasses import dataclass, field


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


@dataclass
class Segment:
    """One network: "management" or "production"."""

    name: str
    dhcp: Dhcp | None = None


@dataclass
class Network:
    """The networks and the cables: port -> network. A port without an entry has no cable."""

    segments: dict[str, Segment]
    cables: dict[str, str]

    def bmc_port(self, lan_mode: str) -> str | None:
        """The port that the BMC uses in this LAN mode, or None where no cable joins it to a network.

        dedicated: its own port. shared: the host's first port. failover: its own port while that has a cable.
        """
        choices = {"dedicated": ("dedicated",), "shared": ("lan1",), "failover": ("dedicated", "lan1")}[lan_mode]
        return next((port for port in choices if port in self.cables), None)

    def lease(self, port: str, mac: str) -> str | None:
        """What the DHCP server on that port's network leases to `mac`, if there is one."""
        segment = self.segments.get(self.cables.get(port, ""))
        return segment.dhcp.lease(mac) if segment and segment.dhcp else None

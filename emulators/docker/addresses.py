"""Who has which address in an estate's networks. Docker gives its own from the bottom; ours are further up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from emulators import boards
from emulators.network import MANAGEMENT

PRODUCTION = "production"
NETWORKS = (MANAGEMENT, PRODUCTION)
SMALLEST = 24  # bits: a smaller network has no room for the four shares
LEASES = 60


class BadAddress(ValueError):
    """It cannot be had in that network."""


@dataclass(frozen=True)
class Placed:
    """One server's own addresses. `bmc` is in the management network, `host` in the one that its first port joins."""

    bmc: IPv4Address
    host: IPv4Address


def placed(board: str, number: int, subnets: Mapping[str, IPv4Network], bmc: IPv4Address | None = None) -> Placed:
    """Those of the server of that number, from 0. `bmc`: one that somebody has chosen. Raises BadAddress."""
    management = subnets[MANAGEMENT]
    if bmc is not None:
        check(bmc, management)
    shared = boards.load(board).bmc.lan_mode == "shared"
    own = management if shared else subnets[PRODUCTION]
    return Placed(bmc or _share(management, 2, number), _share(own, 1, number))


def check(bmc: IPv4Address, management: IPv4Network) -> None:
    """Can a BMC have that address there? Raises BadAddress."""
    first, last = leases(management)
    if bmc not in management or bmc in (management[0], management[1], management[-1]):
        raise BadAddress(f"{bmc} is no address for a BMC in {management}")
    if first <= bmc <= last:
        raise BadAddress(f"{bmc} is one of those that the DHCP server leases, {first} to {last}")


def leases(management: IPv4Network) -> tuple[IPv4Address, IPv4Address]:
    """The first and the last address that the DHCP server leases."""
    return _share(management, 3, 0), _share(management, 3, LEASES - 1)


def _share(subnet: IPv4Network, quarter: int, number: int) -> IPv4Address:
    """The address of that number in that quarter of a network. Raises BadAddress."""
    size = subnet.num_addresses // 4
    if subnet.prefixlen > SMALLEST or number + 2 > size:
        raise BadAddress(f"{subnet} has no room for server {number + 1}; expected a larger network")
    return subnet[quarter * size + number + 1]

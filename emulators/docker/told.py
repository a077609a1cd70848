"""What a container is told, in its environment, and where it finds its folders."""

from __future__ import annotations

from ipaddress import IPv4Network
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from emulators.home.config import HomeConfig

SERVER, LEASES = "FWSIM_SERVER", "FWSIM_LEASES"  # the environment's variables, JSON
HOME, ESTATE = Path("/fwsim/home"), Path("/fwsim/estate")  # the server's own folder; what its whole estate shares
READY, LOG, LOCK, LEASE_FILE = "ready.json", "server.log", "alive.lock", "dnsmasq.leases"
SSH_PORT, IPMI_PORT, WEB_PORT = 22, 623, 443


class Server(BaseModel):
    """One virtual server. `subnets`: of the networks by their names. `owner`: whose user its files and its socket are,
    None = root's. `kept`: does it keep its estate alive, or end with who started it?"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: HomeConfig
    subnets: dict[str, IPv4Network]
    owner: int | None = None
    kept: bool = False


class Leases(BaseModel):
    """One DHCP server: the addresses that it may lease, their network's mask and way out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    first: str
    last: str
    netmask: str
    gateway: str

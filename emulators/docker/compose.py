"""The same estate as a compose file: what `up -f` makes through the engine, for who uses docker-compose."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from emulators.docker import told
from emulators.docker.addresses import NETWORKS
from emulators.docker.estate import (
    CAPABILITIES,
    DHCPD,
    DHCPD_NEEDS,
    SYSCTLS,
    TMPFS,
    Member,
    Wanted,
    configured,
    leasing,
    networks_of,
)
from emulators.docker.estatefile import EstateFile
from emulators.home.config import HomeConfig
from emulators.network import MANAGEMENT

VERSION = "2.4"
SEALED = {"cap_drop": ["ALL"], "read_only": True, "security_opt": ["no-new-privileges"]}
FOLDERS = [str(told.HOME), str(told.ESTATE)]  # in memory: nobody outside asks these servers anything


def document(file: EstateFile, image: str) -> dict[str, Any]:
    """The compose file's content. Raises BadAddress."""
    subnets = networks(file)
    gateways = {name: str(subnet[1]) for name, subnet in subnets.items()}
    specs = file.specs()
    members = [Member(spec, Path(), bmc) for spec, bmc in specs]
    wanted = Wanted(file.name, Path(), image, members, subnets, home=HomeConfig(spec=specs[0][0], speed=file.speed))
    services = {"leases": _leases(subnets[MANAGEMENT], gateways[MANAGEMENT], image)}
    for number, member in enumerate(members):
        services[member.spec.name] = _server(configured(wanted, number, member, subnets, gateways), image)
    return {
        "version": VERSION,
        "services": services,
        "networks": {
            name: {
                "driver_opts": {"com.docker.network.bridge.enable_ip_masquerade": "false"},
                "ipam": {"config": [{"subnet": str(subnet), "gateway": gateways[name]}]},
            }
            for name, subnet in subnets.items()
        },
    }


def networks(file: EstateFile) -> Mapping[str, IPv4Network]:
    """Those of the file, and for the others some that follow from its name: a compose file has to say which."""
    seed = hashlib.sha256(file.name.encode()).digest()
    made = {
        name: IPv4Network(f"10.{200 + seed[0] % 50}.{seed[1] // 2 * 2 + n}.0/24") for n, name in enumerate(NETWORKS)
    }
    return made | file.networks.given


def _server(config: told.Server, image: str) -> dict[str, Any]:
    spec = config.home.spec
    return {
        "image": image,
        "hostname": spec.hostname,
        "environment": {told.SERVER: _escaped(config.model_copy(update={"owner": None}).model_dump_json())},
        "networks": networks_of(spec),
        "cap_add": list(CAPABILITIES),
        "sysctls": dict(SYSCTLS),
        "tmpfs": [*FOLDERS, *TMPFS],
        **SEALED,
    }


def _leases(management: IPv4Network, gateway: str, image: str) -> dict[str, Any]:
    return {
        "image": image,
        "command": list(DHCPD),
        "environment": {told.LEASES: _escaped(leasing(management, gateway).model_dump_json())},
        "networks": [MANAGEMENT],
        "cap_add": [*CAPABILITIES, *DHCPD_NEEDS],
        "healthcheck": {"disable": True},
        "tmpfs": FOLDERS,
        **SEALED,
    }


def _escaped(text: str) -> str:
    """Compose takes a dollar for the start of a variable's name."""
    return text.replace("$", "$$")

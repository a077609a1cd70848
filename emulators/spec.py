"""What a virtual server is made from: plain data, so that it can be handed to a process of its own."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from emulators.faults import Fault


class Account(BaseModel):
    """A login of the virtual host. `keys`: lines of an authorized_keys file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "root"
    password: str | None = None
    keys: tuple[str, ...] = ()


class ServerSpec(BaseModel):
    """One virtual server. Addresses are dotted text; `epoch` is Unix time at simulated second 0."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    board: str
    name: str = "virtual"
    hostname: str = "virtual"
    versions: dict[Literal["bmc", "bios"], str] = {}
    host_address: str = "192.0.2.10"
    bmc_address: str = "192.0.2.20"
    bmc_netmask: str = "255.255.255.0"
    bmc_gateway: str = "192.0.2.1"
    bmc_vlan: int | None = None
    bmc_passwords: dict[str, str] = {}  # user name -> password, instead of the factory's
    dhcp_pool: tuple[str, ...] = ("192.0.2.100", "192.0.2.101")
    accounts: tuple[Account, ...] = (Account(password="root"),)  # noqa: S106 - public, as all of a virtual server
    faults: tuple[Fault, ...] = ()
    mains: tuple[bool, ...] = ()  # which PSUs have mains, in order; all of them where left out
    autoload_ipmi: bool = False  # does the distribution load ipmi_si by itself?
    missing: tuple[str, ...] = ()  # commands that are not installed
    ipmitool: Literal["builtin", "real"] = "builtin"
    seed: int = 0
    epoch: float = 1_767_225_600.0  # 2026-01-01 00:00 UTC

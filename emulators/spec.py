"""What a virtual server is made from: plain data, so that it can be handed to a process of its own."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from emulators.faults import Fault
from emulators.hardening import Hardening
from emulators.site import Site


class Account(BaseModel):
    """A login of the virtual host. `keys`: lines of an authorized_keys file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = "root"
    password: str | None = None
    keys: tuple[str, ...] = ()


class BmcAccount(BaseModel):
    """One more user of the BMC. `privilege`: 2 user, 3 operator, 4 administrator."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: int
    name: str
    password: str
    privilege: int = 4
    enabled: bool = True


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
    bmc_users: tuple[BmcAccount, ...] = ()  # besides the factory's
    bios_settings: dict[str, str] = {}  # other than the board's, e.g. {"sr-iov": "Enabled"} (emulators/nvram.py)
    dhcp_pool: tuple[str, ...] = ("192.0.2.100", "192.0.2.101")
    accounts: tuple[Account, ...] = (Account(password="root"),)  # noqa: S106 - public, as all of a virtual server
    faults: tuple[Fault, ...] = ()
    mains: tuple[bool, ...] = ()  # which PSUs have mains, in order; all of them where left out
    distribution: Literal["debian", "rocky"] = "debian"
    autoload_ipmi: bool = False  # does the distribution load ipmi_si by itself?
    missing: tuple[str, ...] = ()  # commands that are not installed
    hardening: Hardening = Hardening()
    watchdog: Literal["off", "armed", "locked"] = "off"  # does the host arm the BMC's? locked: with nowayout
    boot_device: Literal["", "pxe", "disk"] = ""  # what IPMI's boot options ask for at every start
    self_test: tuple[int, int] = (0x55, 0x00)  # what the BMC says of itself (IPMI 2.0 section 20.4)
    ipmitool: Literal["builtin", "real"] = "builtin"
    site: Site | None = None  # where it stands; None = made from board, name and seed (emulators/site.py)
    seed: int = 0
    epoch: float = 1_767_225_600.0  # 2026-01-01 00:00 UTC

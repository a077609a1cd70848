"""The BMC's LAN settings, as its NVRAM keeps them (IPMI 2.0 table 23-4)."""

from __future__ import annotations

from dataclasses import dataclass

STATIC, DHCP = 1, 2
UNSET = "0.0.0.0"
NO_MAC = "00:00:00:00:00:00"


@dataclass
class LanConfig:
    """Channel settings. Addresses are dotted text; `vlan` is None where tagging is off."""

    mac: str
    source: int = STATIC
    address: str = UNSET
    netmask: str = UNSET
    gateway: str = UNSET
    gateway_mac: str = "00:00:00:00:00:00"
    backup_gateway: str = UNSET
    backup_gateway_mac: str = "00:00:00:00:00:00"
    vlan: int | None = None
    vlan_priority: int = 0
    community: bytes = b"public"
    set_in_progress: int = 0
    arp_control: int = 2
    arp_interval: int = 0
    bad_password_threshold: int = 0
    access_mode: int = 2  # always available
    privilege_limit: int = 4

    @property
    def unreachable(self) -> bool:
        """Is there no address to send to, or no MAC address to send from?"""
        return self.address == UNSET or self.mac == NO_MAC

    def forget(self) -> None:
        """As after a factory reset or a firmware that does not keep settings: no address, ask for a lease."""
        self.source = DHCP
        self.address = self.netmask = self.gateway = UNSET
        self.vlan = None

    def wipe(self) -> None:
        """Static, and nothing else: nobody is asked for an address."""
        self.forget()
        self.source = STATIC
        self.vlan_priority = 0

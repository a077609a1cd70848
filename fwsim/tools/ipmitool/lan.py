"""`ipmitool lan print` and `lan set`: the BMC's own network settings, read, compared, put back."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Literal

from fwsim.tools import Argv, Unparsable, ipmitool
from fwsim.tools.text import pairs

Source = Literal["unspecified", "static", "dhcp", "bios", "other"]
_SOURCES: dict[str, Source] = {
    "Unspecified": "unspecified",
    "Static Address": "static",
    "DHCP Address": "dhcp",
    "BIOS Assigned Address": "bios",
    "Other": "other",
}
_SETTABLE = {"static": "static", "dhcp": "dhcp", "bios": "bios"}


@dataclass(frozen=True)
class LanConfig:
    """A channel's settings. `vlan` None = no VLAN; the MAC is lower case; texts are "" where the BMC says nothing."""

    channel: int
    source: Source
    address: str
    netmask: str
    mac: str
    gateway: str
    vlan: int | None
    vlan_priority: int
    cipher_suites: tuple[int, ...]


def show(channel: int) -> Argv:
    """`lan print` of that channel."""
    return ipmitool.argv("lan", "print", str(channel))


def channel_info(channel: int) -> Argv:
    """What kind of channel it is, and who may come in by it."""
    return ipmitool.argv("channel", "info", str(channel))


def is_switched_off(stdout: str) -> bool:
    """Does `channel info` say that nobody may come in by it now?"""
    active = stdout.partition("Non-Volatile Settings")[0]
    return re.search(r"^\s*Access Mode\s*: disabled\s*$", active, re.MULTILINE) is not None


def switch_on(channel: int) -> Argv:
    """Let IPMI in by that channel again."""
    return ipmitool.argv("lan", "set", str(channel), "access", "on")


def is_no_lan_channel(stderr: str) -> bool:
    """Does ipmitool say that this channel is none, or no LAN one? Then try the board's next."""
    return bool(re.search(r"Invalid channel|is not a LAN channel", stderr, re.IGNORECASE))


def parse(stdout: str, channel: int) -> LanConfig:
    """Raises Unparsable. Missing parameters are empty; without source and address it is no `lan print`."""
    keys = pairs(stdout)
    try:
        return LanConfig(
            channel=channel,
            source=_SOURCES[keys["IP Address Source"]],
            address=keys["IP Address"],
            netmask=keys.get("Subnet Mask", ""),
            mac=keys.get("MAC Address", "").lower(),
            gateway=keys.get("Default Gateway IP", ""),
            vlan=_vlan(keys.get("802.1q VLAN ID", "Disabled")),
            vlan_priority=int(keys.get("802.1q VLAN Priority", "0")),
            cipher_suites=tuple(int(n) for n in re.findall(r"\d+", keys.get("RMCP+ Cipher Suites", ""))),
        )
    except (KeyError, ValueError) as error:
        raise Unparsable("ipmitool lan print", "IP Address Source and IP Address", stdout) from error


def _vlan(text: str) -> int | None:
    return None if text == "Disabled" else int(text)


def differences(before: LanConfig, after: LanConfig) -> dict[str, tuple[str, str]]:
    """What is not as it was: field -> (before, after). With DHCP the lease may change, so only the source counts."""
    leased = {"address", "netmask", "gateway"} if before.source == after.source == "dhcp" else set()
    return {
        f.name: (str(getattr(before, f.name)), str(getattr(after, f.name)))
        for f in fields(LanConfig)
        if f.name not in leased and getattr(before, f.name) != getattr(after, f.name)
    }


def restore(wanted: LanConfig, now: LanConfig) -> tuple[Argv, ...]:
    """The `lan set` commands, in order, that bring back `wanted`: source first, VLAN last as it cuts the link.

    MAC and cipher suites cannot be set so. Nothing is sent for what already agrees.
    """
    commands: list[Argv] = []
    if wanted.source != now.source and wanted.source in _SETTABLE:
        commands.append(_set(wanted, "ipsrc", _SETTABLE[wanted.source]))
    if wanted.source != "dhcp":
        if wanted.address != now.address:
            commands.append(_set(wanted, "ipaddr", wanted.address))
        if wanted.netmask and wanted.netmask != now.netmask:
            commands.append(_set(wanted, "netmask", wanted.netmask))
        if wanted.gateway and wanted.gateway != now.gateway:
            commands.append(_set(wanted, "defgw", "ipaddr", wanted.gateway))
    if wanted.vlan is not None and wanted.vlan_priority != now.vlan_priority:
        commands.append(_set(wanted, "vlan", "priority", str(wanted.vlan_priority)))
    if wanted.vlan != now.vlan:
        commands.append(_set(wanted, "vlan", "id", "off" if wanted.vlan is None else str(wanted.vlan)))
    return tuple(commands)


def _set(wanted: LanConfig, *words: str) -> Argv:
    return ipmitool.argv("lan", "set", str(wanted.channel), *words)

"""LAN settings, netfn 0c commands 01 and 02 (IPMI 2.0 section 23): one table of parameters over `bmc.lan`.

A change takes effect at once: where the BMC answers follows from `bmc.lan`.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from emulators.bmc.capabilities import lan_channel
from emulators.bmc.controller import Bmc
from emulators.bmc.lanconfig import DHCP, STATIC
from emulators.bmc.message import (
    ADMIN,
    INVALID_FIELD,
    LENGTH_INVALID,
    OPERATOR,
    PARAMETER_OUT_OF_RANGE,
    TRANSPORT,
    Refused,
    Request,
    command,
)

REVISION = 0x11
UNSUPPORTED, SET_IN_PROGRESS_ALREADY, READ_ONLY = 0x80, 0x81, 0x82
REVISION_ONLY = 0x80
AUTH_ENABLES = 0x16  # MD2 MD5 PASSWORD
RMCP_PORT, SECONDARY_PORT = 623, 664
VLAN_ENABLED = 0x8000
COMMUNITY_SIZE = 18
HPM2_CHANNEL_CAPABILITIES = 0xC0
SUITE_17_PLACE = 11  # AMI's firmware shows suite 17 there: "XXXaXXXXXXXaXXX" for suites 3 and 17 (vendor facts 1.2)
UNIT_S = 10  # of the lock-out times
DESTINATIONS = 4  # of alerts, besides the volatile one, 0
DESTINATION_SIZES = {18: 3, 19: 12}  # type and acknowledge; address: bytes behind the set selector

Getter = Callable[[Bmc], bytes]
Setter = Callable[[Bmc, bytes], None]


def _ip(text: str) -> bytes:
    return ipaddress.IPv4Address(text).packed


def _mac(text: str) -> bytes:
    return bytes.fromhex(text.replace(":", ""))


def _word(value: int) -> bytes:
    return value.to_bytes(2, "little")


def _vlan(bmc: Bmc) -> bytes:
    """The number stays when tagging is switched off: ipmitool reads back what it wrote."""
    return _word(bmc.nvram.get("vlan-number", 0) if bmc.lan.vlan is None else bmc.lan.vlan | VLAN_ENABLED)


def _listed_suites(bmc: Bmc) -> tuple[int, ...]:
    """Older firmware lists suites that a login is refused: their privilege is "unused"."""
    return bmc.board.listed_suites or bmc.board.cipher_suites


def _suite_privileges(bmc: Bmc) -> bytes:
    """One nibble a suite, by its number as real firmware has it (and not by its place in the list)."""
    kept: bytes | None = bmc.nvram.get("suite-privileges")
    if kept is not None:
        return kept
    nibbles = [0] * 16
    for suite in bmc.board.cipher_suites:
        if suite < 15:
            nibbles[suite] = ADMIN
        elif SUITE_17_PLACE not in _listed_suites(bmc):
            nibbles[SUITE_17_PLACE] = ADMIN
    return bytes([0, *(low | high << 4 for low, high in zip(nibbles[::2], nibbles[1::2], strict=True))])


def _bad_passwords(bmc: Bmc) -> bytes:
    threshold = bmc.lan.bad_password_threshold or bmc.board.lockout_after
    lockout = int(bmc.board.lockout_s / UNIT_S) if threshold else 0
    return bytes([0, threshold]) + _word(lockout) + _word(lockout)


GETTERS: dict[int, Getter] = {
    0: lambda bmc: bytes([bmc.lan.set_in_progress]),
    1: lambda bmc: bytes([bmc.board.auth_types]),
    2: lambda bmc: bytes(bmc.nvram.get("auth-enables", bytes([AUTH_ENABLES] * 5))),
    3: lambda bmc: _ip(bmc.lan.address),
    4: lambda bmc: bytes([bmc.lan.source]),
    5: lambda bmc: _mac(bmc.lan.mac),
    6: lambda bmc: _ip(bmc.lan.netmask),
    7: lambda bmc: bytes(3),
    8: lambda bmc: _word(RMCP_PORT),
    9: lambda bmc: _word(SECONDARY_PORT),
    10: lambda bmc: bytes([bmc.lan.arp_control]),
    11: lambda bmc: bytes([bmc.lan.arp_interval]),
    12: lambda bmc: _ip(bmc.lan.gateway),
    13: lambda bmc: _mac(bmc.lan.gateway_mac),
    14: lambda bmc: _ip(bmc.lan.backup_gateway),
    15: lambda bmc: _mac(bmc.lan.backup_gateway_mac),
    16: lambda bmc: bmc.lan.community.ljust(COMMUNITY_SIZE, b"\0"),
    17: lambda bmc: bytes([DESTINATIONS]),
    20: _vlan,
    21: lambda bmc: bytes([bmc.lan.vlan_priority]),
    22: lambda bmc: bytes([len(_listed_suites(bmc))]),
    23: lambda bmc: bytes([0, *_listed_suites(bmc)]),
    24: _suite_privileges,
    26: _bad_passwords,
}
IPV6_GETTERS: dict[int, Getter] = {
    50: lambda bmc: b"\x00",  # no way of using IPv6
    51: lambda bmc: b"\x00",  # IPv6 disabled
}


def _getter(bmc: Bmc, parameter: int) -> Getter | None:
    known = GETTERS | IPV6_GETTERS if bmc.board.ipv6_parameters else GETTERS
    return known.get(parameter)


def _set_progress(bmc: Bmc, value: bytes) -> None:
    if value[0] & 0x03 == bmc.lan.set_in_progress == 1:
        raise Refused(SET_IN_PROGRESS_ALREADY)
    bmc.lan.set_in_progress = 0 if value[0] & 0x03 == 2 else value[0] & 0x03


def _address(name: str) -> Setter:
    """A setter of one dotted address. The lease rules while the source is DHCP: then the address is read-only."""

    def set_address(bmc: Bmc, value: bytes) -> None:
        if bmc.lan.source == DHCP and name in ("address", "netmask"):
            raise Refused(READ_ONLY)
        setattr(bmc.lan, name, str(ipaddress.IPv4Address(value)))

    return set_address


def _set_source(bmc: Bmc, value: bytes) -> None:
    if value[0] & 0x0F not in (STATIC, DHCP):
        raise Refused(INVALID_FIELD)
    bmc.lan.source = value[0] & 0x0F
    bmc.refresh_lease()


def _set_mac(name: str) -> Setter:
    return lambda bmc, value: setattr(bmc.lan, name, value.hex(":"))


def _set_own_mac(bmc: Bmc, value: bytes) -> None:
    """It is burnt in: only the one it has is taken, as a client that writes back what it read sends it."""
    if value != _mac(bmc.lan.mac):
        raise Refused(READ_ONLY)


def _set_number(name: str, mask: int = 0xFF) -> Setter:
    return lambda bmc, value: setattr(bmc.lan, name, value[0] & mask)


def _set_community(bmc: Bmc, value: bytes) -> None:
    bmc.lan.community = value.rstrip(b"\0")


def _set_vlan(bmc: Bmc, value: bytes) -> None:
    number = int.from_bytes(value, "little")
    bmc.nvram["vlan-number"] = number & 0x0FFF
    bmc.lan.vlan = number & 0x0FFF if number & VLAN_ENABLED else None


def _set_bad_passwords(bmc: Bmc, value: bytes) -> None:
    bmc.lan.bad_password_threshold = value[1]


def _set_addressing(bmc: Bmc, value: bytes) -> None:
    if value != b"\x00":
        raise Refused(INVALID_FIELD)


def _keep(name: str) -> Setter:
    return lambda bmc, value: bmc.nvram.__setitem__(name, value)


SETTERS: dict[int, tuple[int, Setter]] = {
    # parameter: size of its value, how it is set. A parameter that can be read and is absent here is read-only.
    0: (1, _set_progress),
    2: (5, _keep("auth-enables")),
    3: (4, _address("address")),
    4: (1, _set_source),
    5: (6, _set_own_mac),
    6: (4, _address("netmask")),
    10: (1, _set_number("arp_control", 0x03)),
    11: (1, _set_number("arp_interval")),
    12: (4, _address("gateway")),
    13: (6, _set_mac("gateway_mac")),
    14: (4, _address("backup_gateway")),
    15: (6, _set_mac("backup_gateway_mac")),
    16: (COMMUNITY_SIZE, _set_community),
    20: (2, _set_vlan),
    21: (1, _set_number("vlan_priority", 0x07)),
    24: (9, _keep("suite-privileges")),
    26: (6, _set_bad_passwords),
    51: (1, _set_addressing),
}


@command(TRANSPORT, 0x01, privilege=ADMIN, least=3)
def set_lan_parameter(request: Request) -> bytes:
    lan_channel(request.bmc, request.data[0], request.channel)
    parameter, value = request.data[1], request.data[2:]
    if parameter in DESTINATION_SIZES:
        return _set_destination(request.bmc, parameter, value)
    if _getter(request.bmc, parameter) is None:
        raise Refused(UNSUPPORTED)
    if parameter not in SETTERS:
        raise Refused(READ_ONLY)
    size, setter = SETTERS[parameter]
    if len(value) != size:
        raise Refused(LENGTH_INVALID)
    setter(request.bmc, value)
    request.bmc.server.note("lan-setting", parameter=parameter)
    return b""


@command(TRANSPORT, 0x02, privilege=OPERATOR, least=4)
def get_lan_parameter(request: Request) -> bytes:
    bmc = request.bmc
    lan_channel(bmc, request.data[0], request.channel)
    if request.data[0] & REVISION_ONLY:
        return bytes([REVISION])
    if request.data[1] == HPM2_CHANNEL_CAPABILITIES and not request.in_band:
        return bytes([REVISION]) + _hpm2_capabilities(bmc)
    if request.data[1] in DESTINATION_SIZES:
        return bytes([REVISION]) + _destination(bmc, request.data[1], request.data[2])
    getter = _getter(bmc, request.data[1])
    if getter is None:
        raise Refused(UNSUPPORTED)
    return bytes([REVISION]) + getter(bmc)


def _hpm2_capabilities(bmc: Bmc) -> bytes:
    """HPM.2 table 3-11: capabilities, attachment, bandwidth class, largest payload in and out."""
    size = bmc.board.hpm.block_size if bmc.board.hpm else None
    if size is None:
        raise Refused(UNSUPPORTED)
    return bytes(3) + _word(size) * 2


def _destination(bmc: Bmc, parameter: int, selector: int) -> bytes:
    """Where alerts would go: kept, none is sent."""
    number = _destination_number(selector)
    kept: dict[tuple[int, int], bytes] = bmc.nvram.get("destinations", {})
    return bytes([number]) + kept.get((parameter, number), bytes(DESTINATION_SIZES[parameter]))


def _set_destination(bmc: Bmc, parameter: int, value: bytes) -> bytes:
    if len(value) != 1 + DESTINATION_SIZES[parameter]:
        raise Refused(LENGTH_INVALID)
    bmc.nvram.setdefault("destinations", {})[parameter, _destination_number(value[0])] = value[1:]
    return b""


def _destination_number(selector: int) -> int:
    if selector & 0x0F > DESTINATIONS:
        raise Refused(PARAMETER_OUT_OF_RANGE)
    return selector & 0x0F

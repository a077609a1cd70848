"""`ipmitool lan set`: the channel's network settings, written and read back."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from emulators.host.commands.ipmitool import channel as channels
from emulators.host.commands.ipmitool import lanparams, usage, users
from emulators.host.commands.ipmitool.arguments import ip_address, mac_address
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.values import address_text, byte, mac_text, number
from emulators.host.process import Run

SOURCES = {"none": 0, "static": 1, "dhcp": 2, "bios": 3}
ADDRESSES = {("ipaddr",): 3, ("netmask",): 6, ("defgw", "ipaddr"): 12, ("bakgw", "ipaddr"): 14}
MACS = {("macaddr",): 5, ("defgw", "macaddr"): 13, ("bakgw", "macaddr"): 15}
LEVELS = {"X": 0, "c": 1, "u": 2, "o": 3, "a": 4, "O": 5}
ADMINISTRATOR = 4


def main(tool: Tool, argv: list[str]) -> Run[int]:
    if len(argv) < 2:
        tool.notice(usage.LAN_SET_USAGE)
        return -1
    if "help" in argv[:2]:
        tool.notice(usage.LAN_SET_USAGE)
        return 0
    channel = byte(argv[0])
    if channel is None:
        tool.log(f"Invalid channel: {argv[0]}")
        return -1
    if not (yield from lanparams.is_lan(tool, channel)):
        tool.log(f"Channel {channel} is not a LAN channel!")
        tool.notice(usage.LAN_SET_USAGE)
        return -1
    return (yield from _dispatch(tool, channel, argv[1:]))


def _dispatch(tool: Tool, channel: int, argv: list[str]) -> Run[int]:
    match argv:
        case ["user", *_]:
            return (yield from _user(tool, channel))
        case ["access", "on" | "off" as how, *_]:
            return (yield from _access(tool, channel, on=how == "on"))
        case ["ipsrc", source, *_] if source in SOURCES:
            return (yield from _put(tool, channel, 4, bytes([SOURCES[source]])))
        case ["ipaddr" | "netmask" | "macaddr", _]:
            return (yield from _address(tool, channel, argv))
        case ["defgw" | "bakgw", kind, _, *_] if kind != "help":
            return (yield from _address(tool, channel, argv))
        case ["snmp", text, *_] if text != "help":
            tool.line(f"Setting LAN {lanparams.NAMES[16]} to {text[:18]}")
            return (yield from _put(tool, channel, 16, text.encode()[:18].ljust(18, b"\0")))
        case ["password", *rest]:
            return (yield from _password(tool, rest))
        case ["vlan", "id" | "priority", value, *_]:
            yield from (_vlan_id if argv[1] == "id" else _vlan_priority)(tool, channel, value)
            return 0  # the tool forgets how it went
        case ["arp", *rest]:
            return (yield from _arp(tool, channel, rest))
        case ["cipher_privs", levels]:
            return (yield from _cipher_levels(tool, channel, levels))
        case ["bad_pass_thresh", *rest]:
            return (yield from _bad_passwords(tool, channel, rest))
    return _usage(tool, argv)


def _usage(tool: Tool, argv: list[str]) -> int:
    """The text for the subcommand; 0 when help was asked for."""
    own = usage.LAN_SET_USAGES.get(argv[0])
    tool.notice(usage.LAN_SET_USAGE if own is None else own)
    return 0 if own is not None and argv[1:2] == ["help"] else -1


def _put(tool: Tool, channel: int, parameter: int, data: bytes) -> Run[int]:
    return 0 if (yield from lanparams.put(tool, channel, parameter, data)) else -1


def _address(tool: Tool, channel: int, argv: list[str]) -> Run[int]:
    key = tuple(argv[: 2 if argv[0] in ("defgw", "bakgw") else 1])
    text = argv[len(key)]
    if key in ADDRESSES:
        parameter, data, shown = ADDRESSES[key], ip_address(tool, text), address_text
    elif key in MACS:
        parameter, data, shown = MACS[key], mac_address(tool, text), mac_text
    else:
        parameter, data, shown = 0, None, mac_text
    if data is None:
        if len(key) == 2:
            tool.notice(usage.LAN_SET_USAGE)
        return -1
    tool.line(f"Setting LAN {lanparams.NAMES[parameter]} to {shown(data)}")
    return (yield from _put(tool, channel, parameter, data))


def _password(tool: Tool, argv: list[str]) -> Run[int]:
    code = yield from users.set_password(tool, 1, users.SET, argv[0] if argv else "")
    if not tool.checked(code):
        tool.log("Unable to Set LAN Password for user 1")
        return -1
    tool.line(f"Password {'set' if argv else 'cleared'} for user 1")
    return 0


def _user(tool: Tool, channel: int) -> Run[int]:
    access = users.Access(limit=ADMINISTRATOR)
    code = yield from users.set_access(tool, channel, 1, access, limit_only=True)
    if not tool.checked(code):
        tool.log(f"Set User Access for channel {channel} failed")
        return -1
    tool.out(f"Set User Access for channel {channel} was successful.")
    return 0


def _access(tool: Tool, channel: int, *, on: bool) -> Run[int]:
    """Once in the non-volatile settings, once in the volatile ones."""
    for volatile, option in ((False, 1), (True, 2)):
        name = "volatile" if volatile else "non-volatile"
        code, data = yield from channels.access_data(tool, channel, volatile=volatile)
        if not tool.checked(code):
            tool.log(f"Unable to Get Channel Access({name}) for channel {channel}")
            return -1
        flags = option << 6 | data[0] & 0x38 | (2 if on else 0)
        request = bytes([channel & 0x0F, flags, option << 6 | ADMINISTRATOR])
        code, _ = yield from tool.exchange(channels.APP, channels.SET_ACCESS, request)
        if not tool.checked(code):
            tool.log(f"Unable to Set Channel Access({name}) for channel {channel}")
            return -1
    tool.line(f"Set Channel Access for channel {channel} was successful.")
    return 0


def _vlan_id(tool: Tool, channel: int, text: str) -> Generator[Any, Any, None]:
    if text == "off":
        found = yield from lanparams.get(tool, channel, 20)
        data = bytes([found[0], found[1] & 0x0F]) if found and len(found) > 1 else bytes(2)
        if found and len(found) > 1 and data == bytes(2):
            tool.line(f"VLAN is already disabled for channel {channel}")
            return
        if found and int.from_bytes(data, "little") > 4094:
            tool.log(f"Retrieved VLAN ID {int.from_bytes(data, 'little')} is out of range <1..4094>.")
            return
    else:
        vlan = number(text, -(2**31), 2**31 - 1)
        if vlan is None:
            tool.log(f"Given VLAN ID '{text}' is invalid.")
            return
        if not 1 <= vlan <= 4094:
            tool.notice("VLAN ID must be between 1 and 4094.")
            return
        data = bytes([vlan & 0xFF, vlan >> 8 | 0x80])
    yield from lanparams.put(tool, channel, 20, data)


def _vlan_priority(tool: Tool, channel: int, text: str) -> Generator[Any, Any, None]:
    priority = number(text, -(2**31), 2**31 - 1)
    if priority is None:
        tool.log(f"Given VLAN priority '{text}' is invalid.")
    elif not 0 <= priority <= 7:
        tool.notice("VLAN priority must be between 0 and 7.")
    else:
        yield from lanparams.put(tool, channel, 21, bytes([priority]))


def _arp(tool: Tool, channel: int, argv: list[str]) -> Run[int]:
    match argv:
        case ["respond" | "generate" as what, "on" | "off" as how, *_]:
            return (yield from _arp_flag(tool, channel, what, on=how == "on"))
        case ["interval", text, *_]:
            return (yield from _arp_interval(tool, channel, text))
    tool.notice(usage.LAN_SET_USAGES["arp"])
    return -1 if not argv or argv[0] in ("respond", "generate") else 0


def _arp_flag(tool: Tool, channel: int, what: str, *, on: bool) -> Run[int]:
    found = yield from lanparams.get(tool, channel, 10)
    if not found:
        return -1
    bit = 2 if what == "respond" else 1
    text = "ARP responses" if what == "respond" else "Gratuitous ARPs"
    tool.line(f"{'En' if on else 'Dis'}abling BMC-generated {text}")
    return (yield from _put(tool, channel, 10, bytes([found[0] | bit if on else found[0] & ~bit])))


def _arp_interval(tool: Tool, channel: int, text: str) -> Run[int]:
    seconds = byte(text)
    if seconds is None:
        tool.log(f"Given ARP interval '{text}' is invalid.")
        return -1
    found = yield from lanparams.get(tool, channel, 11)
    if not found:
        return -1
    interval, status = found[0], 0
    if seconds > 127:
        tool.log(f"Given ARP interval '{seconds}' is too big.")
        return -1
    if seconds:
        interval = seconds * 2 - 1
        status = yield from _put(tool, channel, 11, bytes([interval]))
    tool.line(f"BMC-generated Gratuitous ARP interval:  {(interval + 1) // 2:.1f} seconds")
    return status


def _cipher_levels(tool: Tool, channel: int, text: str) -> Run[int]:
    wrong = next((char for char in text if char not in LEVELS), None)
    if text != "help" and len(text) != 15:
        tool.log(f"Invalid privilege specification length: {len(text)}")
    elif text != "help" and wrong is not None:
        tool.log(f"Invalid privilege specification char: {wrong}")
    if len(text) != 15 or wrong is not None:
        tool.notice(usage.LAN_SET_USAGES["cipher_privs"])
        return 0
    nibbles = [LEVELS[char] for char in text] + [0]
    data = bytes([0]) + bytes(nibbles[at] | nibbles[at + 1] << 4 for at in range(0, 16, 2))
    return (yield from _put(tool, channel, 24, data))


def _bad_passwords(tool: Tool, channel: int, argv: list[str]) -> Run[int]:
    values = [byte(text) for text in argv[:2]] + [number(text, 0, 65535) for text in argv[2:4]]
    threshold, event, reset, lockout = values if len(values) == 4 else [None] * 4
    if threshold is None or event not in (0, 1) or reset is None or lockout is None:
        tool.notice(usage.LAN_SET_USAGES["bad_pass_thresh"])
        return 0 if argv == ["help"] else -1
    data = bytes([event, threshold]) + reset.to_bytes(2, "little") + lockout.to_bytes(2, "little")
    return (yield from _put(tool, channel, 26, data))

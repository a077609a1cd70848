"""`ipmitool lan`: the channel's network settings, printed."""

from __future__ import annotations

from collections.abc import Callable

from emulators.host.commands.ipmitool import lanparams, lanset
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage import LAN_USAGE
from emulators.host.commands.ipmitool.values import address_text, byte, c_string, mac_text
from emulators.host.process import Run

AUTH_BITS = ((0x01, "NONE"), (0x02, "MD2"), (0x04, "MD5"), (0x10, "PASSWORD"), (0x20, "OEM"))
LEVELS = ("Callback", "User", "Operator", "Admin", "OEM")
PROGRESS = ("Set Complete", "Set In Progress", "Commit Write", "Reserved")
SOURCES = {0: "Unspecified", 1: "Static Address", 2: "DHCP Address", 3: "BIOS Assigned Address"}
LEGEND = ("X=Cipher Suite Unused", "c=CALLBACK", "u=USER", "o=OPERATOR", "a=ADMIN", "O=OEM")
LEVEL_LETTERS = "XcuoaO"
UNAVAILABLE = "Not Available"


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case [] | ["help", *_]:
            tool.notice(LAN_USAGE)
            return 0 if argv else -1
        case ["print" | "printconf", *rest] if len(rest) <= 1:
            return (yield from _print_channel(tool, rest))
        case ["print" | "printconf", *_]:
            tool.notice(LAN_USAGE)
            return -1
        case ["set", *rest]:
            return (yield from lanset.main(tool, rest))
    tool.notice(f"Invalid LAN command: {argv[0]}")
    return -1


def _print_channel(tool: Tool, argv: list[str]) -> Run[int]:
    if argv:
        number = byte(argv[0])
        if number is None:
            tool.log(f"Invalid channel: {argv[0]}")
            return -1
        channel = number
    else:
        channel = yield from lanparams.first_lan(tool)
    if not (yield from lanparams.is_lan(tool, channel)):
        tool.log(f"Invalid channel: {channel}")
        return -1
    if not (yield from lanparams.is_lan(tool, channel)):  # the tool asks twice
        tool.log(f"Channel {channel} is not a LAN channel")
        return -1
    return 0 if (yield from _print_all(tool, channel)) else -1


def _auth(data: int) -> str:
    return "".join(f"{name} " for bit, name in AUTH_BITS if data & bit)


def _enabled(data: bytes) -> str:
    rows = [f"{level:<9}: {_auth(types)}" for level, types in zip(LEVELS, data, strict=False)]
    return ("\n" + " " * 24 + ": ").join(rows)


def _header(data: bytes) -> str:
    flags, precedence, service = data[1] & 0xE0, data[2] & 0xE0, data[2] & 0x1E
    return f"TTL=0x{data[0]:02x} Flags=0x{flags:02x} Precedence=0x{precedence:02x} TOS=0x{service:02x}"


def _arp(data: bytes) -> str:
    responses, gratuitous = ("En" if data[0] & bit else "Dis" for bit in (2, 1))
    return f"ARP Responses {responses}abled, Gratuitous ARP {gratuitous}abled"


def _vlan(data: bytes) -> str:
    return str((data[1] & 0x0F) << 8 | data[0]) if data[1] & 0x80 else "Disabled"


ROWS: tuple[tuple[int, Callable[[bytes], str]], ...] = (
    (0, lambda data: PROGRESS[data[0] & 3]),
    (1, lambda data: _auth(data[0])),
    (2, _enabled),
    (4, lambda data: SOURCES.get(data[0] & 0x0F, "Other")),
    (3, address_text),
    (6, address_text),
    (5, mac_text),
    (16, c_string),
    (7, _header),
    (10, _arp),
    (11, lambda data: f"{(data[0] + 1) // 2:.1f} seconds"),
    (12, address_text),
    (13, mac_text),
    (14, address_text),
    (15, mac_text),
    (20, _vlan),
    (21, lambda data: str(data[0] & 7)),
)
MAY_FAIL = (20, 21)


def _row(tool: Tool, key: str, value: str) -> None:
    tool.line(f"{key:<24}: {value}")


def _print_all(tool: Tool, channel: int) -> Run[bool]:
    """Print what the BMC has; a parameter that fails otherwise than by not being there ends the listing."""
    for parameter, show in ROWS:
        data = yield from lanparams.get(tool, channel, parameter)
        if data is None and parameter not in MAY_FAIL:
            return False
        if data:
            _row(tool, lanparams.NAMES[parameter], show(data))
    return (
        (yield from _suites(tool, channel))
        and (yield from _suite_levels(tool, channel))
        and (yield from _bad_passwords(tool, channel))
    )


def _suites(tool: Tool, channel: int) -> Run[bool]:
    count = yield from lanparams.get(tool, channel, 22)
    if not count:
        return count is not None
    data = yield from lanparams.get(tool, channel, 23)
    if data is None:
        return False
    suites = ",".join(str(suite) for suite in data[1:17][: count[0]])
    _row(tool, lanparams.NAMES[23], suites if data and len(data) <= 17 else "None")
    return True


def _suite_levels(tool: Tool, channel: int) -> Run[bool]:
    data = yield from lanparams.get(tool, channel, 24)
    if data is None:
        return False
    if len(data) != 9:
        _row(tool, lanparams.NAMES[24], UNAVAILABLE)
        return True
    nibbles = [nibble for octet in data[1:] for nibble in (octet & 0x0F, octet >> 4)][:15]
    letters = "".join(LEVEL_LETTERS[nibble] if nibble < len(LEVEL_LETTERS) else "X" for nibble in nibbles)
    _row(tool, lanparams.NAMES[24], letters)
    for line in LEGEND:
        _row(tool, "", f"    {line}")
    return True


def _bad_passwords(tool: Tool, channel: int) -> Run[bool]:
    data = yield from lanparams.get(tool, channel, 26)
    if data is None:
        return False
    if len(data) != 6:
        _row(tool, lanparams.NAMES[26], UNAVAILABLE)
        return True
    _row(tool, lanparams.NAMES[26], str(data[1]))
    _row(tool, "Invalid password disable", "yes" if data[0] & 1 else "no")
    _row(tool, "Attempt Count Reset Int.", str(int.from_bytes(data[2:4], "little") * 10))
    _row(tool, "User Lockout Interval", str(int.from_bytes(data[4:6], "little") * 10))
    return True

"""Arguments that several subcommands share, with the messages for wrong ones."""

from __future__ import annotations

from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.values import byte


def channel_number(tool: Tool, text: str) -> int | None:
    """A channel number, or None after printing why not."""
    value = byte(text)
    if value is not None and (value <= 0x0B or value in (0x0E, 0x0F)):
        return value
    tool.log(f"Given Channel number '{text}' is either invalid or out of range.")
    tool.log("Channel number must be from ranges: <0x0..0xB>, <0xE..0xF>")
    return None


def user_id(tool: Tool, text: str) -> int | None:
    value = byte(text)
    if value is not None and 1 <= value <= 63:
        return value
    tool.log(f"Given User ID '{text}' is either invalid or out of range.")
    tool.log("User ID is limited to range <1..63>.")
    return None


def privilege_limit(tool: Tool, text: str) -> int | None:
    value = byte(text)
    if value in (1, 2, 3, 4, 5, 15):
        return value
    tool.log(f"Given Privilege Limit '{text}' is invalid.")
    tool.log("Privilege Limit is limited to <0x1..0x5> and <0xF>.")
    return None


def ip_address(tool: Tool, text: str) -> bytes | None:
    """Four numbers with dots between; what follows the fourth is not looked at, as with sscanf()."""
    parts = text.split(".", 3)
    digits = [part if at < 3 else _leading_digits(part) for at, part in enumerate(parts)]
    octets = [int(part) for part in digits if part.isdigit() and int(part) <= 255]
    if len(parts) == 4 and len(octets) == 4:
        return bytes(octets)
    tool.log(f"Invalid IP address: {text}")
    return None


def _leading_digits(text: str) -> str:
    end = next((at for at, char in enumerate(text) if not char.isdigit()), len(text))
    return text[:end]


def mac_address(tool: Tool, text: str) -> bytes | None:
    parts = text.split(":")
    try:
        octets = [int(part, 16) for part in parts]
    except ValueError:
        octets = []
    if len(parts) == 6 and len(octets) == 6 and all(0 <= octet <= 255 for octet in octets):
        return bytes(octets)
    tool.log(f"Invalid MAC address: {text}")
    return None

"""Names of values as ipmitool 1.8.19 prints them, and its reading of numbers."""

from __future__ import annotations

from collections.abc import Mapping

COMPLETION = {
    0x00: "Command completed normally",
    0xC0: "Node busy",
    0xC1: "Invalid command",
    0xC2: "Invalid command on LUN",
    0xC3: "Timeout",
    0xC4: "Out of space",
    0xC5: "Reservation cancelled or invalid",
    0xC6: "Request data truncated",
    0xC7: "Request data length invalid",
    0xC8: "Request data field length limit exceeded",
    0xC9: "Parameter out of range",
    0xCA: "Cannot return number of requested data bytes",
    0xCB: "Requested sensor, data, or record not found",
    0xCC: "Invalid data field in request",
    0xCD: "Command illegal for specified sensor or record type",
    0xCE: "Command response could not be provided",
    0xCF: "Cannot execute duplicated request",
    0xD0: "SDR Repository in update mode",
    0xD1: "Device firmeware in update mode",
    0xD2: "BMC initialization in progress",
    0xD3: "Destination unavailable",
    0xD4: "Insufficient privilege level",
    0xD5: "Command not supported in present state",
    0xD6: "Cannot execute command, command disabled",
    0xFF: "Unspecified error",
}

PRIVILEGE = {1: "CALLBACK", 2: "USER", 3: "OPERATOR", 4: "ADMINISTRATOR", 5: "OEM", 15: "NO ACCESS"}

NETFN = {
    0x00: "Chassis",
    0x02: "Bridge",
    0x04: "SensorEvent",
    0x06: "Application",
    0x08: "Firmware",
    0x0A: "Storage",
    0x0C: "Transport",
}


def text_of(value: int, names: Mapping[int, str]) -> str:
    """The name of a value, or how the tool prints one that it does not know."""
    return names.get(value) or f"Unknown (0x{value:02X})"


def completion_text(code: int, specific: Mapping[int, str] | None = None) -> str:
    """What a completion code means; `specific` holds a command's own codes."""
    if specific and code in specific:
        return specific[code]
    return text_of(code, COMPLETION)


def number(text: str, low: int, high: int) -> int | None:
    """A C number (decimal, 0x.., 0..) within bounds, or None."""
    digits = text.strip()
    sign = -1 if digits.startswith("-") else 1
    digits = digits.lstrip("+-")
    try:
        if digits.lower().startswith("0x"):
            value = int(digits[2:], 16)
        elif digits.startswith("0") and len(digits) > 1:
            value = int(digits, 8)
        else:
            value = int(digits, 10)
    except ValueError:
        return None
    value *= sign
    return value if low <= value <= high else None


def byte(text: str) -> int | None:
    return number(text, 0, 255)


def hex_bytes(data: bytes) -> str:
    """Bytes as the tool dumps them: lower case, nothing between."""
    return data.hex()


def c_string(data: bytes) -> str:
    """A C string: up to its first zero byte."""
    return data.split(b"\0", 1)[0].decode("latin-1")


def mac_text(data: bytes) -> str:
    return ":".join(f"{octet:02x}" for octet in data[:6])


def address_text(data: bytes) -> str:
    return ".".join(str(octet) for octet in data[:4])

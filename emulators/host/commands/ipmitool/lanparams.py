"""LAN configuration parameters: reading one, and writing one until it reads back."""

from __future__ import annotations

from emulators.host.commands.ipmitool import channel as channels
from emulators.host.commands.ipmitool.tool import DEBUG, INFO, WARNING, Tool
from emulators.host.commands.ipmitool.values import completion_text
from emulators.host.process import Run

TRANSPORT, SET_CONFIG, GET_CONFIG = 0x0C, 0x01, 0x02
IN_PROGRESS = 0
COMPLETE, LOCKED, COMMIT = 0, 1, 2
RETRIES = 10
RETRY_S = 3.0  # IPMI_LANP_TIMEOUT
UNSUPPORTED = (0x80, 0xC9, 0xCC)

NAMES = {
    0: "Set in Progress",
    1: "Auth Type Support",
    2: "Auth Type Enable",
    3: "IP Address",
    4: "IP Address Source",
    5: "MAC Address",
    6: "Subnet Mask",
    7: "IP Header",
    10: "BMC ARP Control",
    11: "Gratituous ARP Intrvl",
    12: "Default Gateway IP",
    13: "Default Gateway MAC",
    14: "Backup Gateway IP",
    15: "Backup Gateway MAC",
    16: "SNMP Community String",
    20: "802.1q VLAN ID",
    21: "802.1q VLAN Priority",
    22: "RMCP+ Cipher Suite Count",
    23: "RMCP+ Cipher Suites",
    24: "Cipher Suite Priv Max",
    26: "Bad Password Threshold",
}


def is_lan(tool: Tool, channel: int) -> Run[bool]:
    if not 1 <= channel <= 0x0E:
        return False
    return (yield from channels.medium(tool, channel)) in channels.LAN_MEDIA


def first_lan(tool: Tool) -> Run[int]:
    """The lowest LAN channel, or 0."""
    for channel in range(1, 0x0E):
        if (yield from is_lan(tool, channel)):
            return channel
    return 0


def get(tool: Tool, channel: int, parameter: int) -> Run[bytes | None]:
    """A parameter's data; b"" where the BMC does not have it; None where it failed."""
    reply = yield from tool.send(TRANSPORT, GET_CONFIG, bytes([channel, parameter, 0, 0]))
    if reply is None:
        tool.log(f"Get LAN Parameter '{NAMES[parameter]}' command failed", INFO)
        return None
    if reply.completion_code:
        text = completion_text(reply.completion_code, {0x80: "Unsupported parameter"})
        tool.log(f"Get LAN Parameter '{NAMES[parameter]}' command failed: {text}", INFO)
        return b"" if reply.completion_code in UNSUPPORTED else None
    return reply.data[1:]


def put(tool: Tool, channel: int, parameter: int, data: bytes) -> Run[bool]:
    """Write between 'set in progress' and 'commit', and wait until it reads back."""
    yield from _lock(tool, channel)
    written = yield from _write(tool, channel, parameter, data)
    yield from _unlock(tool, channel)
    return written


def _lock(tool: Tool, channel: int) -> Run[None]:
    for _ in range(4):
        state = yield from get(tool, channel, IN_PROGRESS)
        if not state or state[0] & 3 == LOCKED:
            return
        if _ < 3:
            yield from _send(tool, channel, IN_PROGRESS, bytes([LOCKED]))


def _unlock(tool: Tool, channel: int) -> Run[None]:
    yield from _send(tool, channel, IN_PROGRESS, bytes([COMMIT]))
    yield from _send(tool, channel, IN_PROGRESS, bytes([COMPLETE]))


def _send(tool: Tool, channel: int, parameter: int, data: bytes) -> Run[int]:
    """The completion code, or -1 for no answer."""
    reply = yield from tool.send(TRANSPORT, SET_CONFIG, bytes([channel, parameter]) + data)
    if reply is None:
        tool.log("Set LAN Parameter failed")
        return -1
    return reply.completion_code


def _write(tool: Tool, channel: int, parameter: int, data: bytes) -> Run[bool]:
    code = yield from _send(tool, channel, parameter, data)
    if code == -1:
        return False
    if code:
        tool.log(f"Warning: Set LAN Parameter failed: {completion_text(code)}", DEBUG)
    if code == 0xCC:
        for _ in range(RETRIES):
            yield RETRY_S
            reply = yield from tool.send(TRANSPORT, SET_CONFIG, bytes([channel, parameter]) + data)
            if reply is not None and not reply.completion_code:
                break
    elif code not in (0, 0xFF):
        return False
    return (yield from _read_back(tool, channel, parameter, data))


def _read_back(tool: Tool, channel: int, parameter: int, data: bytes) -> Run[bool]:
    for attempt in range(RETRIES + 1):
        found = yield from get(tool, channel, parameter)
        if found == data:
            return True
        yield RETRY_S
        if attempt == RETRIES and found is not None:
            if len(found) != len(data):
                tool.log(f"Mismatched data lengths: {len(found)} != {len(data)}", WARNING)
            else:
                tool.log("LAN Parameter Data does not match!  Write may have failed.", WARNING)
    return False

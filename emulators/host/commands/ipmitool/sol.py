"""`ipmitool sol info`: how serial over LAN is set up."""

from __future__ import annotations

from emulators.host.commands.ipmitool.arguments import channel_number
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage_more import SOL_USAGE
from emulators.host.commands.ipmitool.users import CURRENT_CHANNEL
from emulators.host.commands.ipmitool.values import PRIVILEGE, completion_text, text_of
from emulators.host.process import Run

TRANSPORT, GET_PARAMETERS = 0x0C, 0x22
PAYLOAD_CHANNEL, PAYLOAD_PORT = 7, 8
PARAMETERS = {  # in the order asked: name, length of the answer
    0: ("Set In Progress (0)", 2),
    1: ("Enable (1)", 2),
    2: ("Authentication (2)", 2),
    3: ("Character Interval (3)", 3),
    4: ("Retry (4)", 3),
    5: ("Nonvolatile Bitrate (5)", 2),
    6: ("Volatile Bitrate (6)", 2),
    PAYLOAD_CHANNEL: ("Payload Channel (7)", 2),
    PAYLOAD_PORT: ("Payload Port (8)", 3),
}
PROGRESS = {0: "set-complete", 1: "set-in-progress", 2: "commit-write"}
RATES = {0: "IPMI-Over-Serial-Setting", 6: "9.6", 7: "19.2", 8: "38.4", 9: "57.6", 10: "115.2"}


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case [] | ["help", *_]:
            tool.notice(SOL_USAGE)
            return 0
        case ["info"]:
            return (yield from _info(tool, CURRENT_CHANNEL))
        case ["info", text]:
            channel = channel_number(tool, text)
            return -1 if channel is None else (yield from _info(tool, channel))
        case ["activate" | "deactivate", *_]:
            tool.log("Error: This command is only available over the lanplus interface")
            return -1
    tool.notice(SOL_USAGE)
    return -1


def _parameters(tool: Tool, channel: int) -> Run[dict[int, bytes] | None]:
    found: dict[int, bytes] = {}
    for number, (name, length) in PARAMETERS.items():
        reply = yield from tool.send(TRANSPORT, GET_PARAMETERS, bytes([channel, number, 0, 0]))
        if reply is None:
            tool.log(f"Error: No response requesting SOL parameter '{name}'")
            return None
        data = bytes(length - 1)
        if reply.completion_code == 0x80:
            if number == PAYLOAD_PORT:
                why = "can't determine which payload port to use on NULL session"
                tool.log(f"Info: SOL parameter '{name}' not supported - {why}")
                return None
            default = f" - defaulting to 0x{channel:02x}" if number == PAYLOAD_CHANNEL else ""
            tool.log(f"Info: SOL parameter '{name}' not supported{default}")
            data = bytes([channel]) if number == PAYLOAD_CHANNEL else data
        elif reply.completion_code:
            tool.log(f"Error requesting SOL parameter '{name}': {completion_text(reply.completion_code)}")
            return None
        elif len(reply.data) != length:
            size = len(reply.data)
            tool.log(f"Error: Unexpected data length ({size}) received for SOL parameter '{name}'")
        else:
            data = reply.data[1:]
        found[number] = data
    return found


def _info(tool: Tool, channel: int) -> Run[int]:
    found = yield from _parameters(tool, channel)
    if found is None:
        return -1
    security, character, retry = found[2][0], found[3], found[4]
    rows = (
        ("Set in progress", text_of(found[0][0] & 3, PROGRESS)),
        ("Enabled", _truth(found[1][0])),
        ("Force Encryption", _truth(security & 0x80)),
        ("Force Authentication", _truth(security & 0x40)),
        ("Privilege Level", text_of(security & 0x0F, PRIVILEGE)),
        ("Character Accumulate Level (ms)", str(character[0] * 5)),
        ("Character Send Threshold", str(character[1])),
        ("Retry Count", str(retry[0])),
        ("Retry Interval (ms)", str(retry[1] * 10)),
        ("Volatile Bit Rate (kbps)", text_of(found[6][0] & 0x0F, RATES)),
        ("Non-Volatile Bit Rate (kbps)", text_of(found[5][0] & 0x0F, RATES)),
        ("Payload Channel", f"{found[7][0]} (0x{found[7][0]:02x})"),
        ("Payload Port", str(int.from_bytes(found[8], "little"))),
    )
    if tool.options.csv:
        cells = [value for _, value in rows]
        cells[3], cells[11] = cells[2], str(found[7][0])  # the tool prints encryption twice
        tool.line(",".join(cells))
        return 0
    for key, value in rows:
        tool.line(f"{key:<32}: {value}")
    return 0


def _truth(value: int) -> str:
    return "true" if value else "false"

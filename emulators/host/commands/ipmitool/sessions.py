"""`ipmitool session info`: who is logged in over the LAN."""

from __future__ import annotations

from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage_more import SESSION_USAGE
from emulators.host.commands.ipmitool.values import (
    PRIVILEGE,
    address_text,
    completion_text,
    mac_text,
    number,
    text_of,
)
from emulators.host.process import Run

APP, GET_INFO = 0x06, 0x3D
CURRENT, BY_HANDLE, BY_ID = 0x00, 0xFE, 0xFF
NO_SUCH_SESSION = (0xCC, 0xCB)
LAN_LENGTH = 18


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case [] | ["help", *_] | ["info"] | ["info", "help", *_]:
            tool.notice(SESSION_USAGE)
            return 0
        case ["info", "active", *_]:
            return (yield from _one(tool, bytes([CURRENT])))
        case ["info", "all", *_]:
            return (yield from _all(tool))
        case ["info", "id" | "handle" as what, text, *_]:
            value = number(text, 0, 2**32 - 1)
            if value is None:
                tool.log(f"HEX number expected, but '{text}' given.")
            elif what == "id":
                return (yield from _one(tool, bytes([BY_ID]) + value.to_bytes(4, "little")))
            else:
                return (yield from _one(tool, bytes([BY_HANDLE, value & 0xFF])))
        case ["info", "id" | "handle" as what]:
            tool.log(f"Missing {what} argument")
        case ["info", other, *_]:
            tool.log(f"Invalid SESSION info parameter: {other}")
        case _:
            tool.log(f"Invalid SESSION command: {argv[0]}")
    tool.notice(SESSION_USAGE)
    return -1


def _one(tool: Tool, request: bytes) -> Run[int]:
    data = yield from tool.ask(APP, GET_INFO, request, "Get Session Info command failed")
    if data is None:
        if request == bytes([CURRENT]):
            tool.log("It is likely that the channel in use does not support sessions")
        return -1
    _show(tool, data[:LAN_LENGTH])
    return 0


def _all(tool: Tool) -> Run[int]:
    index, slots = 1, 1
    while index <= slots:
        reply = yield from tool.send(APP, GET_INFO, bytes([index]))
        if reply is None:
            tool.log("Get Session Info command failed")
            return -1
        if reply.completion_code and reply.completion_code not in NO_SUCH_SESSION:
            tool.log(f"Get Session Info command failed: {completion_text(reply.completion_code)}")
            return -1
        if len(reply.data) < 3:
            return -1
        _show(tool, reply.data[:LAN_LENGTH])
        slots = reply.data[1] & 0x3F
        index += 1
    return 0


def _show(tool: Tool, data: bytes) -> None:
    rows = [
        ("session handle", str(data[0])),
        ("slot count", str(data[1] & 0x3F)),
        ("active sessions", str(data[2] & 0x3F)),
    ]
    if len(data) > 3:
        data = data.ljust(6, b"\0")
        rows += [
            ("user id", str(data[3] & 0x3F)),
            ("privilege level", text_of(data[4] & 0x0F, PRIVILEGE)),
            ("session type", "IPMIv2/RMCP+" if data[5] >> 4 else "IPMIv1.5"),
            ("channel number", f"0x{data[5] & 0x0F:02x}"),
        ]
    if len(data) == LAN_LENGTH:
        rows += [
            ("console ip", address_text(data[6:10])),
            ("console mac", mac_text(data[10:16])),
            ("console port", str(int.from_bytes(data[16:18], "little"))),
        ]
    if tool.options.csv:
        tool.line(",".join(value for _, value in rows))
        return
    for key, value in rows:
        tool.line(f"{key:<30}: {value}")
    tool.line()

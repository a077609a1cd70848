"""`ipmitool raw`: one message as bytes."""

from __future__ import annotations

from emulators.host.commands.ipmitool.tool import INFO, Tool
from emulators.host.commands.ipmitool.usage import RAW_USAGE
from emulators.host.commands.ipmitool.values import NETFN, byte, completion_text
from emulators.host.process import Run

LIMIT = 256


def main(tool: Tool, argv: list[str]) -> Run[int]:
    if argv == ["help"]:
        tool.notice(RAW_USAGE)
        return 0
    if len(argv) < 2:
        tool.log("Not enough parameters given.")
        tool.notice(RAW_USAGE)
        return -1
    if len(argv) > LIMIT:
        tool.notice("Raw command input limit (256 bytes) exceeded")
        return -1
    by_name = {name.lower(): code for code, name in NETFN.items()}
    netfn = by_name.get(argv[0].lower(), byte(argv[0]))
    labels = ["netfn", "command"] + ["data"] * len(argv)
    values = [netfn, *(byte(text) for text in argv[1:])]
    numbers: list[int] = []
    for label, text, value in zip(labels, argv, values, strict=False):
        if value is None:
            tool.log(f'Given {label} "{text}" is invalid.')
            return -1
        numbers.append(value)
    return (yield from _send(tool, numbers[0], numbers[1], bytes(numbers[2:])))


def _send(tool: Tool, netfn: int, command: int, data: bytes) -> Run[int]:
    where = f"channel=0x0 netfn=0x{netfn:x} lun=0x{tool.options.lun:x} cmd=0x{command:x}"
    tool.log(f"RAW REQ ({where} data_len={len(data)})", INFO)
    _dump(tool, data, "RAW REQUEST")
    reply = yield from tool.send(netfn, command, data, lun=tool.options.lun)
    if reply is None:
        tool.log(f"Unable to send RAW command ({where})")
        return -1
    if reply.completion_code:
        code = reply.completion_code
        tool.log(f"Unable to send RAW command ({where} rsp=0x{code:x}): {completion_text(code)}")
        return -1
    tool.log(f"RAW RSP ({len(reply.data)} bytes)", INFO)
    rows = [reply.data[at : at + 16] for at in range(0, len(reply.data), 16)]
    tool.line("\n".join("".join(f" {octet:02x}" for octet in row) for row in rows))
    return 0


def _dump(tool: Tool, data: bytes, title: str) -> None:
    """What -v adds on standard error."""
    if not data or tool.verbose < 1:
        return
    text = f"{title} ({len(data)} bytes)\n"
    for at, octet in enumerate(data):
        text += ("\n" if at and not at % 16 else "") + f" {octet:02x}"
    tool.inv.err(text + "\n")

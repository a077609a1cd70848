"""`ipmitool mc`: device identity, GUID, self-test, resets, watchdog, global enables."""

from __future__ import annotations

from emulators.host.commands.ipmitool import guid, watchdog
from emulators.host.commands.ipmitool.names import manufacturer_name, product_name
from emulators.host.commands.ipmitool.tool import NOTICE, Tool
from emulators.host.commands.ipmitool.usage import MC_RESET_USAGE, MC_USAGE
from emulators.host.commands.ipmitool.values import completion_text
from emulators.host.process import Run

APP = 0x06
GET_DEVICE_ID, COLD_RESET, WARM_RESET, SELF_TEST, SET_ENABLES, GET_ENABLES = 0x01, 0x02, 0x03, 0x04, 0x2E, 0x2F

SUPPORT = (
    "Sensor Device",
    "SDR Repository Device",
    "SEL Device",
    "FRU Inventory Device",
    "IPMB Event Receiver",
    "IPMB Event Generator",
    "Bridge",
    "Chassis Device",
)

ENABLES = (
    (0, "recv_msg_intr", "Receive Message Queue Interrupt"),
    (1, "event_msg_intr", "Event Message Buffer Full Interrupt"),
    (2, "event_msg", "Event Message Buffer"),
    (3, "system_event_log", "System Event Logging"),
    (5, "oem0", "OEM 0"),
    (6, "oem1", "OEM 1"),
    (7, "oem2", "OEM 2"),
)

CORRUPTED = (
    (0x80, " -> SEL device not accessible"),
    (0x40, " -> SDR repository not accessible"),
    (0x20, "FRU device not accessible"),
    (0x10, "IPMB signal lines do not respond"),
    (0x08, "SDR repository empty"),
    (0x04, "Internal Use Area corrupted"),
    (0x02, "Controller update boot block corrupted"),
    (0x01, "controller operational firmware corrupted"),
)


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case []:
            tool.log("Not enough parameters given.")
            tool.notice(MC_USAGE)
            return -1
        case ["help", *_]:
            tool.notice(MC_USAGE)
            return 0
        case ["reset", *rest]:
            return (yield from _reset(tool, rest))
        case ["info", *_]:
            return (yield from _info(tool))
        case ["guid", *rest]:
            return (yield from guid.show(tool, rest[0] if rest else "auto"))
        case ["getenables", *_]:
            return (yield from _enables(tool))
        case ["setenables", *rest]:
            return (yield from _set_enables(tool, rest))
        case ["selftest", *_]:
            return (yield from _selftest(tool))
        case ["watchdog", *rest]:
            return (yield from watchdog.main(tool, rest))
    tool.log(f"Invalid mc/bmc command: {argv[0]}")
    tool.notice(MC_USAGE)
    return -1


def _reset(tool: Tool, argv: list[str]) -> Run[int]:
    if not argv:
        tool.log("Not enough parameters given.")
        tool.notice(MC_RESET_USAGE)
        return -1
    match argv[0]:
        case "help":
            tool.notice(MC_RESET_USAGE)
            return 0
        case "cold" | "warm":
            return (yield from _send_reset(tool, argv[0]))
    tool.log(f"Invalid mc/bmc reset command: {argv[0]}")
    tool.notice(MC_RESET_USAGE)
    return -1


def _send_reset(tool: Tool, kind: str) -> Run[int]:
    """A cold reset is sent, not confirmed: the tool looks for no answer (IPMI v2.0 section 20.2)."""
    tool.no_answer = kind == "cold"
    reply = yield from tool.send(APP, COLD_RESET if kind == "cold" else WARM_RESET)
    if reply is None and kind == "warm":
        tool.log("MC reset command failed.")
        return -1
    if reply is not None and reply.completion_code:
        tool.log(f"MC reset command failed: {completion_text(reply.completion_code)}")
        return -1
    tool.line(f"Sent {kind} reset command to MC")
    return 0


def _info(tool: Tool) -> Run[int]:
    data = yield from tool.ask(APP, GET_DEVICE_ID, b"", "Get Device ID command failed")
    if data is None:
        return -1
    answer, data = data, data.ljust(15, b"\0")
    manufacturer = int.from_bytes(data[6:9], "little") & 0x0FFFFF
    product = int.from_bytes(data[9:11], "little")
    tool.line(f"Device ID                 : {data[0]}")
    tool.line(f"Device Revision           : {data[1] & 0x0F}")
    tool.line(f"Firmware Revision         : {data[2] & 0x7F}.{data[3]:02x}")
    tool.line(f"IPMI Version              : {data[4] & 0x0F:x}.{data[4] >> 4:x}")
    tool.line(f"Manufacturer ID           : {manufacturer}")
    tool.line(f"Manufacturer Name         : {manufacturer_name(manufacturer)}")
    tool.line(f"Product ID                : {product} (0x{product:04x})")
    tool.line(f"Product Name              : {product_name(manufacturer, product)}")
    tool.line(f"Device Available          : {'no' if data[2] & 0x80 else 'yes'}")
    tool.line(f"Provides Device SDRs      : {'yes' if data[1] & 0x80 else 'no'}")
    tool.line("Additional Device Support :")
    for bit, name in enumerate(SUPPORT):
        if data[5] & 1 << bit:
            tool.line(f"    {name}")
    if len(answer) == 15:
        tool.line("Aux Firmware Rev Info     : ")
        for octet in data[11:15]:
            tool.line(f"    0x{octet:02x}")
    return 0


def _selftest(tool: Tool) -> Run[int]:
    reply = yield from tool.send(APP, SELF_TEST)
    if reply is None:
        tool.log("No response from devices\n")
        return -1
    if reply.completion_code:
        tool.log(f"Bad response: ({completion_text(reply.completion_code)})")
        return -1
    code, test = reply.data[0], reply.data[1]
    match code:
        case 0x55:
            tool.line("Selftest: passed")
            return 0
        case 0x56:
            tool.line("Selftest: not implemented")
        case 0x57:
            tool.line("Selftest: device corrupted")
            for bit, text in CORRUPTED:
                if test & bit:
                    tool.line(text)
        case 0x58:
            tool.line("Selftest     : fatal error")
            tool.line(f"Failure code : {test:02x}")
        case 0xFF:
            tool.out("Selftest: N/A")
        case _:
            tool.line(f"Selftest     : device specific ({code:02X}h)")
            tool.line(f"Failure code : {test:02X}h")
            return 0
    return -1


def _enables(tool: Tool) -> Run[int]:
    data = yield from tool.ask(APP, GET_ENABLES, b"", "Get Global Enables command failed")
    if data is None:
        return -1
    for bit, _, text in ENABLES:
        tool.line(f"{text:<40} : {'en' if data[0] & 1 << bit else 'dis'}abled")
    return 0


def _set_enables(tool: Tool, argv: list[str]) -> Run[int]:
    """The real tool compares the whole argument with the option's name, so that `name=on` never changes anything."""
    if not argv or argv[0] == "help":
        tool.log(MC_USAGE, NOTICE)
        return 0 if argv else -1
    data = yield from tool.ask(APP, GET_ENABLES, b"", "Get Global Enables command failed")
    if data is None:
        return -1
    tool.line("\nNothing to change...")
    yield from _enables(tool)
    return 0

"""`ipmitool chassis` and `ipmitool power`."""

from __future__ import annotations

from emulators.host.commands.ipmitool import boot
from emulators.host.commands.ipmitool.tool import WARNING, Tool
from emulators.host.commands.ipmitool.usage import CHASSIS_USAGE, IDENTIFY_USAGE, POLICY_USAGE, POWER_USAGE
from emulators.host.commands.ipmitool.values import byte, completion_text, number, text_of
from emulators.host.process import Run

CHASSIS, APP = 0x00, 0x06
STATUS, CONTROL, IDENTIFY, POLICY, RESTART_CAUSE, HOURS, SELF_TEST = 0x01, 0x02, 0x04, 0x06, 0x07, 0x0F, 0x04

CONTROLS = {
    "off": 0,
    "down": 0,
    "on": 1,
    "up": 1,
    "cycle": 2,
    "reset": 3,
    "diag": 4,
    "soft": 5,
    "acpi": 5,
}
CONTROL_NAMES = ("Down/Off", "Up/On", "Cycle", "Reset", "Diag", "Soft")
POLICIES = {"always-off": 0, "previous": 1, "always-on": 2, "list": 3}
POLICY_BITS = ((0x01, "always-off "), (0x04, "always-on "), (0x02, "previous"))
RESTORE = ("always-off", "previous", "always-on", "unknown")
EVENTS = ((0x01, "ac-failed "), (0x02, "overload "), (0x04, "interlock "), (0x08, "fault "), (0x10, "command"))
CAUSES = (
    "unknown",
    "chassis power control command",
    "reset via pushbutton",
    "power-up via pushbutton",
    "watchdog expired",
    "OEM",
    "power-up due to always-restore power policy",
    "power-up due to restore-previous power policy",
    "reset via PEF",
    "power-cycle via PEF",
    "soft reset",
    "power-up via RTC wakeup",
)
BROKEN = (
    "firmware corrupted",
    "boot block corrupted",
    "FRU Internal Use Area corrupted",
    "SDR Repository empty",
    "IPMB not responding",
    "cannot access BMC FRU",
    "cannot access SDR Repository",
    "cannot access SEL Device",
)


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case ["status", *_]:
            return (yield from _status(tool))
        case ["selftest", *_]:
            return (yield from _selftest(tool))
        case ["power", *rest]:
            return (yield from power(tool, rest))
        case ["identify", *rest]:
            return (yield from _identify(tool, rest))
        case ["poh", *_]:
            return (yield from _hours(tool))
        case ["restart_cause", *_]:
            return (yield from _restart_cause(tool))
        case ["policy", *rest]:
            return (yield from _policy(tool, rest))
        case ["bootparam", *rest]:
            return (yield from boot.parameter(tool, rest))
        case ["bootdev", *rest]:
            return (yield from boot.device(tool, rest))
        case [] | ["help", *_]:
            tool.notice(CHASSIS_USAGE)
        case _:
            tool.log(f"Invalid chassis command: {argv[0]}")
    return -1


def power(tool: Tool, argv: list[str]) -> Run[int]:
    if not argv or argv[0] == "help":
        tool.notice(POWER_USAGE)
        return 0
    if argv[0] == "status":
        return (yield from _power_status(tool))
    if argv[0] not in CONTROLS:
        tool.log(f"Invalid chassis power command: {argv[0]}")
        return -1
    control = CONTROLS[argv[0]]
    name = CONTROL_NAMES[control]
    reply = yield from tool.send(CHASSIS, CONTROL, bytes([control]))
    if reply is None:
        tool.log(f"Unable to set Chassis Power Control to {name}")
        return -1
    if reply.completion_code:
        tool.log(f"Set Chassis Power Control to {name} failed: {completion_text(reply.completion_code)}")
        return -1
    tool.line(f"Chassis Power Control: {name}")
    return 0


def _power_status(tool: Tool) -> Run[int]:
    what = "Get Chassis Power Status failed"
    data = yield from tool.ask(CHASSIS, STATUS, b"", what, "Unable to get Chassis Power Status")
    if data is None:
        return -1
    tool.line(f"Chassis Power is {'on' if data[0] & 1 else 'off'}")
    return 0


def _truth(value: int, yes: str = "true", no: str = "false") -> str:
    return yes if value else no


def _status(tool: Tool) -> Run[int]:
    data = yield from tool.ask(CHASSIS, STATUS, b"", "Error sending Chassis Status command")
    if data is None:
        return -1
    state, event, misc = data[0], data[1], data[2]
    tool.line(f"System Power         : {_truth(state & 1, 'on', 'off')}")
    tool.line(f"Power Overload       : {_truth(state & 2)}")
    tool.line(f"Power Interlock      : {_truth(state & 4, 'active', 'inactive')}")
    tool.line(f"Main Power Fault     : {_truth(state & 8)}")
    tool.line(f"Power Control Fault  : {_truth(state & 16)}")
    tool.line(f"Power Restore Policy : {RESTORE[state >> 5 & 3]}")
    tool.line("Last Power Event     : " + "".join(text for bit, text in EVENTS if event & bit))
    tool.line(f"Chassis Intrusion    : {_truth(misc & 1, 'active', 'inactive')}")
    tool.line(f"Front-Panel Lockout  : {_truth(misc & 2, 'active', 'inactive')}")
    tool.line(f"Drive Fault          : {_truth(misc & 4)}")
    tool.line(f"Cooling/Fan Fault    : {_truth(misc & 8)}")
    if len(data) > 3:
        _front_panel(tool, data[3])
    return 0


def _front_panel(tool: Tool, flags: int) -> None:
    if not flags:
        tool.line("Front Panel Control  : none")
        return
    buttons = ("Sleep", "Diag", "Reset", "Power")
    for at, name in enumerate(buttons):
        tool.line(f"{name + ' Button Disable':<21}: {_truth(flags & 0x80 >> at, 'allowed', 'not allowed')}")
    for at, name in enumerate(buttons):
        tool.line(f"{name + ' Button Disabled':<21}: {_truth(flags & 0x08 >> at)}")


def _selftest(tool: Tool) -> Run[int]:
    data = yield from tool.ask(APP, SELF_TEST, b"", "Error sending Get Self Test command")
    if data is None:
        return -1
    tool.out("Self Test Results    : ")
    match data[0]:
        case 0x55:
            tool.line("passed")
        case 0x56:
            tool.line("not implemented")
        case 0x57:
            tool.line("device error")
            for bit, text in enumerate(BROKEN):
                if data[1] & 1 << bit:
                    tool.line(f"{'':23}[{text}]")
        case 0x58:
            tool.line(f"Fatal hardware error: {data[1]:02x}h")
        case _:
            tool.line(f"Device-specific failure {data[0]:02x}h:{data[1]:02x}h")
    return 0


def _identify(tool: Tool, argv: list[str]) -> Run[int]:
    request, text = b"", "default (15 seconds)"
    if argv and argv[0] == "help":
        tool.notice(IDENTIFY_USAGE)
        return -1
    if argv and argv[0] == "force":
        request, text = b"\0\1", "indefinite"
    elif argv:
        seconds = byte(argv[0])
        if seconds is None:
            big = number(argv[0], -(2**63), 2**63 - 1) is not None
            tool.log("Given interval is too big." if big else "Invalid interval given.")
            return -1
        request, text = bytes([seconds]), f"{seconds} seconds" if seconds else "off"
    reply = yield from tool.send(CHASSIS, IDENTIFY, request)
    if reply is None:
        tool.log("Unable to set Chassis Identify")
        return -1
    if reply.completion_code:
        tool.log(f"Set Chassis Identify failed: {completion_text(reply.completion_code)}")
        if len(request) == 2:
            tool.log("Chassis may not support Force Identify On\n", WARNING)
        return -1
    tool.line(f"Chassis identify interval: {text}")
    return 0


def _hours(tool: Tool) -> Run[int]:
    what = "Get Chassis Power-On-Hours failed"
    data = yield from tool.ask(CHASSIS, HOURS, b"", what, "Unable to get Chassis Power-On-Hours")
    if data is None:
        return -1
    minutes = int.from_bytes(data[1:5], "little") * data[0]
    days, hours, rest = minutes // 1440, minutes % 1440 // 60, minutes % 60
    tool.line(f"POH Counter  : {days} days, {hours} hours" + (f", {rest} minutes" if data[0] < 60 else ""))
    return 0


def _restart_cause(tool: Tool) -> Run[int]:
    what = "Get Chassis Restart Cause failed"
    data = yield from tool.ask(CHASSIS, RESTART_CAUSE, b"", what, "Unable to get Chassis Restart Cause")
    if data is None:
        return -1
    tool.line(f"System restart cause: {text_of(data[0] & 0x0F, dict(enumerate(CAUSES)))}")
    return 0


def _policy(tool: Tool, argv: list[str]) -> Run[int]:
    if not argv or argv[0] == "help":
        tool.notice(POLICY_USAGE)
        return -1
    if argv[0] not in POLICIES:
        tool.log(f"Invalid chassis policy: {argv[0]}")
        return -1
    policy = POLICIES[argv[0]]
    what = "Power Restore Policy command failed"
    data = yield from tool.ask(CHASSIS, POLICY, bytes([policy]), what, "Error in Power Restore Policy command")
    if data is None:
        return -1
    if argv[0] == "list":
        names = "".join(text for bit, text in POLICY_BITS if data[0] & bit)
        tool.line(f"Supported chassis power policy:  {names}")
    else:
        tool.line(f"Set chassis power restore policy to {argv[0]}")
    return 0

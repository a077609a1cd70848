"""`ipmitool chassis bootdev` and `bootparam`: what the next boot starts from."""

from __future__ import annotations

from collections.abc import Callable

from emulators.host.commands.ipmitool import usage
from emulators.host.commands.ipmitool.names import manufacturer_name
from emulators.host.commands.ipmitool.times import numeric
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.values import byte, completion_text, hex_bytes
from emulators.host.process import Run

CHASSIS, SET, GET = 0x00, 0x08, 0x09
SET_IN_PROGRESS, ACKNOWLEDGE, FLAGS, MAILBOX = 0, 4, 5, 7
COMPLETE, IN_PROGRESS, COMMIT = 0, 1, 2
BIOS_POST = 1

DEVICES = {"none": 0, "pxe": 1, "disk": 2, "safe": 3, "diag": 4, "cdrom": 5, "bios": 6, "floppy": 15}
SELECTORS = {
    0: "No override",
    1: "Force PXE",
    2: "Force Boot from default Hard-Drive",
    3: "Force Boot from default Hard-Drive, request Safe-Mode",
    4: "Force Boot from Diagnostic Partition",
    5: "Force Boot from CD/DVD",
    6: "Force Boot into BIOS Setup",
    7: "Force Boot from remotely connected Floppy/primary removable media",
    8: "Force Boot from remotely connected CD/DVD",
    9: "Force Boot from primary remote media",
    11: "Force Boot from remotely connected Hard-Drive",
    15: "Force Boot from Floppy/primary removable media",
}
VERBOSITY = ("System Default", "Request Quiet Display", "Request Verbose Display", "Flag error")
CONSOLE = (
    "Console redirection occurs per BIOS configuration setting (default)",
    "Suppress (skip) console redirection if enabled",
    "Request console redirection be enabled",
    "Flag error",
)
MUX = (
    "BIOS uses recommended setting of the mux at the end of POST",
    "Requests BIOS to force mux to BMC at conclusion of POST/start of OS boot",
    "Requests BIOS to force mux to system at conclusion of POST/start of OS boot",
)
OPTIONS = {  # byte, mask, value
    "valid": (0, 0x80, 0x80),
    "persistent": (0, 0x40, 0x40),
    "efiboot": (0, 0x20, 0x20),
    "clear-cmos": (1, 0x80, 0x80),
    "lockkbd": (1, 0x40, 0x40),
    "screenblank": (1, 0x02, 0x02),
    "lockoutreset": (1, 0x01, 0x01),
    "lockout_power": (2, 0x80, 0x80),
    "verbose=default": (2, 0x60, 0x00),
    "verbose=no": (2, 0x60, 0x20),
    "verbose=yes": (2, 0x60, 0x40),
    "force_pet": (2, 0x10, 0x10),
    "upw_bypass": (2, 0x08, 0x08),
    "lockout_sleep": (2, 0x04, 0x04),
    "cons_redirect=default": (2, 0x03, 0x00),
    "cons_redirect=skip": (2, 0x03, 0x01),
    "cons_redirect=enable": (2, 0x03, 0x02),
}
CLEARING = (
    (0x10, "Don't clear valid bit on reset/power cycle cause by PEF"),
    (0x08, "Don't automatically clear boot flag valid bit on timeout"),
    (0x04, "Don't clear valid bit on reset/power cycle cause by watchdog"),
    (0x02, "Don't clear valid bit on push button reset // soft reset"),
    (0x01, "Don't clear valid bit on power up via power push button or wake event"),
)
HANDLED = (
    (0x10, "OEM has handled boot info"),
    (0x08, "SMS has handled boot info"),
    (0x04, "OS // service partition has handled boot info"),
    (0x02, "OS Loader has handled boot info"),
    (0x01, "BIOS/POST has handled boot info"),
)
PROGRESS = ("set complete", "set in progress", "commit write", "error, reserved bit")


def parameter(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case ["get", *rest] if rest:
            return (yield from _get(tool, rest))
        case ["set", "bootflag", name, *_] if name != "help":
            return (yield from _set_device(tool, name, bytes(5)))
        case ["set", *rest] if rest:
            tool.notice(usage.BOOTFLAG_USAGE)
        case [] | [_] | ["help", *_]:
            tool.notice("bootparam get <param #>")
            tool.notice(usage.BOOTFLAG_USAGE)
        case _:
            tool.notice("bootparam get|set <option> [value ...]")
    return -1


def device(tool: Tool, argv: list[str]) -> Run[int]:
    if not argv or argv[0] == "help":
        tool.notice(usage.BOOTDEV_USAGE)
        return -1
    options = ""
    if argv[1:2] == ["clear-cmos=yes"]:
        options = "clear-cmos"
    elif argv[1:] and argv[1].startswith("options="):
        options = argv[1].removeprefix("options=")
    flags = _flags(tool, options)
    if flags is None:
        return -1
    return (yield from _set_device(tool, argv[0], flags))


def _flags(tool: Tool, options: str) -> bytes | None:
    flags, wrong = bytearray(5), False
    for name in filter(None, options.split(",")):
        if name == "help":
            wrong = True
            break
        if name not in OPTIONS:
            tool.log(f"Invalid option: {name}")
            wrong = True
            continue
        at, mask, value = OPTIONS[name]
        flags[at] = flags[at] & ~mask | value
    if wrong:
        tool.notice(usage.BOOTDEV_OPTIONS_USAGE)
        return None
    return bytes(flags)


def _set(tool: Tool, number: int, data: bytes) -> Run[int]:
    """Set System Boot Options. The completion code, or -1 for no answer."""
    reply = yield from tool.send(CHASSIS, SET, bytes([number]) + data)
    if reply is None:
        tool.log(f"Error setting Chassis Boot Parameter {number}")
        return -1
    if reply.completion_code and number != SET_IN_PROGRESS:
        own = {
            0x80: "Unsupported parameter",
            0x81: "Attempt to set 'in progress' while not in 'complete' state",
            0x82: "Parameter is read-only",
        }
        tool.log(f"Set Chassis Boot Parameter {number} failed: {completion_text(reply.completion_code, own)}")
    return reply.completion_code


def _progress(tool: Tool, state: int) -> Run[None]:
    """Set in progress; a BMC that refuses it once is not asked again."""
    if tool.boot_progress:
        code = yield from _set(tool, SET_IN_PROGRESS, bytes([state]))
        if code and state == IN_PROGRESS:
            tool.boot_progress = False


def _set_device(tool: Tool, name: str, flags: bytes) -> Run[int]:
    yield from _progress(tool, IN_PROGRESS)
    code = yield from _set(tool, ACKNOWLEDGE, bytes([BIOS_POST, BIOS_POST]))
    if code >= 0:
        selector = DEVICES.get(name.removeprefix("force_") if name != "force_none" else "?")
        if selector is None:
            tool.log(f"Invalid argument: {name}")
            code = -1
        else:
            data = bytes([flags[0] | 0x80, flags[1] | selector << 2]) + flags[2:]
            code = yield from _set(tool, FLAGS, data)
            if code == 0:
                yield from _progress(tool, COMMIT)
                tool.line(f"Set Boot Device to {name}")
    yield from _progress(tool, COMPLETE)
    return code


def _get(tool: Tool, argv: list[str]) -> Run[int]:
    number = byte(argv[0])
    if number is None:
        tool.log(f"Invalid parameter '{argv[0]}' given instead of bootparam.")
        return -1
    selector = byte(argv[1]) if len(argv) > 1 else 0
    if selector is None:
        tool.log(f"Invalid argument '{argv[1]}' given to bootparam 0")
        return -1
    number &= 0x7F
    reply = yield from tool.send(CHASSIS, GET, bytes([number, selector, 0]))
    if reply is None:
        tool.log(f"Error Getting Chassis Boot Parameter {number}")
        return -1
    if reply.completion_code:
        text = completion_text(reply.completion_code, {0x80: "Unsupported parameter"})
        tool.log(f"Get Chassis Boot Parameter {number} failed: {text}")
        return -1
    _show(tool, reply.data)
    return 0


def _show(tool: Tool, data: bytes) -> None:
    number = data[1] & 0x7F
    tool.line(f"Boot parameter version: {data[0]}")
    tool.line(f"Boot parameter {number} is {'invalid/locked' if data[1] & 0x80 else 'valid/unlocked'}")
    tool.line(f"Boot parameter data: {hex_bytes(data[2:])}")
    show = SHOWN.get(number)
    if show is None:
        tool.line(f" Unsupported parameter {number}")
    else:
        show(tool, data[2:] if number == MAILBOX else data[2:].ljust(9, b"\0"))


def _show_list(tool: Tool, title: str, lead: str, flags: int, names: tuple[tuple[int, str], ...]) -> None:
    tool.line(f" {title} :")
    chosen = [text for bit, text in names if flags & bit]
    for text in chosen:
        tool.line(f"{lead}- {text}")
    if not chosen:
        tool.line("     No flag set")


def _show_flags(tool: Tool, data: bytes) -> None:
    first, second, third, fourth = data[:4]
    lines = [
        f"Boot Flag {'Valid' if first & 0x80 else 'Invalid'}",
        f"Options apply to {'all future boots' if first & 0x40 else 'only next boot'}",
        "BIOS EFI boot " if first & 0x20 else "BIOS PC Compatible (legacy) boot ",
        "CMOS Clear" if second & 0x80 else "",
        "Lock Keyboard" if second & 0x40 else "",
        f"Boot Device Selector : {SELECTORS.get(second >> 2 & 0x0F, 'Flag error')}",
        "Screen blank" if second & 0x02 else "",
        "Lock out Reset buttons" if second & 0x01 else "",
        "Lock out (power off/sleep request) via Power Button" if third & 0x80 else "",
        f"BIOS verbosity : {VERBOSITY[third >> 5 & 3]}",
        "Force progress event traps" if third & 0x10 else "",
        "User password bypass" if third & 0x08 else "",
        "Lock Out Sleep Button" if third & 0x04 else "",
        f"Console Redirection control : {CONSOLE[third & 3]}",
        "BIOS Shared Mode Override" if fourth & 0x08 else "",
        f"BIOS Mux Control Override : {MUX[fourth & 7] if fourth & 7 < len(MUX) else 'Flag error'}",
    ]
    tool.line(" Boot Flags :")
    for line in filter(None, lines):
        tool.line(f"   - {line}")


def _show_initiator(tool: Tool, data: bytes) -> None:
    tool.line(" Boot Initiator Info :")
    tool.line(f"    Channel Number : {data[0] & 0x0F}")
    tool.line(f"    Session Id     : {int.from_bytes(data[1:5], 'little'):08X}h")
    tool.line(f"    Timestamp      : {numeric(int.from_bytes(data[5:9], 'little'))}")


def _show_mailbox(tool: Tool, data: bytes) -> None:
    """A block of the boot initiator's mailbox; the first begins with who wrote it."""
    block, body = data[0], data[1:]
    tool.line(f" Selector       : {block}")
    if not block:
        maker = int.from_bytes(body[:3], "little")
        tool.line(f" IANA PEN       : {maker} [{manufacturer_name(maker)}]")
        body = body[3:]
    tool.line(f" Block Data     : {hex_bytes(body)}")


def _show_scan(tool: Tool, data: bytes) -> None:
    names = ((0x01, "Request BIOS to scan"), (0x02, "Service Partition Discovered"))
    _show_list(tool, "Service Partition Scan", "     ", data[0] & 3, names)


SHOWN: dict[int, Callable[[Tool, bytes], None]] = {
    0: lambda tool, data: tool.line(f" Set In Progress : {PROGRESS[data[0] & 3]}"),
    1: lambda tool, data: tool.line(f" Service Partition Selector : {data[0] or 'unspecified'}"),
    2: _show_scan,
    3: lambda tool, data: _show_list(tool, "BMC boot flag valid bit clearing", "     ", data[0], CLEARING),
    4: lambda tool, data: _show_list(tool, "Boot Info Acknowledge", "    ", data[1], HANDLED),
    5: _show_flags,
    6: _show_initiator,
    7: _show_mailbox,
}

"""`ipmitool mc watchdog`: the timer that resets a host nobody pats."""

from __future__ import annotations

from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage import WATCHDOG_USAGE
from emulators.host.commands.ipmitool.values import completion_text
from emulators.host.process import Run

APP, RESET, SET, GET = 0x06, 0x22, 0x24, 0x25

USES = ("Reserved", "BIOS FRB2", "BIOS/POST", "OS Load", "SMS/OS", "OEM", "Reserved", "Reserved")
INTERRUPTS = ("None", "SMI", "NMI/Diagnostic", "Messaging", *["Reserved"] * 4)
ACTIONS = ("No action", "Hard Reset", "Power Down", "Power Cycle", *["Reserved"] * 4)
SHUT_OFF = bytes([0x04, 0x00, 0x00, 0x10, 0xB8, 0x0B])  # SMS/OS, no action, five minutes that never run


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case []:
            tool.log("Not enough parameters given.")
        case ["help", *_]:
            tool.notice(WATCHDOG_USAGE)
            return 0
        case ["get", *_]:
            return (yield from _get(tool))
        case ["off", *_]:
            return (yield from _off(tool))
        case ["reset", *_]:
            return (yield from _reset(tool))
        case _:
            tool.log(f"Invalid mc/bmc watchdog command: {argv[0]}")
    tool.notice(WATCHDOG_USAGE)
    return -1


def _get(tool: Tool) -> Run[int]:
    data = yield from tool.ask(APP, GET, b"", "Get Watchdog Timer command failed")
    if data is None:
        return -1
    use, action, pretimeout, flags = data[:4]
    tool.line(f"Watchdog Timer Use:     {USES[use & 7]} (0x{use:02x})")
    tool.line(f"Watchdog Timer Is:      {'Started/Running' if use & 0x40 else 'Stopped'}")
    tool.line(f"Watchdog Timer Logging: {'Off' if use & 0x80 else 'On'}")
    tool.line(f"Watchdog Timer Action:  {ACTIONS[action & 7]} (0x{action:02x})")
    tool.line(f"Pre-timeout interrupt:  {INTERRUPTS[action >> 4 & 7]}")
    tool.line(f"Pre-timeout interval:   {pretimeout} seconds")
    tool.line(f"Timer Expiration Flags: {'' if flags else 'None '}(0x{flags:02x})")
    for bit in range(8):
        if flags & 1 << bit:
            tool.line(f"                        * {USES[bit]}")
    tool.line(f"Initial Countdown:      {int.from_bytes(data[4:6], 'little') / 10:.1f} sec")
    tool.line(f"Present Countdown:      {int.from_bytes(data[6:8], 'little') / 10:.1f} sec")
    return 0


def _off(tool: Tool) -> Run[int]:
    reply = yield from tool.send(APP, SET, SHUT_OFF)
    if reply is None:
        tool.log("Watchdog Timer Shutoff command failed!")
        return -1
    if reply.completion_code:
        tool.log(f"Watchdog Timer Shutoff command failed! {completion_text(reply.completion_code)}")
        return -1
    tool.line("Watchdog Timer Shutoff successful -- timer stopped")
    return 0


def _reset(tool: Tool) -> Run[int]:
    reply = yield from tool.send(APP, RESET)
    if reply is None:
        tool.log("Reset Watchdog Timer command failed!")
        return -1
    if reply.completion_code:
        own = {0x80: "Attempt to reset uninitialized watchdog"}
        tool.log(f"Reset Watchdog Timer command failed: {completion_text(reply.completion_code, own)}")
        return -1
    tool.line("IPMI Watchdog Timer Reset -  countdown restarted!")
    return 0

"""The subcommands by name."""

from __future__ import annotations

from collections.abc import Callable

from emulators.host.commands.ipmitool import (
    channel,
    chassis,
    delloem,
    fru,
    hpm,
    lan,
    mc,
    raw,
    script,
    sdr,
    sel,
    sensor,
    sessions,
    sol,
    users,
)
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage_more import COMMANDS
from emulators.host.process import Run

Command = Callable[[Tool, list[str]], Run[int]]

# Known to the real tool, of no use on a virtual host.
UNSERVED = frozenset(
    {"i2c", "spd", "event", "gendev", "pef", "tsol", "isol", "dcmi", "nm", "sunoem", "kontronoem", "picmg", "fwum"}
    | {"firewall", "shell", "set", "ekanalyzer", "ime", "vita", "lan6"}
)


def run(tool: Tool, words: list[str]) -> Run[int]:
    """Run one subcommand. Below zero is a failure, as in the real tool."""
    if not words:
        tool.log("No command provided!")
        tool.notice(COMMANDS)
        return -1
    command = TABLE.get(words[0])
    if command is not None:
        return (yield from command(tool, words[1:]))
    if words[0] in UNSERVED:
        tool.log(f"ipmitool: '{words[0]}' is not served on this virtual host")
        return -1
    tool.log(f"Invalid command: {words[0]}")
    tool.notice(COMMANDS)
    return -1


def _execute(tool: Tool, argv: list[str]) -> Run[int]:
    if not argv:
        tool.log("Usage: exec <filename>")
        return -1
    found = yield from script.lines(tool, argv[0])
    status = 0
    for words in found or []:
        result = yield from run(tool, words)
        status = result or status
    return -1 if found is None else status


def _echo(tool: Tool, argv: list[str]) -> Run[int]:
    tool.line("".join(f"{word} " for word in argv))
    return 0
    yield  # a subcommand is a generator, this one too


TABLE: dict[str, Command] = {
    "raw": raw.main,
    "lan": lan.main,
    "chassis": chassis.main,
    "power": chassis.power,
    "mc": mc.main,
    "bmc": mc.main,
    "sdr": sdr.main,
    "sensor": sensor.main,
    "fru": fru.main,
    "sel": sel.main,
    "sol": sol.main,
    "user": users.main,
    "channel": channel.main,
    "session": sessions.main,
    "delloem": delloem.main,
    "exec": _execute,
    "echo": _echo,
    "hpm": hpm.main,
}

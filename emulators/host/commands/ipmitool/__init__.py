"""The virtual host's built-in ipmitool: IPMI messages over the open interface, and the text of Debian 12's 1.8.19."""

from __future__ import annotations

from emulators.host.commands.ipmitool.commands import run
from emulators.host.commands.ipmitool.opening import open_interface
from emulators.host.commands.ipmitool.options import parse
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage_more import COMMANDS, OPTIONS_USAGE
from emulators.host.process import Invocation, Run

VERSION = "1.8.19"


def main(inv: Invocation) -> Run[int]:
    """Run one command line. The exit status is 0 or 1, as the real tool's."""
    known = "IPMITOOL_PASSWORD" in inv.env or "IPMI_PASSWORD" in inv.env
    line = parse(inv.argv[0], list(inv.argv[1:]), password_known=known)
    tool = Tool(inv, line.options)
    for warning in line.warnings:
        tool.log(warning)
    if line.ends is not None:
        text, status = line.ends
        if text == "version":
            tool.line(f"ipmitool version {VERSION}")
        elif text == "usage":
            tool.notice(OPTIONS_USAGE)
        else:
            tool.log(text)
            if line.misread:
                tool.notice(OPTIONS_USAGE)
    elif line.words[:1] == ["help"]:
        tool.notice(COMMANDS)
        status = 0
    else:
        opened = yield from open_interface(tool, remote=line.remote)
        if opened and line.options.large_buffer:
            tool.line(f"Setting large buffer to {line.options.large_buffer}")
        status = 1 if not opened or (yield from run(tool, line.words)) < 0 else 0
    tool.flush()
    return status

"""`ipmitool exec FILE`: subcommands from a file or from standard input, one a line."""

from __future__ import annotations

import re

from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.process import Run

WORD = re.compile(r""""([^"]*)"|'([^']*)'|(\S+)""")


def lines(tool: Tool, name: str) -> Run[list[list[str]] | None]:
    """The file's commands as words; None after printing why it cannot be read."""
    if name == "/dev/stdin":
        data: bytes | None = yield from tool.inv.stdin.read()
    else:
        data = tool.read_file(name)
    if data is None:
        tool.log(f"File {name} does not exist")
        return None
    found = []
    for text in data.decode("latin-1").splitlines():
        words = _words(text.split("#", 1)[0])
        if words:
            found.append(words)
    return found


def _words(text: str) -> list[str]:
    return [double or single or plain for double, single, plain in WORD.findall(text)]

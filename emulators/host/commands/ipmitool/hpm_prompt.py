"""The questions of `ipmitool hpm`: one word from standard input, whatever comes before it on the line."""

from __future__ import annotations

from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.process import Run


def ask(tool: Tool, prompt: str) -> Run[bool]:
    """Only a word that begins with y or Y is a yes; the end of input is a no.

    The real tool does not flush its prompt: in a redirected log it appears with whatever is flushed next.
    """
    tool.out(prompt)
    if tool.inv.tty:
        tool.flush()
    while not tool.words:
        line = yield from tool.inv.stdin.readline()
        if not line:
            return False
        tool.words = line.decode(errors="replace").split()
    return tool.words.pop(0)[:1].upper() == "Y"

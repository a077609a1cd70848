"""One file a command-line tool: argv in, facts out. Pure: nothing here runs anything.

A parser returns a frozen dataclass or raises Unparsable. It reads what the tools really print, ANSI colours, in-place
progress and two dialects included. No tool's exit status or success message is proof: callers read versions back.
"""

from __future__ import annotations

Argv = tuple[str, ...]


class Unparsable(Exception):
    """A tool printed something else than expected. `seen` is cut to what a report can hold."""

    def __init__(self, tool: str, expected: str, seen: str) -> None:
        self.tool, self.expected, self.seen = tool, expected, seen.strip()[:400]
        super().__init__(f"{tool}: expected {expected}, saw {self.seen!r}" if self.seen else f"{tool}: printed nothing")

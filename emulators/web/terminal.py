"""A stream of a serial console as the lines of a screen: what a person would read there. Pure.

Understood are line ends, backspace, tabs, clearing, and the cursor's way home; colours and all other escape sequences
are left out, as they change no letter.
"""

from __future__ import annotations

import re

COLUMNS, ROWS = 80, 25
KEPT = 400  # lines

_ESCAPE = re.compile(rb"\x1b(?:\[([0-9;?]*)([@-~])|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[()][A-Za-z0-9]|[A-Z0-9=>])")
_CUT = re.compile(rb"\x1b(?:\[[0-9;?]*|\][^\x07\x1b]{0,200}|[()])?\Z")


class Screen:
    """Feed it; read `lines`. A sequence that is cut off at the end waits for its rest."""

    def __init__(self) -> None:
        self.lines: list[str] = [""]
        self._column = 0
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """More of the stream."""
        data = self._rest + data
        cut = _CUT.search(data)
        data, self._rest = (data[: cut.start()], data[cut.start() :]) if cut else (data, b"")
        start = 0
        for found in _ESCAPE.finditer(data):
            self._text(data[start : found.start()])
            if found[2] == b"J" and found[1] in (b"2", b"3"):
                self.lines, self._column = [""], 0
            start = found.end()
        self._text(data[start:])
        del self.lines[:-KEPT]

    def tail(self, rows: int = ROWS) -> str:
        """The last lines, as they stand on a screen of that height."""
        return "\n".join(line.rstrip() for line in self.lines[-rows:])

    def _text(self, data: bytes) -> None:
        for character in data.decode("utf-8", "replace"):
            match character:
                case "\n":
                    self.lines.append("")
                    self._column = 0
                case "\r":
                    self._column = 0
                case "\b":
                    self._column = max(0, self._column - 1)
                case "\t":
                    self._put(" " * (8 - self._column % 8))
                case _ if character.isprintable():
                    self._put(character)

    def _put(self, text: str) -> None:
        for character in text:
            if self._column == COLUMNS:
                self.lines.append("")
                self._column = 0
            line = self.lines[-1].ljust(self._column)
            self.lines[-1] = line[: self._column] + character + line[self._column + 1 :]
            self._column += 1


def shown(stream: bytes) -> str:
    """What stands on the screen after all of that."""
    screen = Screen()
    screen.feed(stream)
    return screen.tail()

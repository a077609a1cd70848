"""What a terminal would show: colours away, backspaces and carriage returns carried out; and `key : value` lines."""

from __future__ import annotations

import re
from functools import lru_cache

_MOVES = re.compile(r"\x08+|\r|[^\x08\r]+")
_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\([A-Z0-9]")


def without_colours(text: str) -> str:
    """`text` without ANSI escapes. SUM writes them even into files."""
    return _ANSI.sub("", text)


def as_displayed(text: str) -> str:
    """`text` as a terminal shows it in the end. `hpm upgrade` rewrites its percentage with five backspaces."""
    return "\n".join([_line_as_displayed(line.removesuffix("\r")) for line in without_colours(text).split("\n")])


@lru_cache(maxsize=512)  # a log that is followed is read again and again
def _line_as_displayed(line: str) -> str:
    if "\b" not in line and "\r" not in line:
        return line
    shown, column = "", 0
    for piece in _MOVES.findall(line):
        if piece[0] == "\b":
            column = max(0, column - len(piece))
        elif piece == "\r":
            column = 0
        else:
            end = column + len(piece)
            shown, column = shown[:column] + piece + shown[end:], end
    return shown


def pairs(text: str, separator: str = ":") -> dict[str, str]:
    """`key : value` lines as a mapping; the first of equal keys counts, lines without a separator are left out."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, there, value = line.partition(separator)
        if there and key.strip():
            found.setdefault(key.strip(), value.strip())
    return found


def dotted_pairs(text: str) -> dict[str, str]:
    """SUM's `key.....value` lines as a mapping; at least two dots, of any number."""
    found: dict[str, str] = {}
    for line in without_colours(text).splitlines():
        match = re.fullmatch(r"\s*(\S.*?)\.{2,}\s*(.*?)\s*", line)
        if match and not match[1].startswith("."):
            found.setdefault(match[1], match[2])
    return found

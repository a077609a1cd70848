"""${value#pattern} and its kin, in time that grows with the value's length alone, whatever the pattern."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache

SINGLE = re.compile(r"\[!?\]?[^\]]*\]|.", re.DOTALL)


def trimmed(value: str, op: str, pattern: str) -> str:
    """`op`: # or % for the shortest beginning or end that matches, ## or %% for the longest."""
    tokens = SINGLE.findall(pattern)
    if op[0] == "%":
        end = _match(value[::-1], tokens[::-1], longest=op == "%%")
        return value if end is None else value[: len(value) - end]
    end = _match(value, tokens, longest=op == "##")
    return value if end is None else value[end:]


def _match(value: str, tokens: list[str], *, longest: bool) -> int | None:
    """How long the beginning is that matches: piece by piece between the stars, each as early as it can be."""
    first, *pieces = _pieces(tokens)
    at = len(first)
    if not _regex(first).match(value):
        return None
    for number, piece in enumerate(pieces, 1):
        if longest and number == len(pieces):
            starts = range(len(value) - len(piece), at - 1, -1)
            return next((start + len(piece) for start in starts if _regex(piece).match(value, start)), None)
        found = _regex(piece).search(value, at)
        if found is None:
            return None
        at = found.end()
    return at


def _pieces(tokens: list[str]) -> list[tuple[str, ...]]:
    """What stands between the stars: tokens for one character each."""
    pieces: list[list[str]] = [[]]
    for single in tokens:
        if single == "*":
            pieces.append([])
        else:
            pieces[-1].append(single)
    return [tuple(piece) for piece in pieces]


@lru_cache(maxsize=256)
def _regex(piece: tuple[str, ...]) -> re.Pattern[str]:
    single = "".join(fnmatch.translate(token).removeprefix("(?s:").removesuffix(r")\Z") for token in piece)
    return re.compile(f"(?s:{single})")

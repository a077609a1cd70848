"""Vendors' version strings: order, equality, requirements.

`packaging` does not fit: "3.0a" is a pre-release there and a later build at Supermicro, and iDRAC's "6.10.30.00" keeps
its zeros. A version here is a row of numbers, each with the letters that follow it; missing parts are zero. So
"01.02.18" is "1.2.18" and "3.9" is "3.09" but not "3.90", as BMCs print their minor number as two digits.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import total_ordering

_PART = re.compile(r"(\d+)([A-Za-z]*)")
_CLAUSE = re.compile(r"\s*(>=|<=|==|!=|>|<)\s*(\S+)\s*")
_OPERATORS: dict[str, Callable[[Version, Version], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
}


class BadVersion(ValueError):
    """Text that is no version, or no requirement. The message says what was expected."""


@total_ordering
class Version:
    """A vendor's version. `text` is what was written; order and equality go by the numbers."""

    __slots__ = ("_key", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        parts = re.split(r"[.\-_]", text.strip())
        matches = [_PART.fullmatch(part) for part in parts]
        if not all(matches):
            raise BadVersion(f"{text!r} is no version; expected numbers with dots, e.g. 3.90 or 6.10.30.00")
        key = [(int(m[1]), m[2].lower()) for m in matches if m]
        while len(key) > 1 and key[-1] == (0, ""):
            key.pop()
        self._key = tuple(key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Version) and self._key == other._key

    def __lt__(self, other: Version) -> bool:
        return self._key < other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"Version({self.text!r})"


def same(one: str, other: str) -> bool:
    """Do both strings name the same version? Raises BadVersion."""
    return Version(one) == Version(other)


class Requirement:
    """Conditions on a version, all of which must hold: ">=3.10", ">=3.10, <4". "" holds always."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self._clauses = [_clause(part, text) for part in text.split(",")] if self.text else []

    def allows(self, version: str) -> bool:
        """Does `version` meet every condition? Raises BadVersion for what is no version."""
        running = Version(version)
        return all(compare(running, wanted) for compare, wanted in self._clauses)

    def __str__(self) -> str:
        return self.text


def _clause(part: str, whole: str) -> tuple[Callable[[Version, Version], bool], Version]:
    match = _CLAUSE.fullmatch(part)
    if match is None:
        raise BadVersion(f'{whole!r} is no requirement; expected e.g. ">=3.10" or ">=3.10, <4"')
    return _OPERATORS[match[1]], Version(match[2])

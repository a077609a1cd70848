"""What looks like a credential, and where one stands in a ticket: nothing of the kind is ever printed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

LOOKS_LIKE_ONE = (
    re.compile(r"(?i)\bpass(?:word|wd|phrase|code)?\b\s*(?:[:=]|\bis\b)\s*\S+"),
    re.compile(r"(?i)\b(?:pwd|pin|secret|token|api[ _-]?key|login|credentials?)\b\s*[:=]\s*\S+"),
    re.compile(r"\b(?:ADMIN\s*/\s*ADMIN|root\s*/\s*\S+|calvin)\b"),
    re.compile(r"(?i)\b[a-z][a-z0-9+.-]*://[^\s/@:]+:[^\s/@]+@"),
    re.compile(r"-----BEGIN [A-Z ]*KEY|\bAKIA[0-9A-Z]{12,}|\beyJ[\w-]{10,}\.[\w-]{10,}|\bssh-(?:rsa|ed25519) AAAA"),
    re.compile(r"(?:^|\s)-P\s+\S+"),
)
SHORTEST = 4  # of a known password that is looked for: a shorter one stands in half of all words


def stands_in(text: str, secrets: Sequence[str] = ()) -> bool:
    """Does this text look like a credential, or hold one of these passwords?"""
    return any(pattern.search(text) for pattern in LOOKS_LIKE_ONE) or any(
        len(secret) >= SHORTEST and secret in text for secret in secrets
    )


def fields(value: Any, secrets: Sequence[str] = (), name: str = "") -> Iterator[str]:
    """The names of the fields of plain data that hold one; what stands there is not repeated."""
    match value:
        case str():
            if stands_in(value, secrets):
                yield name
        case dict():
            for key, part in value.items():
                yield from fields(part, secrets, f"{name}.{key}".lstrip("."))
        case list() | tuple():
            for part in value:
                yield from fields(part, secrets, name)

"""What an act came to."""

from __future__ import annotations

from typing import NamedTuple


class Seen(NamedTuple):
    """`ok`: could it be done as asked? `text`: what the person sees, or what was in the way."""

    ok: bool
    text: str


def done(text: str) -> Seen:
    return Seen(True, text)


def cannot(text: str) -> Seen:
    return Seen(False, text)

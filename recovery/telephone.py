"""The line between the technician and the administrator: what is asked, and what is heard. Silence means no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

About = Literal["word", "step", "account", "report", "problem"]


@dataclass(frozen=True)
class Call:
    """What the technician says. `asks`: for a word, the next step, an account, or that the report is taken; or tells of
    a problem. `seen`: what there is to see just now; `left_over`: what of the server is still in the hand; `results`:
    the steps of which there is one."""

    asks: About
    step: int
    text: str
    word: str = ""
    seen: Mapping[str, str] = field(default_factory=dict)
    left_over: tuple[str, ...] = ()
    results: tuple[str, ...] = ()


class Phone(Protocol):
    async def call(self, call: Call) -> str | None:
        """What is answered; None where nobody does, or nothing is granted."""
        ...


def told(call: Call, answer: str | None) -> str:
    """The answer as it may be written down: an account is not."""
    return "silence" if answer is None else "read out" if call.asks == "account" else answer

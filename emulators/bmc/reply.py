"""What a BMC answers to one IPMI message."""

from __future__ import annotations

from typing import NamedTuple


class Reply(NamedTuple):
    """An answer: completion code, data without it, and how long the BMC takes to give it (simulated seconds)."""

    completion_code: int
    data: bytes = b""
    delay_s: float = 0.0

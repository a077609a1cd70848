"""What frames packets for a session layer: our own framing, or pyghmi's as the peer that it is held against.

FWSIM_FRAMING=pyghmi chooses the peer for every session layer made from then on; its tests run against both.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from emulators.bmc.rmcp_suites import Keys, Suite

CHOICE = "FWSIM_FRAMING"


class Opened(NamedTuple):
    """An authentic packet: its session sequence number, the payload in it and of which type that is."""

    sequence: int
    message: bytes
    payload_type: int = 0
    encrypted: bool = True


class SealedWire(Protocol):
    """Seals and opens the packets of one session."""

    def seal(self, message: bytes, payload_type: int = 0, *, encrypted: bool = True) -> bytes:
        """The next packet."""

    def open(self, datagram: bytes) -> Opened | None:
        """What is in a packet; None unless its integrity code is right. Replays are not its matter."""


class PlainWire(Protocol):
    """Frames packets outside any session."""

    def plain(self, payload_type: int, payload: bytes) -> bytes:
        """An RMCP+ packet."""

    def classic(self, message: bytes) -> bytes:
        """An IPMI 1.5 packet."""


class Framing(Protocol):
    """One way of framing."""

    def sealed(self, suite: Suite, keys: Keys, ours: int, theirs: int) -> SealedWire:
        """For a session: `ours` is the managed session id, found in packets that come; `theirs` the console's."""

    def outside(self) -> PlainWire:
        """For what belongs to no session."""


def chosen() -> Framing:
    """The framing of the environment's choice."""
    if os.environ.get(CHOICE) == "pyghmi":
        from emulators.bmc import pyghmi_seam

        return pyghmi_seam
    from emulators.bmc import framing

    return framing

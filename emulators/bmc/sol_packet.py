"""One Serial-over-LAN payload (IPMI 2.0 section 15.9, table 15-2). The two directions differ in byte 4 alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

HEADER = 4
LAST_SEQUENCE = 15


class Operation(IntFlag):
    """Byte 4 towards the BMC."""

    NACK = 0x40
    RING = 0x20
    BREAK = 0x10
    PAUSE = 0x08  # CTS is deasserted: the host's output stays in the BMC
    DROP_DCD = 0x04
    FLUSH_INBOUND = 0x02
    FLUSH_OUTBOUND = 0x01


class Status(IntFlag):
    """Byte 4 from the BMC."""

    NACK = 0x40
    UNAVAILABLE = 0x20  # the host is off
    DEACTIVATED = 0x10
    OVERRUN = 0x08  # output was lost
    BREAK_DETECTED = 0x04


@dataclass(frozen=True)
class SolPacket:
    """`sequence` 0 wants no acknowledgement; `acknowledges` 0 gives none. `flags`: Operation or Status."""

    sequence: int = 0
    acknowledges: int = 0
    accepted: int = 0
    flags: int = 0
    data: bytes = b""

    def build(self) -> bytes:
        """The payload's bytes."""
        return bytes([self.sequence, self.acknowledges, self.accepted, self.flags]) + self.data


def parse(payload: bytes) -> SolPacket | None:
    """The packet in a payload; None where its header is cut."""
    if len(payload) < HEADER:
        return None
    return SolPacket(payload[0] & 0x0F, payload[1] & 0x0F, payload[2], payload[3], payload[HEADER:])


def following(sequence: int) -> int:
    """The sequence number after this one: 15 is followed by 1."""
    return sequence % LAST_SEQUENCE + 1

"""The outside of a datagram to UDP 623 (IPMI 2.0 sections 13.1-13.6): what kind it is, before any key is known.

Nothing here raises on any bytes: what is not a packet for a BMC is None and gets no answer.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct
from typing import NamedTuple

RMCP_VERSION, NO_ACK = 0x06, 0xFF
CLASS_ASF, CLASS_IPMI = 0x06, 0x07
ASF_IANA = bytes.fromhex("000011be")
ASF_PING, ASF_PONG = 0x80, 0x40
NO_AUTHENTICATION, RMCP_PLUS = 0x00, 0x06
ENCRYPTED, AUTHENTICATED = 0x80, 0x40
PLUS_HEADER = Struct("<BI4xH")  # from byte 5 on: payload type, session id, sequence number, length


class PayloadType(IntEnum):
    """RMCP+ payload types of a login, of IPMI messages and of Serial over LAN (table 13-16)."""

    IPMI = 0x00
    SOL = 0x01
    OPEN_REQUEST = 0x10
    OPEN_RESPONSE = 0x11
    RAKP1 = 0x12
    RAKP2 = 0x13
    RAKP3 = 0x14
    RAKP4 = 0x15


IN_SESSION = frozenset(
    {
        ENCRYPTED | AUTHENTICATED | PayloadType.IPMI,
        ENCRYPTED | AUTHENTICATED | PayloadType.SOL,
        AUTHENTICATED | PayloadType.SOL,
    }
)


class Ping(NamedTuple):
    """An ASF presence ping."""

    tag: int


class Classic(NamedTuple):
    """An IPMI 1.5 packet outside any session. Those that name a session are no packets of ours."""

    message: bytes


class Plain(NamedTuple):
    """An RMCP+ payload outside any session: part of a login, or a message that needs none."""

    payload_type: int
    payload: bytes


class Sealed(NamedTuple):
    """A payload of the session with this managed session id: authenticated, and encrypted unless it is SOL."""

    session_id: int


Packet = Ping | Classic | Plain | Sealed


def parse(datagram: bytes) -> Packet | None:
    """What a datagram is, or None."""
    if len(datagram) < 8 or datagram[0] != RMCP_VERSION:
        return None
    if datagram[3] == CLASS_ASF:
        return _asf(datagram)
    if datagram[2:4] != bytes([NO_ACK, CLASS_IPMI]):
        return None
    match datagram[4]:
        case 0x00:
            return _classic(datagram)
        case 0x06:
            return _plus(datagram)
    return None


def pong(tag: int) -> bytes:
    """The answer to a presence ping: IPMI is supported, no OEM data (section 13.2.4)."""
    head = bytes([RMCP_VERSION, 0, NO_ACK, CLASS_ASF]) + ASF_IANA + bytes([ASF_PONG, tag, 0, 16])
    return head + ASF_IANA + bytes(4) + bytes([0x81, 0]) + bytes(6)


def _asf(datagram: bytes) -> Packet | None:
    if len(datagram) < 12 or datagram[4:8] != ASF_IANA or datagram[8] != ASF_PING:
        return None
    return Ping(datagram[9])


def _classic(datagram: bytes) -> Packet | None:
    """Session sequence and id must be zero: a header of an old session can thus not touch a new one."""
    if len(datagram) < 14 or any(datagram[5:13]) or len(datagram) < 14 + datagram[13]:
        return None
    return Classic(datagram[14 : 14 + datagram[13]])


def _plus(datagram: bytes) -> Packet | None:
    if len(datagram) < 16:
        return None
    kind, session_id, size = PLUS_HEADER.unpack_from(datagram, 5)
    if len(datagram) < 16 + size:
        return None
    if kind in IN_SESSION and session_id:
        return Sealed(session_id)
    if kind & (ENCRYPTED | AUTHENTICATED) or session_id:
        return None
    return Plain(kind, datagram[16 : 16 + size])

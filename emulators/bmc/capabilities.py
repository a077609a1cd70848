"""Which channel a request means (IPMI 2.0 section 6.3), and what the session commands need to answer in band."""

from __future__ import annotations

from emulators.bmc.controller import Bmc
from emulators.bmc.message import INVALID_FIELD, SYSTEM_INTERFACE, Refused
from emulators.bmc.rmcp_policy import Policy

PRESENT_CHANNEL = 0x0E
K_G = 1  # the number of the key that takes part in every login (section 22.25)


def channel_number(bmc: Bmc, asked: int, present: int) -> int:
    """The channel that a request means: 0xe is the one it came by. Refused 0xcc where there is no such channel."""
    number = asked & 0x0F
    if number == PRESENT_CHANNEL:
        number = SYSTEM_INTERFACE if present == SYSTEM_INTERFACE else bmc.board.channel
    if number not in (bmc.board.channel, bmc.board.serial_channel, SYSTEM_INTERFACE):
        raise Refused(INVALID_FIELD)
    return number


def session_channel(bmc: Bmc, asked: int, present: int) -> int:
    """As channel_number, and it must have users and access settings: the LAN's or the serial one."""
    number = channel_number(bmc, asked, present)
    if number == SYSTEM_INTERFACE:
        raise Refused(INVALID_FIELD)
    return number


def serial_channel(bmc: Bmc, asked: int) -> int:
    """The serial channel's number, which must be the one asked for. Refused 0xcc on a board that has none."""
    if bmc.board.serial_channel is None or asked & 0x0F != bmc.board.serial_channel:
        raise Refused(INVALID_FIELD)
    return bmc.board.serial_channel


def group_key(bmc: Bmc) -> bytes:
    """K_G as a login needs it; empty while none is set."""
    key: bytes = bmc.nvram.get("channel-keys", {}).get(K_G, b"")
    return key if key.strip(b"\0") else b""


def lan_channel(bmc: Bmc, asked: int, present: int) -> int:
    """As channel_number, and it must be the LAN's."""
    number = channel_number(bmc, asked, present)
    if number != bmc.board.channel:
        raise Refused(INVALID_FIELD)
    return number


def policy(bmc: Bmc, asked: int, present: int) -> Policy:
    """The settings of the channel asked for, as the sessions' layer wants them for its builders."""
    number = channel_number(bmc, asked, present)
    if number == bmc.board.serial_channel:
        raise Refused(INVALID_FIELD)
    return Policy(
        channel=number,
        suites=frozenset(bmc.board.cipher_suites),
        slots=bmc.board.session_slots,
        group_key=lambda: group_key(bmc),
    )

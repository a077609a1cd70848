"""The keys of the LAN channel, netfn 06 command 56 (IPMI 2.0 section 22.25). With K_G set, every login needs it.

A board that has none answers 0xc1. K_R, of the logins that nobody uses, is kept and does nothing.
"""

from __future__ import annotations

from emulators.bmc.capabilities import K_G, lan_channel
from emulators.bmc.message import ADMIN, APP, INVALID_COMMAND, INVALID_FIELD, Refused, Request, command

K_R = 0
SIZE = 20
LOCKED_ALREADY, TOO_MANY_BYTES = 0x80, 0x82
LOCKED, UNLOCKED = 1, 2  # lock status; 0: this key cannot be locked


@command(APP, 0x56, privilege=ADMIN, least=3)
def set_channel_security_keys(request: Request) -> bytes:
    bmc = request.bmc
    if not bmc.board.security_keys:
        raise Refused(INVALID_COMMAND)
    lan_channel(bmc, request.data[0], request.channel)
    operation, number, key = request.data[1] & 0x03, request.data[2], request.data[3:]
    if number not in (K_R, K_G):
        raise Refused(INVALID_FIELD)
    keys: dict[int, bytes] = bmc.nvram.setdefault("channel-keys", {})
    locked: set[int] = bmc.nvram.setdefault("channel-keys-locked", set())
    match operation:
        case 0:  # read
            shown = b"" if number in locked else keys.get(number, b"").ljust(SIZE, b"\0")
            return bytes([LOCKED if number in locked else UNLOCKED]) + shown
        case 1:  # set
            _set(keys, locked, number, key)
        case 2:  # lock, until a factory reset
            locked.add(number)
        case _:
            raise Refused(INVALID_FIELD)
    return bytes([LOCKED if number in locked else UNLOCKED])


def _set(keys: dict[int, bytes], locked: set[int], number: int, key: bytes) -> None:
    if number in locked:
        raise Refused(LOCKED_ALREADY)
    if len(key) > SIZE:
        raise Refused(TOO_MANY_BYTES)
    keys[number] = key.ljust(SIZE, b"\0") if key else b""

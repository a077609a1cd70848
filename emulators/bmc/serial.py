"""The serial channel of an older BMC: settings that are kept, netfn 0c commands 10 and 11 (IPMI 2.0 section 25).

Nothing comes by this channel: no modem, no terminal. A board without one answers that there is no such channel.
"""

from __future__ import annotations

from emulators.bmc.capabilities import serial_channel
from emulators.bmc.controller import Bmc
from emulators.bmc.message import ADMIN, LENGTH_INVALID, OPERATOR, TRANSPORT, Refused, Request, command

REVISION = 0x11
UNSUPPORTED, SET_IN_PROGRESS_ALREADY, READ_ONLY = 0x80, 0x81, 0x82
REVISION_ONLY = 0x80

DEFAULTS: dict[int, bytes] = {
    # table 25-4
    0: b"\x00",  # set in progress
    1: b"\x17",  # authentication types there are: none, MD2, MD5, password
    2: b"\x16" * 5,  # the same by privilege, without none
    3: b"\x81",  # directly connected, basic mode
    4: b"\x00",  # session inactivity time-out: none
    7: b"\x20\x07",  # DTR hang-up off, hardware flow control, 19.2 kb/s
    14: b"\x00",  # page blackout: off
    18: b"\x00",  # call retry: off
    29: b"\x00\x00",  # terminal mode
}
FIXED = frozenset({1})


def _kept(bmc: Bmc) -> dict[int, bytes]:
    settings: dict[int, bytes] = bmc.nvram.setdefault("serial", dict(DEFAULTS))
    return settings


@command(TRANSPORT, 0x10, privilege=ADMIN, least=3)
def set_serial_parameter(request: Request) -> bytes:
    serial_channel(request.bmc, request.data[0])
    parameter, value, settings = request.data[1], request.data[2:], _kept(request.bmc)
    if parameter not in settings:
        raise Refused(UNSUPPORTED)
    if parameter in FIXED:
        raise Refused(READ_ONLY)
    if len(value) != len(settings[parameter]):
        raise Refused(LENGTH_INVALID)
    if parameter == 0 and value == settings[0] == b"\x01":
        raise Refused(SET_IN_PROGRESS_ALREADY)
    settings[parameter] = value
    return b""


@command(TRANSPORT, 0x11, privilege=OPERATOR, least=4)
def get_serial_parameter(request: Request) -> bytes:
    serial_channel(request.bmc, request.data[0])
    if request.data[0] & REVISION_ONLY:
        return bytes([REVISION])
    value = _kept(request.bmc).get(request.data[1])
    if value is None:
        raise Refused(UNSUPPORTED)
    return bytes([REVISION]) + value

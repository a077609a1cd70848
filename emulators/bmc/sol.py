"""Serial-over-LAN settings, netfn 0c commands 21 and 22 (IPMI 2.0 section 26). payloads.py carries by them."""

from __future__ import annotations

from emulators.bmc.capabilities import lan_channel
from emulators.bmc.controller import Bmc
from emulators.bmc.message import ADMIN, TRANSPORT, USER, Refused, Request, command
from emulators.bmc.payloads import SolSettings
from emulators.bmc.sol_link import Timing

REVISION = 0x11
UNSUPPORTED, SET_IN_PROGRESS_ALREADY, READ_ONLY = 0x80, 0x81, 0x82

DEFAULTS: dict[int, bytes] = {
    0: b"\x00",  # set in progress
    1: b"\x01",  # enabled
    2: b"\xc2",  # encryption and authentication forced, privilege USER
    3: b"\x0c\x60",  # character accumulate interval x5 ms, send threshold
    4: b"\x07\x32",  # retries, interval x10 ms
    5: b"\x0a",  # bit rate 115.2 kb/s, non-volatile
    6: b"\x0a",  # bit rate, volatile
    7: b"\x01",  # payload channel
    8: (623).to_bytes(2, "little"),  # payload port
}


def settings_of(bmc: Bmc) -> SolSettings:
    """The parameters as an activation needs them."""
    kept = _kept(bmc)
    accumulate, threshold = kept[3]
    retries, interval = kept[4]
    timing = Timing(accumulate * 0.005, max(threshold, 1), retries & 0x07, interval * 0.01)
    return SolSettings(bool(kept[1][0] & 1), bool(kept[2][0] & 0x80), kept[2][0] & 0x0F, timing)


def _kept(bmc: Bmc) -> dict[int, bytes]:
    settings: dict[int, bytes] = bmc.nvram.setdefault("sol", dict(DEFAULTS))
    return settings


@command(TRANSPORT, 0x21, privilege=ADMIN, least=3)
def set_sol_parameter(request: Request) -> bytes:
    lan_channel(request.bmc, request.data[0], request.channel)
    parameter, value, settings = request.data[1], request.data[2:], _kept(request.bmc)
    if parameter not in settings:
        raise Refused(UNSUPPORTED)
    if parameter == 7:
        raise Refused(READ_ONLY)
    if len(value) != len(settings[parameter]):
        raise Refused(0xC7)
    if parameter == 0 and value == settings[0] == b"\x01":
        raise Refused(SET_IN_PROGRESS_ALREADY)
    settings[parameter] = value
    return b""


@command(TRANSPORT, 0x22, privilege=USER, least=4)
def get_sol_parameter(request: Request) -> bytes:
    lan_channel(request.bmc, request.data[0], request.channel)
    if request.data[0] & 0x80:
        return bytes([REVISION])
    value = _kept(request.bmc).get(request.data[1])
    if value is None:
        raise Refused(UNSUPPORTED)
    return bytes([REVISION]) + value

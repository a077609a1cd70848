"""Which payloads a channel carries and which users may activate them, netfn 06 commands 4c-4f (IPMI 2.0 section 24)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.bmc import sol
from emulators.bmc.capabilities import lan_channel
from emulators.bmc.message import ADMIN, APP, INVALID_FIELD, OPERATOR, USER, Refused, Request, command
from emulators.bmc.payloads import Payloads
from emulators.bmc.users import BmcUser

if TYPE_CHECKING:
    from emulators.server import VirtualServer

SOL_BIT = 0x02  # standard payload type 1
IPMI_AND_SOL, SESSION_SETUP = 0x03, 0x3F
PAYLOAD_NOT_AVAILABLE = 0x80
VERSION_1_0 = 0x10
STANDARD = (0x00, 0x01)
SETUP = range(0x10, 0x16)


@command(APP, 0x4C, privilege=ADMIN, least=6, most=6)
def set_user_payload_access(request: Request) -> bytes:
    user = _user(request)
    operation = request.data[1] >> 6
    if operation > 1:
        raise Refused(INVALID_FIELD)
    if request.data[2] & SOL_BIT:
        user.sol = operation == 0
    return b""


@command(APP, 0x4D, privilege=OPERATOR, least=2, most=2)
def get_user_payload_access(request: Request) -> bytes:
    return bytes([SOL_BIT * _user(request).sol, 0, 0, 0])


@command(APP, 0x4E, privilege=USER, least=1, most=1)
def get_channel_payload_support(request: Request) -> bytes:
    lan_channel(request.bmc, request.data[0], request.channel)
    return bytes([IPMI_AND_SOL, 0, SESSION_SETUP, 0, 0, 0, 0, 0])


@command(APP, 0x4F, privilege=USER, least=2, most=2)
def get_channel_payload_version(request: Request) -> bytes:
    lan_channel(request.bmc, request.data[0], request.channel)
    if request.data[1] not in STANDARD and request.data[1] not in SETUP:
        raise Refused(PAYLOAD_NOT_AVAILABLE)
    return bytes([VERSION_1_0])


def _user(request: Request) -> BmcUser:
    lan_channel(request.bmc, request.data[0], request.channel)
    user = request.bmc.users.slots.get(request.data[1] & 0x3F)
    if user is None:
        raise Refused(INVALID_FIELD)
    return user


def for_server(server: VirtualServer) -> Payloads:
    """The payloads of a virtual server's LAN channel: its console, by its BMC's settings and users."""

    def may_use(user_id: int) -> bool:
        user = server.bmc.users.slots.get(user_id)
        return user is not None and user.sol

    return Payloads(server.console, lambda: sol.settings_of(server.bmc), may_use)

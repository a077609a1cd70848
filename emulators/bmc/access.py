"""Channels and users, netfn 06 commands 40-47 (IPMI 2.0 sections 22.22-22.31)."""

from __future__ import annotations

from emulators.bmc.capabilities import channel_number, session_channel
from emulators.bmc.controller import Bmc
from emulators.bmc.message import ADMIN, APP, INVALID_FIELD, OPERATOR, SYSTEM_INTERFACE, Refused, Request, command
from emulators.bmc.users import BmcUser

IPMI_FORUM = 7154
LAN_802_3, RS_232, SYSTEM = 0x04, 0x05, 0x0C  # channel medium types (table 6-3)
IPMB_PROTOCOL, KCS_PROTOCOL = 0x01, 0x05
SINGLE_SESSION, MULTI_SESSION = 0x40, 0x80
ENABLED, DISABLED = 0x40, 0x80
WRONG_PASSWORD, WRONG_SIZE = 0x80, 0x81
NAME_SIZE = 16
SERIAL_ACCESS = (0x00, 0x04)  # as the factory leaves the serial channel: disabled; administrator
SERIAL_USER = 0x00  # no message by the serial channel, no level


@command(APP, 0x42, least=1)
def get_channel_info(request: Request) -> bytes:
    number = channel_number(request.bmc, request.data[0], request.channel)
    vendor = IPMI_FORUM.to_bytes(3, "little")
    if number == SYSTEM_INTERFACE:
        return bytes([number, SYSTEM, KCS_PROTOCOL, 0x00]) + vendor + bytes(2)
    if number == request.bmc.board.serial_channel:
        return bytes([number, RS_232, IPMB_PROTOCOL, SINGLE_SESSION]) + vendor + bytes(2)
    return bytes([number, LAN_802_3, IPMB_PROTOCOL, MULTI_SESSION]) + vendor + bytes(2)


@command(APP, 0x40, privilege=ADMIN, least=3)
def set_channel_access(request: Request) -> bytes:
    number = session_channel(request.bmc, request.data[0], request.channel)
    if number == request.bmc.board.serial_channel:
        return _set_serial_access(request)
    lan = request.bmc.lan
    if request.data[1] >> 6 in (1, 2):
        lan.access_mode = request.data[1] & 0x3F
    if request.data[2] >> 6 in (1, 2):
        lan.privilege_limit = request.data[2] & 0x0F
    return b""


@command(APP, 0x41, least=2)
def get_channel_access(request: Request) -> bytes:
    number = session_channel(request.bmc, request.data[0], request.channel)
    if request.data[1] >> 6 not in (1, 2):
        raise Refused(INVALID_FIELD)
    if number == request.bmc.board.serial_channel:
        return bytes(_serial_access(request.bmc))
    return bytes([request.bmc.lan.access_mode, request.bmc.lan.privilege_limit])


def _serial_access(bmc: Bmc) -> tuple[int, int]:
    """Access mode and limit of the serial channel: kept, nothing comes by it."""
    kept: tuple[int, int] = bmc.nvram.get("serial-access", SERIAL_ACCESS)
    return kept


def _set_serial_access(request: Request) -> bytes:
    mode, limit = _serial_access(request.bmc)
    if request.data[1] >> 6 in (1, 2):
        mode = request.data[1] & 0x3F
    if request.data[2] >> 6 in (1, 2):
        limit = request.data[2] & 0x0F
    request.bmc.nvram["serial-access"] = (mode, limit)
    return b""


def _serial_users(bmc: Bmc) -> dict[int, int]:
    """Flags and limit, as one byte, of the users who have some on the serial channel."""
    kept: dict[int, int] = bmc.nvram.setdefault("serial-users", {})
    return kept


def _user(request: Request, number: int) -> BmcUser:
    user = request.bmc.users.slots.get(number & 0x3F)
    if user is None:
        raise Refused(INVALID_FIELD)
    return user


@command(APP, 0x43, privilege=ADMIN, least=3, most=4)
def set_user_access(request: Request) -> bytes:
    channel = session_channel(request.bmc, request.data[0], request.channel)
    user = _user(request, request.data[1])
    flags = request.data[0]
    if channel == request.bmc.board.serial_channel:
        users = _serial_users(request.bmc)
        kept = flags if flags & 0x80 else users.get(user.id, SERIAL_USER)
        users[user.id] = kept & 0x70 | request.data[2] & 0x0F
        return b""
    if flags & 0x80:
        user.callback_only = bool(flags & 0x40)
        user.link_auth = bool(flags & 0x20)
        user.ipmi_messaging = bool(flags & 0x10)
    user.privilege = request.data[2] & 0x0F
    return b""


@command(APP, 0x44, privilege=OPERATOR, least=2)
def get_user_access(request: Request) -> bytes:
    channel = session_channel(request.bmc, request.data[0], request.channel)
    user = _user(request, request.data[1])
    slots = request.bmc.users.slots
    enabled = sum(other.enabled for other in slots.values())
    access = user.callback_only << 6 | user.link_auth << 5 | user.ipmi_messaging << 4 | user.privilege & 0x0F
    if channel == request.bmc.board.serial_channel:
        access = _serial_users(request.bmc).get(user.id, SERIAL_USER)
    status = ENABLED if user.enabled else DISABLED
    return bytes([len(slots), status | enabled & 0x3F, 1, access])


@command(APP, 0x45, privilege=ADMIN, least=1 + 1, most=1 + NAME_SIZE)
def set_user_name(request: Request) -> bytes:
    user = _user(request, request.data[0])
    name = request.data[1:].split(b"\0")[0]
    other = request.bmc.users.by_name(name)
    if user.id == 1 or (other is not None and other.id != user.id):
        raise Refused(INVALID_FIELD)
    user.name = name
    return b""


@command(APP, 0x46, privilege=OPERATOR, least=1)
def get_user_name(request: Request) -> bytes:
    return _user(request, request.data[0]).name.ljust(NAME_SIZE, b"\0")


@command(APP, 0x47, privilege=ADMIN, least=2)
def set_user_password(request: Request) -> bytes:
    user = _user(request, request.data[0])
    size = 20 if request.data[0] & 0x80 else 16
    password = request.data[2:]
    match request.data[1] & 0x03:
        case 0:  # disable
            user.enabled = False
        case 1:  # enable
            user.enabled = True
        case 2:  # set
            user.password = _checked(password, size).rstrip(b"\0")
        case _:  # test
            if len(user.password) > size:
                raise Refused(WRONG_SIZE)
            if _checked(password, size).rstrip(b"\0") != user.password:
                raise Refused(WRONG_PASSWORD)
    return b""


def _checked(password: bytes, size: int) -> bytes:
    """A password field of the announced size; ipmitool pads it with zeros, some clients send it short."""
    if not password or len(password) > size:
        raise Refused(0xC7)
    return password

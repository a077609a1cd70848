"""Supermicro's OEM commands (vendor facts section 2.1). Surprising bytes are refused: one opcode has many meanings."""

from __future__ import annotations

from emulators.bmc.controller import Bmc, LanMode
from emulators.bmc.message import (
    ADMIN,
    INVALID_COMMAND,
    INVALID_FIELD,
    OEM,
    OEM_SUPERMICRO,
    OPERATOR,
    USER,
    Refused,
    Request,
    command,
)

LAN_MODES: tuple[LanMode, ...] = ("dedicated", "shared", "failover")
FAN_MODES = (0x00, 0x01, 0x02, 0x04)  # standard, full, optimal, heavy I/O
OPTIMAL, DUTY = 0x02, 0x32
ZONES = 2


def _of_vendor(request: Request) -> Bmc:
    if request.bmc.server.board.vendor != "supermicro":
        raise Refused(INVALID_COMMAND)
    return request.bmc


@command(OEM, 0x70, privilege=OPERATOR, least=1)
def miscellaneous(request: Request) -> bytes:
    """One command, many functions: the first byte says which (02 POST code, 0c LAN mode, 66 fan duty), the second
    mostly whether to get (0) or to set (1)."""
    bmc = _of_vendor(request)
    match tuple(request.data):
        case (0x02,) if bmc.board.post_code_command:
            return bytes([bmc.server.post_code])
        case (0x0C, 0x00) if bmc.board.nic_selection_command == "supermicro":
            return bytes([LAN_MODES.index(bmc.lan_mode)])
        case (0x0C, 0x01, mode) if bmc.board.nic_selection_command == "supermicro":
            return _set_lan_mode(request, mode)
        case (0x66, 0x00, zone) if zone < ZONES:
            return bytes([bmc.volatile.get(f"fan-duty-{zone}", DUTY)])
        case (0x66, 0x01, zone, duty) if zone < ZONES and duty <= 100:
            bmc.volatile[f"fan-duty-{zone}"] = duty
            return b""
        case _:
            raise Refused(INVALID_FIELD)


def _set_lan_mode(request: Request, mode: int) -> bytes:
    if mode >= len(LAN_MODES):
        raise Refused(INVALID_FIELD)
    if request.privilege < ADMIN:
        raise Refused(0xD4)
    request.bmc.lan_mode = LAN_MODES[mode]
    request.bmc.refresh_lease()
    request.bmc.server.note("lan-mode", mode=LAN_MODES[mode])
    return b""


@command(OEM_SUPERMICRO, 0x40, privilege=ADMIN)
def factory_default(request: Request) -> bytes:
    bmc = _of_vendor(request)
    if request.data:
        raise Refused(INVALID_FIELD)
    bmc.server.agenda.after(0, bmc.factory_default)  # the answer leaves first: then the address is gone
    return b""


@command(OEM, 0x21, privilege=USER, most=0)
def get_system_mac(request: Request) -> bytes:
    """The ten-byte form: the MAC of the first LAN port is the last six."""
    bmc = _of_vendor(request)
    return bytes([0x01, 0x00, 0x00, 0x00]) + bytes.fromhex(bmc.server.mac("lan1").replace(":", ""))


@command(OEM, 0x45, privilege=OPERATOR, least=1)
def fan_mode(request: Request) -> bytes:
    bmc = _of_vendor(request)
    match tuple(request.data):
        case (0x00,):
            return bytes([bmc.nvram.get("fan-mode", OPTIMAL)])
        case (0x01, mode) if mode in FAN_MODES:
            bmc.nvram["fan-mode"] = mode
            return b""
        case _:
            raise Refused(INVALID_FIELD)

"""Dell's OEM commands: which NIC the BMC uses (vendor facts section 2.2, ipmitool's `delloem lan`).

12G and 13G keep two bytes (selection 1 dedicated, 2-5 LOM1-4; failover 0 none, 2-5 LOM1-4, 6 all), older boards one.
iDRAC9 has no such command: the mode is racadm's.
"""

from __future__ import annotations

from emulators.bmc.controller import Bmc
from emulators.bmc.message import (
    ADMIN,
    INVALID_COMMAND,
    INVALID_FIELD,
    OEM,
    OPERATOR,
    USER,
    Refused,
    Request,
    command,
)

DEDICATED, FIRST_LOM, LAST_LOM = 1, 2, 5
NO_FAILOVER, ALL_LOMS = 0, 6
OLD_SHARED, OLD_SHARED_LOM2, OLD_DEDICATED, OLD_SHARED_ALL = range(4)
LICENCE_MISSING = 0x6F
IDRAC_VALIDATOR = 0xDD
GENERATIONS = {"dell-12g": 0x20, "dell-old": 0x0A}  # iDRAC type byte: 13G monolithic, 11G monolithic
UNSUPPORTED = 0x80
_KEY = "dell-nic"


def _having(request: Request, dialect: str) -> Bmc:
    if request.bmc.board.nic_selection_command != dialect:
        raise Refused(INVALID_COMMAND)
    return request.bmc


def _selection(bmc: Bmc) -> tuple[int, int]:
    """What is set, in the newer form. The LAN mode rules: racadm or a factory reset may have changed it since."""
    kept: tuple[int, int] = bmc.nvram.get(_KEY, (FIRST_LOM, NO_FAILOVER))
    if bmc.lan_mode == "dedicated":
        return DEDICATED, NO_FAILOVER
    if kept[0] == DEDICATED:
        kept = (FIRST_LOM, NO_FAILOVER)
    return (kept[0], ALL_LOMS) if bmc.lan_mode == "failover" else kept


def _select(bmc: Bmc, selection: int, failover: int) -> None:
    bmc.nvram[_KEY] = (selection, failover)
    bmc.lan_mode = "dedicated" if selection == DEDICATED else "shared"
    bmc.refresh_lease()
    bmc.server.note("lan-mode", mode=bmc.lan_mode)


@command(OEM, 0x28, privilege=ADMIN, least=2, most=2)
def set_nic_selection(request: Request) -> bytes:
    bmc = _having(request, "dell-12g")
    selection, failover = request.data
    known = DEDICATED <= selection <= LAST_LOM and (failover == NO_FAILOVER or FIRST_LOM <= failover <= ALL_LOMS)
    if not known or selection == failover or (selection == DEDICATED and failover):
        raise Refused(INVALID_FIELD)
    if selection == DEDICATED and "enterprise" not in bmc.server.licences:
        raise Refused(LICENCE_MISSING)
    _select(bmc, selection, failover)
    return b""


@command(OEM, 0x29, privilege=OPERATOR)
def get_nic_selection(request: Request) -> bytes:
    return bytes(_selection(_having(request, "dell-12g")))


@command(OEM, 0x24, privilege=ADMIN, least=1, most=1)
def set_nic_selection_old(request: Request) -> bytes:
    bmc = _having(request, "dell-old")
    choices = {
        OLD_SHARED: (FIRST_LOM, NO_FAILOVER),
        OLD_SHARED_LOM2: (FIRST_LOM, FIRST_LOM + 1),
        OLD_DEDICATED: (DEDICATED, NO_FAILOVER),
        OLD_SHARED_ALL: (FIRST_LOM, ALL_LOMS),
    }
    choice = choices.get(request.data[0])
    if choice is None:
        raise Refused(INVALID_FIELD)
    _select(bmc, *choice)
    return b""


@command(OEM, 0x25, privilege=OPERATOR)
def get_nic_selection_old(request: Request) -> bytes:
    selection, failover = _selection(_having(request, "dell-old"))
    if selection == DEDICATED:
        return bytes([OLD_DEDICATED])
    return bytes([{NO_FAILOVER: OLD_SHARED, ALL_LOMS: OLD_SHARED_ALL}.get(failover, OLD_SHARED_LOM2)])


@command(OEM, 0xC1, privilege=USER, least=1)
def get_active_nic(request: Request) -> bytes:
    """First byte 0: which NIC (0 dedicated, 1-4 LOM1-4); 1: whether its link is up, in the second byte."""
    bmc = request.bmc
    if bmc.board.nic_selection_command not in GENERATIONS:
        raise Refused(INVALID_COMMAND)
    linked = bmc.port is not None
    return bytes([_selection(bmc)[0] - DEDICATED, int(linked)])


def system_info(request: Request) -> bytes:
    """Get System Info Parameters, OEM parameter dd: the iDRAC's type is the eleventh byte, as ipmitool reads it."""
    generation = GENERATIONS.get(request.bmc.board.nic_selection_command or "")
    if request.data[1] != IDRAC_VALIDATOR or generation is None:
        raise Refused(UNSUPPORTED)
    return bytes([0x11, *bytes(9), generation])

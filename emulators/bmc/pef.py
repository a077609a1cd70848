"""Platform event filtering, netfn 04 commands 10 and 12 to 15 (IPMI 2.0 sections 30.1, 30.3-30.6). Settings are kept;
nothing is filtered and no alert is sent.

Tables are kept entry by entry under (parameter, set selector, block selector).
"""

from __future__ import annotations

from typing import NamedTuple

from emulators.bmc.controller import Bmc
from emulators.bmc.message import ADMIN, LENGTH_INVALID, OPERATOR, SENSOR, Refused, Request, command
from emulators.bmc.message import PARAMETER_OUT_OF_RANGE as OUT_OF_RANGE

PEF_VERSION = 0x51
ALERT_POWER_OFF_RESET_CYCLE_INTERRUPT = 0x2F
REVISION = 0x11
REVISION_ONLY, PARAMETER = 0x80, 0x7F
UNSUPPORTED, SET_IN_PROGRESS_ALREADY, READ_ONLY = 0x80, 0x81, 0x82
FILTERS, POLICIES, STRINGS = 16, 16, 4
STRING_BLOCKS = 4  # of 16 bytes


class Table(NamedTuple):
    """A parameter that is a table: entries first..last, each `size` bytes behind its selectors."""

    first: int
    last: int
    size: int
    blocks: int = 0


SCALARS = {  # parameter: its default
    0: bytes(1),  # set in progress
    1: bytes(1),  # PEF control: off
    2: bytes(1),  # actions that are enabled
    3: bytes(1),  # startup delay
    4: bytes(1),  # alert startup delay
    10: bytes(17),  # the GUID in alerts: the system's own
}
COUNTS = {5: FILTERS, 8: POLICIES, 11: STRINGS}
TABLES = {
    6: Table(1, FILTERS, 20),  # event filters
    9: Table(1, POLICIES, 3),  # alert policies
    12: Table(0, STRINGS, 2),  # alert string keys
    13: Table(0, STRINGS, 16, STRING_BLOCKS),  # alert strings; 0 is the volatile one
}
FILTER_DATA_1 = 7  # the first byte of an event filter, by itself


@command(SENSOR, 0x10)
def get_pef_capabilities(request: Request) -> bytes:
    return bytes([PEF_VERSION, ALERT_POWER_OFF_RESET_CYCLE_INTERRUPT, FILTERS])


@command(SENSOR, 0x12, privilege=ADMIN, least=2)
def set_pef_parameter(request: Request) -> bytes:
    parameter, value, kept = request.data[0] & PARAMETER, request.data[1:], _kept(request.bmc)
    if parameter in COUNTS:
        raise Refused(READ_ONLY)
    if parameter in SCALARS:
        _exactly(value, len(SCALARS[parameter]))
        if parameter == 0 and value[0] & 0x03 == kept.get((0, 0, 0), bytes(1))[0] == 1:
            raise Refused(SET_IN_PROGRESS_ALREADY)
        kept[parameter, 0, 0] = bytes(1) if parameter == 0 and value[0] & 0x03 == 2 else value
    elif parameter == FILTER_DATA_1:
        _exactly(value, 2)
        entry = _entry(TABLES[6], value[0], 0)
        kept[6, *entry] = value[1:] + _value(kept, 6, entry)[1:]
    else:
        table = _table(parameter)
        selectors = 2 if table.blocks else 1
        if len(value) <= selectors:
            raise Refused(LENGTH_INVALID)
        entry = _entry(table, value[0], value[1] if table.blocks else 0)
        if not table.blocks:
            _exactly(value, 1 + table.size)
        kept[parameter, *entry] = value[selectors:].ljust(table.size, b"\0")
    return b""


@command(SENSOR, 0x13, privilege=OPERATOR, least=3)
def get_pef_parameter(request: Request) -> bytes:
    parameter, set_selector, block = request.data[0] & PARAMETER, request.data[1], request.data[2]
    kept, head = _kept(request.bmc), bytes([REVISION])
    if request.data[0] & REVISION_ONLY:
        return head
    if parameter in COUNTS:
        return head + bytes([COUNTS[parameter]])
    if parameter in SCALARS:
        return head + kept.get((parameter, 0, 0), SCALARS[parameter])
    if parameter == FILTER_DATA_1:
        entry = _entry(TABLES[6], set_selector, 0)
        return head + bytes([set_selector & 0x7F]) + _value(kept, 6, entry)[:1]
    table = _table(parameter)
    entry = _entry(table, set_selector, block if table.blocks else 0)
    return head + bytes(entry if table.blocks else entry[:1]) + _value(kept, parameter, entry)


@command(SENSOR, 0x14, privilege=ADMIN, least=3)
def set_last_processed_event(request: Request) -> bytes:
    """Byte 0: 0 by software, 1 by the BMC."""
    _exactly(request.data, 3)
    request.bmc.nvram.setdefault("last-processed", {})[request.data[0] & 0x01] = request.data[1:]
    return b""


@command(SENSOR, 0x15)
def get_last_processed_event(request: Request) -> bytes:
    """When the log last got a record, its id, and the ids that were processed last."""
    sel, kept = request.bmc.sel, request.bmc.nvram.get("last-processed", {})
    last = sel.records[-1].id if sel.records else 0xFFFF
    processed: bytes = kept.get(0, bytes(2)) + kept.get(1, bytes(2))
    return sel.added.to_bytes(4, "little") + last.to_bytes(2, "little") + processed


Kept = dict[tuple[int, int, int], bytes]


def _kept(bmc: Bmc) -> Kept:
    kept: Kept = bmc.nvram.setdefault("pef", {})
    return kept


def _value(kept: Kept, parameter: int, entry: tuple[int, int]) -> bytes:
    return kept.get((parameter, *entry), bytes(TABLES[parameter].size))


def _table(parameter: int) -> Table:
    if parameter not in TABLES:
        raise Refused(UNSUPPORTED)
    return TABLES[parameter]


def _entry(table: Table, set_selector: int, block: int) -> tuple[int, int]:
    """The entry's key. Refused 0xc9 where there is none."""
    number = set_selector & 0x7F
    if not table.first <= number <= table.last or (table.blocks and not 1 <= block <= table.blocks):
        raise Refused(OUT_OF_RANGE)
    return number, block


def _exactly(value: bytes, size: int) -> None:
    if len(value) != size:
        raise Refused(LENGTH_INVALID)

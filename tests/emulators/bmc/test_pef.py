"""Platform event filtering: its tables are kept, entry by entry, and survive a reset."""

from __future__ import annotations

import pytest

from emulators.bmc.pef import COUNTS, SCALARS, TABLES
from tests.emulators.bmc.bench import USER, bmc, refused, told

SENSOR = 0x04


def test_the_capabilities_agree_with_the_number_of_filters() -> None:
    target = bmc()
    assert told(target, SENSOR, 0x10)[2] == told(target, SENSOR, 0x13, 5, 0, 0)[1]


@pytest.mark.parametrize("parameter", TABLES)
def test_an_entry_is_kept_and_its_neighbours_are_not_touched(parameter: int) -> None:
    target, table = bmc(), TABLES[parameter]
    selectors = [2, 1] if table.blocks else [2]
    value = list(range(1, table.size + 1))
    told(target, SENSOR, 0x12, parameter, *selectors, *value)
    target.cold_reset()
    target.server.advance(1000)
    assert told(target, SENSOR, 0x13, parameter, 2, 1 if table.blocks else 0)[1:] == bytes([*selectors, *value])
    other = told(target, SENSOR, 0x13, parameter, 3, 1 if table.blocks else 0)
    assert other[1 + len(selectors) :] == bytes(table.size)


@pytest.mark.parametrize("parameter", TABLES)
def test_an_entry_that_there_is_not_is_out_of_range(parameter: int) -> None:
    table = TABLES[parameter]
    assert refused(bmc(), SENSOR, 0x13, parameter, table.last + 1, 1) == 0xC9
    assert refused(bmc(), SENSOR, 0x12, parameter, table.last + 1, *bytes(table.size + bool(table.blocks))) == 0xC9


def test_the_first_byte_of_a_filter_can_be_set_by_itself() -> None:
    target = bmc()
    told(target, SENSOR, 0x12, 6, 4, *[9] * 20)
    told(target, SENSOR, 0x12, 7, 4, 0x80)
    assert told(target, SENSOR, 0x13, 7, 4, 0)[1:] == b"\x04\x80"
    assert told(target, SENSOR, 0x13, 6, 4, 0)[1:] == bytes([4, 0x80, *[9] * 19])


@pytest.mark.parametrize("parameter", sorted(set(SCALARS) - {0}))
def test_a_scalar_is_kept(parameter: int) -> None:
    target, value = bmc(), [7] * len(SCALARS[parameter])
    told(target, SENSOR, 0x12, parameter, *value)
    assert told(target, SENSOR, 0x13, parameter, 0, 0)[1:] == bytes(value)


def test_two_cannot_set_at_once() -> None:
    target = bmc()
    told(target, SENSOR, 0x12, 0, 1)
    assert refused(target, SENSOR, 0x12, 0, 1) == 0x81
    told(target, SENSOR, 0x12, 0, 0)
    told(target, SENSOR, 0x12, 0, 1)


@pytest.mark.parametrize("parameter", COUNTS)
def test_the_sizes_of_the_tables_are_read_only(parameter: int) -> None:
    assert refused(bmc(), SENSOR, 0x12, parameter, 1) == 0x82


def test_what_is_unknown_short_or_not_allowed_is_refused() -> None:
    target = bmc()
    assert refused(target, SENSOR, 0x13, 0x60, 0, 0) == 0x80
    assert refused(target, SENSOR, 0x12, 1, 1, 1) == 0xC7
    assert refused(target, SENSOR, 0x12, 6, 1, 1) == 0xC7
    assert refused(target, SENSOR, 0x12, 1, 1, privilege=USER) == 0xD4


def test_the_last_processed_event_is_kept_beside_the_last_of_the_log() -> None:
    target = bmc()
    target.server.power_off()
    told(target, SENSOR, 0x14, 0, 0x34, 0x12)
    data = told(target, SENSOR, 0x15)
    assert int.from_bytes(data[:4], "little") == target.sel.added
    assert int.from_bytes(data[4:6], "little") == target.sel.records[-1].id
    assert data[6:] == b"\x34\x12\0\0"

"""Sensors, SDRs and the FRU."""

from __future__ import annotations

import pytest

from emulators import boards
from emulators.bmc import fru, sdr
from emulators.boards import Sensor
from tests.emulators.bmc.bench import bmc, number_of, reading, refused, told


@pytest.mark.parametrize("board", boards.names())
def test_readings_come_out_as_the_board_has_them(board: str) -> None:
    target = bmc(board)
    for sensor in target.board.sensors:
        if sensor.kind != "power-supply":
            assert reading(target, sensor.name) == sensor.value, sensor.name


@pytest.mark.parametrize("board", boards.names())
def test_no_healthy_sensor_is_at_a_threshold(board: str) -> None:
    target = bmc(board)
    for number, sensor in enumerate(target.board.sensors, start=1):
        if sensor.kind != "power-supply":
            assert told(target, 0x04, 0x2D, number)[2] == 0xC0, sensor.name


def test_without_the_host_only_standby_sensors_read() -> None:
    target = bmc()
    target.server.power_off()
    assert reading(target, "System Temp") == 27
    assert reading(target, "CPU Temp") is None
    assert reading(target, "FAN1") is None


def test_a_supply_without_mains_is_seen_and_logged() -> None:
    target = bmc()
    number = number_of(target, "PS2 Status")
    assert told(target, 0x04, 0x2D, number)[2] == sdr.PRESENT
    target.server.set_mains(1, mains=False)
    assert told(target, 0x04, 0x2D, number)[2] == sdr.PRESENT | sdr.FAILED | sdr.INPUT_LOST
    record = target.sel.records[-1].body
    assert (record[8], record[9], record[10]) == (0x08, number, 0x6F)


def test_a_bmc_with_foreign_code_reads_no_sensor() -> None:
    target = bmc()
    assert target.running is not None
    target.running = boards.load("x11ssm-f").firmware("bmc")
    assert reading(target, "CPU Temp") is None


def test_a_threshold_that_is_set_counts() -> None:
    target = bmc()
    number = number_of(target, "CPU Temp")
    told(target, 0x04, 0x26, number, sdr.UPPER_CRITICAL, 0, 0, 0, 0, 30, 0)
    assert told(target, 0x04, 0x27, number)[5] == 30
    assert told(target, 0x04, 0x2D, number)[2] == 0xC0 | 0x10


def test_an_unknown_sensor_is_not_present() -> None:
    assert refused(bmc(), 0x04, 0x2D, 0xEE) == 0xCB


def test_factors_keep_awkward_values_exact() -> None:
    for value in (12.06, 12.13, 3.31, 0.91, 250, 5640, 17000, 1.8):
        sensor = Sensor(name="x", kind="voltage", value=value)
        assert sdr.factors(sensor).value(sdr.factors(sensor).raw(value)) == value


# -- the repository


def test_records_are_read_in_parts_under_a_reservation() -> None:
    target = bmc()
    whole = told(target, 0x0A, 0x23, 0, 0, 0, 0, 0, 0xFF)
    reservation = told(target, 0x0A, 0x22)
    head = told(target, 0x0A, 0x23, *reservation, 0, 0, 0, 5)
    rest = told(target, 0x0A, 0x23, *reservation, 0, 0, 5, 0xFF)
    assert whole == head[:2] + head[2:] + rest[2:]
    assert head[:2] == b"\x02\x00"


def test_an_older_reservation_is_void() -> None:
    target = bmc()
    old = told(target, 0x0A, 0x22)
    told(target, 0x0A, 0x22)
    assert refused(target, 0x0A, 0x23, *old, 0, 0, 5, 10) == 0xC5


def test_the_repository_can_be_walked_to_its_end() -> None:
    target = bmc()
    seen, following = [], 0
    while following != 0xFFFF:
        data = told(target, 0x0A, 0x23, 0, 0, *following.to_bytes(2, "little"), 0, 0xFF)
        following, record = int.from_bytes(data[:2], "little"), data[2:]
        assert len(record) == 5 + record[4]
        seen.append(record)
    assert len(seen) == int.from_bytes(told(target, 0x0A, 0x20)[1:3], "little") == len(target.board.sensors) + 1


def test_only_dells_device_has_sdrs_of_its_own() -> None:
    assert refused(bmc(), 0x04, 0x20) == 0xC1
    assert told(bmc("r740"), 0x04, 0x20)[0] == len(boards.load("r740").bmc.sensors)


def test_a_full_record_has_its_golden_bytes() -> None:
    sensor = Sensor(name="T1", kind="temperature", value=38, upper_critical=95)
    assert sdr.full(1, 1, 1, sensor).hex(" ") == (
        "01 00 51 01 2d 20 00 01 07 01 7f 68 01 01 00 02 00 22 10 10 00 01 00 00 "
        "01 00 00 00 00 00 01 26 00 00 ff 00 00 5f 00 00 00 00 00 00 00 00 00 c2 54 31"
    )


# -- FRU


def test_the_fru_is_well_formed() -> None:
    data = fru.build(boards.load("x11ssh-f"))
    assert sum(data[:8]) & 0xFF == 0
    for offset in (place * 8 for place in data[2:5]):
        length = data[offset + 1] * 8
        assert sum(data[offset : offset + length]) & 0xFF == 0
    assert b"X11SSH-F" in data and b"ZM16AS012345" in data


def test_a_field_of_one_character_is_not_the_end_mark() -> None:
    assert fru.field("A")[0] != fru.END


def test_the_fru_is_read_in_parts_and_written() -> None:
    target = bmc()
    size = int.from_bytes(told(target, 0x0A, 0x10, 0)[:2], "little")
    data = b"".join(told(target, 0x0A, 0x11, 0, *i.to_bytes(2, "little"), 16)[1:] for i in range(0, size, 16))
    assert data == fru.build(target.server.board)
    assert told(target, 0x0A, 0x12, 0, 0xF0, 0x01, 0x2A) == b"\x01"
    assert told(target, 0x0A, 0x11, 0, 0xF0, 0x01, 1) == b"\x01\x2a"
    assert refused(target, 0x0A, 0x10, 1) == 0xCB
    assert refused(target, 0x0A, 0x11, 0, 0, 9, 1) == 0xC9


def test_hysteresis_is_kept_for_each_sensor() -> None:
    target = bmc()
    told(target, 0x04, 0x24, 2, 0xFF, 3, 4)
    assert told(target, 0x04, 0x25, 2, 0xFF) == b"\3\4"
    assert told(target, 0x04, 0x25, 3, 0xFF) == b"\0\0"


def test_the_event_receiver_is_the_bmc_itself_until_it_is_set() -> None:
    target = bmc()
    assert told(target, 0x04, 0x01) == b"\x20\x00"
    told(target, 0x04, 0x00, 0xFF, 0)
    assert told(target, 0x04, 0x01) == b"\xff\x00"

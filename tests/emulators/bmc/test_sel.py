"""The event log: records, reservations, the clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from emulators.bmc import sel
from tests.emulators.bmc.bench import bmc, later, refused, told

RECORD = bytes.fromhex("0000 02 00000000 4100 04 01 30 01 59 00 00".replace(" ", ""))


def test_an_event_has_its_golden_bytes() -> None:
    target = bmc()
    assert target.sel.add(0x0F, 0xD0, 0x00, data=(0x0B, 0xFF), generator=0x01) == 1
    stamp = int(target.server.calendar).to_bytes(4, "little").hex(" ")
    assert target.sel.records[0].encode().hex(" ") == f"01 00 02 {stamp} 01 00 04 0f d0 6f c0 0b ff"


def test_a_record_that_is_added_gets_the_bmcs_time() -> None:
    target = bmc()
    told(target, 0x0A, 0x49, *(1_000_000).to_bytes(4, "little"))
    later(target, 10)
    assert told(target, 0x0A, 0x44, *RECORD) == b"\x01\x00"
    data = told(target, 0x0A, 0x43, 0, 0, 0, 0, 0, 0xFF)
    assert data[:2] == b"\xff\xff"
    assert int.from_bytes(data[5:9], "little") == 1_000_010


def test_an_oem_record_without_time_is_kept_as_it_is() -> None:
    target = bmc()
    plain = bytes([0, 0, 0xE0, *range(13)])
    told(target, 0x0A, 0x44, *plain)
    assert target.sel.records[0].body == plain[2:]


def test_records_are_walked_by_their_next_id() -> None:
    target = bmc()
    for _ in range(3):
        told(target, 0x0A, 0x44, *RECORD)
    assert told(target, 0x0A, 0x43, 0, 0, 1, 0, 0, 0xFF)[:2] == b"\x02\x00"
    assert told(target, 0x0A, 0x43, 0, 0, 0xFF, 0xFF, 0, 0xFF)[2:4] == b"\x03\x00"


def test_an_empty_log_has_no_record() -> None:
    assert refused(bmc(), 0x0A, 0x43, 0, 0, 0, 0, 0, 0xFF) == 0xCB


def test_a_new_event_voids_the_reservation() -> None:
    target = bmc()
    told(target, 0x0A, 0x44, *RECORD)
    reservation = told(target, 0x0A, 0x42)
    assert told(target, 0x0A, 0x43, *reservation, 1, 0, 4, 4)
    told(target, 0x0A, 0x44, *RECORD)
    assert refused(target, 0x0A, 0x43, *reservation, 1, 0, 4, 4) == 0xC5
    assert refused(target, 0x0A, 0x46, *reservation, 1, 0) == 0xC5


def test_clearing_needs_the_word_and_the_reservation() -> None:
    target = bmc()
    told(target, 0x0A, 0x44, *RECORD)
    reservation = told(target, 0x0A, 0x42)
    assert refused(target, 0x0A, 0x47, *reservation, *b"CLX", 0xAA) == 0xCC
    assert refused(target, 0x0A, 0x47, 9, 9, *b"CLR", 0xAA) == 0xC5
    assert told(target, 0x0A, 0x47, *reservation, *b"CLR", 0xAA) == b"\x01"
    assert told(target, 0x0A, 0x47, *reservation, *b"CLR", 0x00) == b"\x01"
    assert told(target, 0x0A, 0x40)[1:3] == b"\x00\x00"


def test_a_full_log_takes_no_more_and_says_so() -> None:
    target = bmc()
    while target.sel.append(RECORD[2:]) is not None:
        pass
    assert refused(target, 0x0A, 0x44, *RECORD) == 0xC4
    assert told(target, 0x0A, 0x40)[13] & 0x80
    assert told(target, 0x0A, 0x40)[1:5] == sel.CAPACITY.to_bytes(2, "little") + bytes(2)


def test_the_log_survives_a_reset_of_the_bmc() -> None:
    target = bmc()
    told(target, 0x0A, 0x44, *RECORD)
    target.cold_reset()
    later(target, target.board.boot_s + 1)
    assert told(target, 0x0A, 0x40)[1:3] == b"\x01\x00"


def test_a_dark_bmc_logs_nothing() -> None:
    target = bmc()
    target.cold_reset()
    target.server.power_off()
    assert not target.sel.records


@given(st.lists(st.sampled_from(["add", "delete", "clear"]), max_size=40))
def test_ids_are_never_given_twice_while_a_record_lives(acts: list[str]) -> None:
    log = bmc().sel
    for act in acts:
        if act == "add":
            log.append(RECORD[2:])
        elif act == "delete":
            log.delete(0)
        else:
            log.clear()
        ids = [record.id for record in log.records]
        assert len(set(ids)) == len(ids) and 0 not in ids and sel.LAST not in ids


def test_a_reported_event_is_logged_with_its_generator() -> None:
    target = bmc()
    told(target, 0x04, 0x02, 4, 1, 0x30, 1, 0x59, 0, 0)
    told(target, 0x04, 0x02, 0x21, 4, 1, 0x30, 1, 0x59, 0, 0, channel=0x0F)
    assert [record.body[5] for record in target.sel.records] == [0x41, 0x21]

"""Who the controller is, its users and channels."""

from __future__ import annotations

import pytest

from tests.emulators.bmc.bench import KCS, USER, ask, bmc, later, refused, told


def test_device_id_has_the_version_of_the_code_that_runs() -> None:
    data = told(bmc(versions={"bmc": "3.90"}), 0x06, 0x01)
    assert len(data) == 15
    assert data[:6] == bytes([32, 0x01, 3, 0x90, 0x02, 0xBF])
    assert data[6:11] == (10876).to_bytes(3, "little") + (0x0958).to_bytes(2, "little")


def test_the_further_parts_of_a_dell_version_are_auxiliary() -> None:
    data = told(bmc("r740"), 0x06, 0x01)
    assert data[1] & 0x80, "provides device SDRs"
    assert data[2:4] == bytes([6, 0x10])
    assert data[11:] == bytes([30, 0, 0, 0])


def test_a_bmc_that_is_being_flashed_says_so() -> None:
    target = bmc()
    target.chip.begin()
    assert told(target, 0x06, 0x01)[2] == 3 | 0x80


def test_a_flash_does_not_change_what_runs() -> None:
    target = bmc()
    target.chip.banks[target.chip.active].erase()
    assert told(target, 0x06, 0x01)[2:4] == bytes([3, 0x88])


def test_self_test_and_guid() -> None:
    target = bmc()
    assert told(target, 0x06, 0x04) == b"\x55\x00"
    assert told(target, 0x06, 0x37, privilege=0) == target.guid


def test_in_band_the_present_channel_is_the_system_interface() -> None:
    target = bmc()
    assert told(target, 0x06, 0x42, 0x0E, channel=KCS)[:2] == bytes([0x0F, 0x0C])
    assert told(target, 0x06, 0x42, 0x0E)[:3] == bytes([0x01, 0x04, 0x01])
    assert refused(target, 0x06, 0x42, 0x08) == 0xCC


def test_in_band_the_questions_about_sessions_are_answered_as_over_the_lan() -> None:
    target = bmc()
    assert told(target, 0x06, 0x38, 0x8E, 4, channel=KCS)[1:4] == bytes([0x80, 0x04, 0x02])
    records = told(target, 0x06, 0x54, 0x0E, 0, 0x80, channel=KCS)
    assert records[1:] == bytes.fromhex("c003014181c011034481")
    assert told(target, 0x06, 0x3D, 0, channel=KCS) == bytes([0, target.board.session_slots, 0])


def test_global_enables_are_kept_until_the_bmc_restarts() -> None:
    target = bmc()
    before = told(target, 0x06, 0x2F)
    told(target, 0x06, 0x2E, 0x01)
    assert told(target, 0x06, 0x2F) == b"\x01"
    target.cold_reset()
    later(target, target.board.boot_s + 1)
    assert told(target, 0x06, 0x2F) == before


def test_the_event_buffer_is_empty() -> None:
    assert refused(bmc(), 0x06, 0x35) == 0x80


def test_acpi_state_follows_the_power() -> None:
    target = bmc()
    assert told(target, 0x06, 0x07)[0] == 0x00
    target.server.power_off()
    assert told(target, 0x06, 0x07)[0] == 0x05


# -- users


def name(text: str) -> bytes:
    return text.encode().ljust(16, b"\0")


def test_a_user_can_be_made_and_found() -> None:
    target = bmc()
    told(target, 0x06, 0x45, 3, *name("bob"))
    told(target, 0x06, 0x47, 3, 2, *name("secret"))
    told(target, 0x06, 0x47, 3, 1)
    told(target, 0x06, 0x43, 0x91, 3, 2)
    bob = target.users.by_name(b"bob")
    assert bob is not None
    assert (bob.password, bob.enabled, bob.privilege, bob.ipmi_messaging) == (b"secret", True, 2, True)
    assert told(target, 0x06, 0x46, 3) == name("bob")
    assert told(target, 0x06, 0x44, 1, 3) == bytes([10, 0x42, 1, 0x12])


def test_two_users_cannot_share_a_name() -> None:
    assert refused(bmc(), 0x06, 0x45, 3, *name("ADMIN")) == 0xCC


def test_the_first_slot_has_no_name() -> None:
    assert refused(bmc(), 0x06, 0x45, 1, *name("bob")) == 0xCC


def test_a_password_is_tested_without_being_told() -> None:
    target = bmc()
    assert told(target, 0x06, 0x47, 2, 3, *name("ADMIN")) == b""
    assert refused(target, 0x06, 0x47, 2, 3, *name("WRONG")) == 0x80


def test_a_twenty_byte_password_is_not_a_sixteen_byte_one() -> None:
    target = bmc()
    told(target, 0x06, 0x47, 0x82, 2, *b"12345678901234567890")
    assert target.users.slots[2].password == b"12345678901234567890"
    assert refused(target, 0x06, 0x47, 2, 3, *b"1234567890123456") == 0x81


@pytest.mark.parametrize(("board", "limit"), [("x10dri", 0), ("x11ssh-f", 15), ("r740", 15)])
def test_an_empty_slot_shows_the_vendor(board: str, limit: int) -> None:
    assert told(bmc(board), 0x06, 0x44, 1, 3)[3] & 0x0F == limit


def test_a_user_may_not_list_users() -> None:
    assert refused(bmc(), 0x06, 0x44, 1, 2, privilege=USER) == 0xD4


def test_channel_access_is_set_and_read() -> None:
    target = bmc()
    assert told(target, 0x06, 0x41, 1, 0x80) == bytes([0x02, 0x04])
    told(target, 0x06, 0x40, 1, 0x42, 0x43)
    assert told(target, 0x06, 0x41, 1, 0x40) == bytes([0x02, 0x03])
    assert ask(target, 0x06, 0x41, 1, 0x00).completion_code == 0xCC

"""HPM.1 upgrades: what is written, what is refused, what becomes active, what faults leave behind."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators import images
from emulators.bmc.controller import Bmc
from emulators.bmc.reply import Reply
from emulators.faults import Fault
from tests.emulators.bmc.bench import KCS, OPERATOR, ask, bmc, later, refused, told

BLOCK = 36


def image(target: Bmc, version: str = "3.90", size: int = 4096) -> bytes:
    return images.build(target.server.board.firmware("bmc", version), size)


def mask(target: Bmc) -> int:
    assert target.board.hpm is not None
    return 1 << target.board.hpm.components[0].id


def component(target: Bmc) -> int:
    assert target.board.hpm is not None
    return target.board.hpm.components[0].id


def send(target: Bmc, data: bytes, *, block: int = BLOCK) -> list[Reply]:
    """Blocks until all are sent or one is refused."""
    replies: list[Reply] = []
    for number, start in enumerate(range(0, len(data), block)):
        replies.append(ask(target, 0x2C, 0x32, 0, number & 0xFF, *data[start : start + block]))
        if replies[-1].completion_code:
            break
    return replies


def finish(target: Bmc, length: int) -> int:
    return ask(target, 0x2C, 0x33, 0, component(target), *length.to_bytes(4, "little")).completion_code


def upload(target: Bmc, data: bytes, action: int = 2) -> int:
    """An upload as ipmitool does it; the completion code of the finish."""
    told(target, 0x2C, 0x31, 0, mask(target), action)
    assert send(target, data)[-1].completion_code == 0
    return finish(target, len(data))


def written(target: Bmc, length: int) -> bytes:
    """The first bytes of the bank that an upload writes."""
    return bytes(target.chip.banks[target.chip.target].data[:length])


def reboot(target: Bmc) -> None:
    target.cold_reset()
    later(target, target.board.boot_s + 1)


def version(target: Bmc, selector: int = 1) -> bytes:
    return told(target, 0x2C, 0x2F, 0, component(target), selector)[1:]


# -- what it says of itself


def test_the_capabilities_have_four_time_outs() -> None:
    assert told(bmc(), 0x2C, 0x2E, 0).hex(" ") == "00 00 17 06 02 04 01 01"


def test_a_board_without_hpm_has_no_picmg_commands() -> None:
    target = bmc("r740")
    assert {refused(target, 0x2C, command, 0, 0, 0) for command in (0x00, 0x2E, 0x2F, 0x31, 0x34)} == {0xC1}


def test_versions_of_each_kind() -> None:
    target = bmc()
    assert version(target) == bytes.fromhex("038800000000")
    assert version(target, 3) == bytes.fromhex("038800000000")
    assert version(target, 4) == b"\xff" * 6
    assert version(target, 2) == b"BMC".ljust(12, b"\0")
    assert refused(target, 0x2C, 0x2F, 0, 0, 7) == 0x83
    assert refused(target, 0x2C, 0x2F, 0, 5, 0) == 0x82


def test_large_blocks_are_announced_over_the_lan_alone() -> None:
    target = bmc("x11ssm-f")
    assert told(target, 0x2C, 0x3E, 0, 2).hex(" ") == "00 02 01 02 00 00 c0 01"
    assert refused(target, 0x2C, 0x3E, 0, 2, channel=KCS) == 0xC1
    assert refused(bmc(), 0x2C, 0x3E, 0, 2) == 0xC1


# -- an upgrade


def test_an_image_that_is_finished_waits_for_the_reset() -> None:
    target = bmc()
    assert upload(target, image(target)) == 0
    assert version(target)[:2] == b"\x03\x88"
    assert version(target, 4)[:2] == b"\x03\x90"
    assert version(target, 3) == b"\xff" * 6, "the backup gave way to it"
    reboot(target)
    assert version(target)[:2] == b"\x03\x90"
    assert version(target, 3)[:2] == b"\x03\x88"


def test_where_finish_activates_the_next_boot_has_it() -> None:
    target = bmc("x11ssm-f")
    assert upload(target, image(target)) == 0
    assert target.chip.pending is None
    reboot(target)
    assert version(target)[:2] == b"\x03\x90"


def test_where_activate_is_wanted_a_reset_alone_changes_nothing() -> None:
    target = bmc("c6220")
    assert upload(target, image(target)) == 0
    reboot(target)
    assert version(target)[:2] == b"\x02\x62"


def test_activate_takes_a_while_and_restarts_the_bmc() -> None:
    target = bmc("c6220")
    upload(target, image(target))
    assert ask(target, 0x2C, 0x35, 0).completion_code == 0x80
    assert told(target, 0x2C, 0x34, 0) == b"\x00\x35\x80"
    later(target, 3)
    assert not target.answering
    later(target, target.board.boot_s)
    assert version(target)[:2] == b"\x03\x90"


def test_nothing_uploaded_nothing_to_activate() -> None:
    assert refused(bmc(), 0x2C, 0x35, 0) == 0xD5


def test_preparation_is_a_long_operation() -> None:
    target = bmc()
    assert ask(target, 0x2C, 0x31, 0, 1, 1).completion_code == 0x80
    assert told(target, 0x2C, 0x34, 0) == b"\x00\x31\x80"
    assert refused(target, 0x2C, 0x31, 0, 1, 2) == 0xD5
    later(target, 3)
    assert told(target, 0x2C, 0x34, 0) == b"\x00\x31\x00"


def test_the_flash_time_is_the_boards_whatever_the_size() -> None:
    for size in (4096, 16384):
        target = bmc()
        told(target, 0x2C, 0x31, 0, 1, 2)
        assert sum(r.delay_s for r in send(target, image(target, size=size))) == pytest.approx(target.board.flash_s)


def test_the_numbers_of_blocks_wrap() -> None:
    target = bmc()
    data = image(target, size=BLOCK * 300)
    assert upload(target, data) == 0
    assert written(target, len(data)) == data


def test_a_repeated_block_is_written_once() -> None:
    target = bmc()
    data = image(target)
    told(target, 0x2C, 0x31, 0, 1, 2)
    told(target, 0x2C, 0x32, 0, 0, *data[:BLOCK])
    assert ask(target, 0x2C, 0x32, 0, 0, *data[:BLOCK]) == Reply(0, b"\0")
    told(target, 0x2C, 0x32, 0, 1, *data[BLOCK:])
    assert finish(target, len(data)) == 0


def test_a_block_out_of_order_is_refused() -> None:
    target = bmc()
    told(target, 0x2C, 0x31, 0, 1, 2)
    assert refused(target, 0x2C, 0x32, 0, 1, 1, 2, 3) == 0x81


def test_blocks_without_an_upload_are_out_of_place() -> None:
    assert refused(bmc(), 0x2C, 0x32, 0, 0, 1) == 0xD5
    assert finish(bmc(), 0) == 0xD5


def test_the_length_must_agree() -> None:
    target = bmc()
    data = image(target)
    told(target, 0x2C, 0x31, 0, 1, 2)
    send(target, data)
    assert finish(target, len(data) + 1) == 0x81
    assert target.chip.pending is None and target.chip.uploading is None


def test_a_damaged_image_is_not_taken() -> None:
    target = bmc()
    data = bytearray(image(target))
    data[-1] ^= 1
    assert upload(target, bytes(data)) == 0x82
    reboot(target)
    assert version(target)[:2] == b"\x03\x88"


def test_a_bios_image_is_not_taken() -> None:
    target = bmc()
    assert upload(target, images.build(target.server.board.firmware("bios"), 4096)) == 0x82


def test_another_boards_image_is_taken_as_real_ones_do() -> None:
    target = bmc()
    assert upload(target, image(bmc("x11ssm-f"))) == 0
    reboot(target)
    assert target.foreign and target.address is None
    assert told(target, 0x06, 0x01, channel=KCS)


def test_only_the_components_that_exist_are_upgraded() -> None:
    target = bmc()
    assert refused(target, 0x2C, 0x31, 0, 0x02, 2) == 0x81
    assert refused(target, 0x2C, 0x31, 0, 0x00, 2) == 0x81
    assert refused(target, 0x2C, 0x31, 0, 0x01, 9) == 0xCC


def test_an_upgrade_is_for_administrators() -> None:
    target = bmc()
    assert refused(target, 0x2C, 0x31, 0, 1, 2, privilege=OPERATOR) == 0xD4
    assert target.chip.uploading is None


def test_a_second_tool_is_kept_out_while_the_vendors_own_writes() -> None:
    target = bmc()
    target.chip.begin()
    assert refused(target, 0x2C, 0x31, 0, 1, 2) == 0xD5
    assert told(target, 0x2C, 0x2E, 0)[2] & 0x80, "upgrade undesirable"


def test_an_upload_that_was_given_up_can_be_started_again() -> None:
    target = bmc()
    told(target, 0x2C, 0x31, 0, 1, 2)
    send(target, image(target)[:200])
    assert upload(target, image(target)) == 0


def test_abort_leaves_the_bank_as_far_as_it_was_written() -> None:
    target = bmc()
    data = image(target)
    told(target, 0x2C, 0x31, 0, 1, 2)
    send(target, data[:360])
    told(target, 0x2C, 0x30, 0)
    assert written(target, 360) == data[:360]
    assert target.chip.banks[target.chip.target].firmware() is None
    assert refused(target, 0x2C, 0x30, 0) == 0xD5


def test_a_reset_ends_the_upload() -> None:
    target = bmc()
    told(target, 0x2C, 0x31, 0, 1, 2)
    send(target, image(target)[:200])
    reboot(target)
    assert refused(target, 0x2C, 0x32, 0, 6, 1) == 0xD5
    assert version(target)[:2] == b"\x03\x88", "the other bank is whole"


def test_with_one_bank_a_reset_after_half_an_upload_is_the_end() -> None:
    target = bmc()
    del target.chip.banks[1:]
    told(target, 0x2C, 0x31, 0, 1, 2)
    send(target, image(target)[:200])
    assert told(target, 0x06, 0x01), "it still runs from its RAM"
    reboot(target)
    assert target.state == "dead"


# -- compare, rollback


def test_compare_tells_the_running_image_from_another() -> None:
    target = bmc()
    held = bytes(target.chip.banks[target.chip.active].data)
    assert upload(target, held, action=3) == 0
    assert upload(target, image(target), action=3) == 0x83
    assert bytes(target.chip.banks[target.chip.active].data) == held


def test_a_rollback_brings_the_other_bank_back() -> None:
    target = bmc()
    upload(target, image(target))
    reboot(target)
    assert ask(target, 0x2C, 0x38, 0).completion_code == 0x80
    assert ask(target, 0x2C, 0x37, 0).completion_code == 0x80
    later(target, target.board.boot_s + 10)
    assert told(target, 0x2C, 0x37, 0) == b"\x00\x01"
    assert version(target)[:2] == b"\x03\x88"


def test_without_a_backup_a_rollback_is_denied() -> None:
    target = bmc()
    upload(target, image(target))
    assert refused(target, 0x2C, 0x38, 0) == 0x83
    assert told(target, 0x2C, 0x37, 0) == b"\x00\x00"


# -- faults


def test_a_flash_that_is_interrupted_takes_no_more_blocks() -> None:
    target = bmc(faults=(Fault(kind="flash-interrupted", target="bmc", percent=40),))
    data = image(target)
    told(target, 0x2C, 0x31, 0, 1, 2)
    replies = send(target, data)
    assert replies[-1].completion_code == 0x82
    assert 0.38 < len(replies) * BLOCK / len(data) < 0.42
    assert refused(target, 0x2C, 0x32, 0, (len(replies) - 1) & 0xFF, 1, 2) == 0x82, "nor when it is tried again"
    assert target.chip.banks[target.chip.target].firmware() is None


def test_after_an_interrupted_flash_another_try_succeeds() -> None:
    target = bmc(faults=(Fault(kind="flash-interrupted", target="bmc", percent=40),))
    told(target, 0x2C, 0x31, 0, 1, 2)
    send(target, image(target))
    assert upload(target, image(target)) == 0


@pytest.mark.parametrize("board", ["x11ssh-f", "c6220"])
def test_success_can_be_claimed_and_the_version_stays(board: str) -> None:
    target = bmc(board, faults=(Fault(kind="not-activated"),))
    before = version(target)
    assert upload(target, image(target)) == 0
    if board == "c6220":
        assert ask(target, 0x2C, 0x35, 0).completion_code == 0x80
        later(target, 3)
    else:
        target.cold_reset()
    later(target, target.board.boot_s + 1)
    assert version(target) == before


def test_an_image_that_dies_in_its_first_boot_gives_way_to_the_backup() -> None:
    target = bmc(faults=(Fault(kind="activation-rolls-back", completion_code=0xC0),))
    before = target.generation
    assert upload(target, image(target)) == 0
    target.cold_reset()
    later(target, 1.5 * target.board.boot_s)
    assert not target.answering, "it boots twice"
    later(target, target.board.boot_s)
    assert target.generation == before + 1
    assert version(target)[:2] == b"\x03\x88"
    assert told(target, 0x2C, 0x34, 0) == b"\x00\x35\xc0"
    assert told(target, 0x2C, 0x37, 0) == b"\x00\x01"
    assert told(target, 0x2C, 0x36, 0) == b"\x00\x55\x00"


def test_a_failed_self_test_stays_on_record_until_the_next_upgrade() -> None:
    target = bmc(faults=(Fault(kind="self-test-fails"),))
    upload(target, image(target))
    target.cold_reset()
    later(target, 2 * target.board.boot_s + 1)
    assert version(target)[:2] == b"\x03\x88"
    assert told(target, 0x2C, 0x36, 0) == b"\x00\x57\x00"
    assert upload(target, image(target)) == 0
    reboot(target)
    assert version(target)[:2] == b"\x03\x90"
    assert told(target, 0x2C, 0x36, 0) == b"\x00\x55\x00"
    assert told(target, 0x2C, 0x37, 0) == b"\x00\x00"


def test_with_one_bank_there_is_nothing_to_go_back_to() -> None:
    target = bmc("x11ssm-f", faults=(Fault(kind="activation-rolls-back"),))
    upload(target, image(target))
    reboot(target)
    assert target.state == "dead"


def test_a_slow_command_keeps_the_others_out_and_then_does_its_work() -> None:
    target = bmc(faults=(Fault(kind="hpm-slow", command=0x33, seconds=20),))
    data = image(target)
    told(target, 0x2C, 0x31, 0, 1, 2)
    send(target, data)
    assert finish(target, len(data)) == 0x80
    assert refused(target, 0x2C, 0x31, 0, 1, 2) == 0xD5
    assert target.chip.pending is None
    later(target, 21)
    assert told(target, 0x2C, 0x34, 0) == b"\x00\x33\x00"
    assert target.chip.pending is not None


@settings(max_examples=25, deadline=None)
@given(sizes=st.lists(st.integers(8, 200), min_size=1, max_size=60), size=st.integers(1024, 3000))
def test_the_bank_holds_what_was_sent_however_it_was_cut(sizes: list[int], size: int) -> None:
    target = bmc()
    data = image(target, size=size)
    told(target, 0x2C, 0x31, 0, 1, 2)
    start, number = 0, 0
    while start < len(data):
        step = sizes[number % len(sizes)]
        told(target, 0x2C, 0x32, 0, number & 0xFF, *data[start : start + step])
        start, number = start + step, number + 1
    assert finish(target, len(data)) == 0
    assert written(target, len(data)) == data

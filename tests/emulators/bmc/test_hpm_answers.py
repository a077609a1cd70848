"""What the real ipmitool makes of a BMC's answers during an upgrade, as facts section 2 has them: each by a fault.

Those that take ipmitool more than a few seconds are in test_hpm_silence.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from emulators.faults import Fault
from tests.emulators.bmc import hpm_bench
from tests.emulators.bmc.hpm_bench import SIZE, Wired, image, package, wired

pytestmark = pytest.mark.wire
FAILED, SUCCESSFUL = "Firmware upgrade procedure failed", "Firmware upgrade procedure successful"
INITIATE, BLOCK, FINISH, STATUS, ACTIVATE = 0x31, 0x32, 0x33, 0x34, 0x35


@contextmanager
def failing(folder: Path, *faults: Fault, **hpm: Any) -> Iterator[Wired]:
    with wired(folder, hpm_bench.board(**hpm), *faults) as on:
        yield on


def answers(command: int, completion_code: int, **more: Any) -> Fault:
    return Fault(kind="hpm-answer", command=command, completion_code=completion_code, **more)


def slow(command: int, seconds: float, **more: Any) -> Fault:
    return Fault(kind="hpm-slow", command=command, seconds=seconds, **more)


def commands(on: Wired) -> list[int]:
    return [command for netfn, command, _ in on.messages if netfn == 0x2C]


def blocks(on: Wired) -> list[bytes]:
    return [data[2:] for netfn, command, data in on.messages if (netfn, command) == (0x2C, BLOCK)]


# -- blocks


@pytest.mark.parametrize("code", [0x81, 0xD5])
def test_a_block_that_is_refused_ends_the_upgrade(tmp_path: Path, code: int) -> None:
    with failing(tmp_path, answers(BLOCK, code, percent=25)) as on:
        done = on.upgrade(package(on.server.board), "force")
        assert done.status == 1 and FAILED in done.text
        assert "Error uploading firmware block" in done.text and f"compcode=0x{code:x}: " in done.text
        assert "TotalSent:0x3f0 " in done.text
        assert FINISH not in commands(on)
        assert on.bank()[: 28 * 36] == image(on.server.board)[: 28 * 36]
        assert on.bank()[28 * 36 :].strip(b"\xff") == b"", "the rest is erased"


def test_a_block_answered_82_is_tried_again_thrice_and_then_ends_the_upgrade(tmp_path: Path) -> None:
    """ipmitool takes 0x80, 0x82 and 0x83 for errors of the bus, up to three times in all."""
    with failing(tmp_path, answers(BLOCK, 0x82, percent=25, times=None)) as on:
        done = on.upgrade(package(on.server.board), "force")
        assert done.status == 1 and "compcode=0x82: " in done.text and "TotalSent:0x3f0 " in done.text
        assert blocks(on).count(blocks(on)[-1]) == 4


@pytest.mark.parametrize("code", [0xC7, 0xC8])
def test_a_first_block_that_is_too_long_is_cut_by_eight_and_sent_again(tmp_path: Path, code: int) -> None:
    with failing(tmp_path, answers(BLOCK, code, percent=0, times=2)) as on:
        done = on.upgrade(package(on.server.board), "force")
        assert done.status == 0 and SUCCESSFUL in done.text
        assert [len(b) for b in blocks(on)[:4]] == [36, 28, 20, 20]
        assert on.bank() == image(on.server.board)


def test_a_block_that_timed_out_once_is_sent_again(tmp_path: Path) -> None:
    with failing(tmp_path, answers(BLOCK, 0xC3, percent=25)) as on:
        done = on.upgrade(package(on.server.board), "force")
        assert done.status == 0 and SUCCESSFUL in done.text
        assert on.bank() == image(on.server.board)
        assert len(blocks(on)) == -(-SIZE // 36) + 1


# -- finish


@pytest.mark.parametrize("code", [0x81, 0x82, 0x83])
def test_a_finish_that_is_refused_ends_the_upgrade(tmp_path: Path, code: int) -> None:
    with failing(tmp_path, answers(FINISH, code)) as on:
        done = on.upgrade(package(on.server.board), "force")
        assert done.status == 1 and FAILED in done.text
        assert "Error finishing firmware upload" in done.text and f"compcode=0x{code:x}: " in done.text
        assert on.server.bmc.chip.pending is None


def test_a_damaged_image_in_a_sound_file_is_refused_at_the_finish(tmp_path: Path) -> None:
    with failing(tmp_path) as on:
        file = package(on.server.board)
        done = on.upgrade(hpm_bench.changed(file, len(file) - 100, b"rot"), "force")
        assert done.status == 1 and "compcode=0x82: " in done.text


# -- compare


def test_compare_answered_83_is_told_and_still_exit_status_0(tmp_path: Path) -> None:
    with failing(tmp_path) as on:
        done = on.ipmitool("hpm", "compare", on.file(package(on.server.board, "3.90")))
        assert done.status == 0 and done.says("Component's active copy doesn't match the upgrade image")
        assert "Firmware comparison procedure complete" in done.text
        assert on.bank(active=True) == image(on.server.board, "3.88"), "nothing was written"


def test_compare_of_the_running_image_passes(tmp_path: Path) -> None:
    with failing(tmp_path) as on:
        done = on.ipmitool("hpm", "compare", on.file(package(on.server.board, "3.88")))
        assert done.status == 0 and done.says("Comparison passed", "Firmware comparison procedure complete")


# -- long operations


@pytest.mark.parametrize("command", [INITIATE, FINISH])
def test_a_long_operation_is_polled_once_a_second_until_it_is_done(tmp_path: Path, command: int) -> None:
    with failing(tmp_path, slow(command, 1.4)) as on:
        done = on.upgrade(package(on.server.board), "force")
        assert done.status == 0 and SUCCESSFUL in done.text
        assert 2 <= commands(on).count(STATUS) <= 3, "at once, after one second, after two"
        assert on.bank() == image(on.server.board)


def test_a_long_block_is_polled_too(tmp_path: Path) -> None:
    with failing(tmp_path, slow(BLOCK, 0.4, percent=50)) as on:
        assert on.upgrade(package(on.server.board), "force").status == 0
        assert 1 <= commands(on).count(STATUS) <= 2
        assert on.bank() == image(on.server.board)


def test_a_long_operation_that_ends_badly_fails(tmp_path: Path) -> None:
    with failing(tmp_path, slow(FINISH, 0.2, completion_code=0x82)) as on:
        done = on.upgrade(package(on.server.board), "force")
        assert done.status == 1 and FAILED in done.text and 1 <= commands(on).count(STATUS) <= 2
        assert on.server.bmc.chip.pending is None


def test_upgstatus_tells_the_last_command_and_how_it_ended(tmp_path: Path) -> None:
    with failing(tmp_path, answers(FINISH, 0x82)) as on:
        on.upgrade(package(on.server.board), "force")
        done = on.ipmitool("hpm", "upgstatus")
        assert done.status == 0
        assert done.says("Command in progress:          33", "Last command completion code: 82")


# -- activation and rollback


def test_an_activation_that_fails_where_nothing_rolled_back_is_told_as_a_success_too(tmp_path: Path) -> None:
    with failing(tmp_path, slow(ACTIVATE, 0.2, completion_code=0xFF)) as on:
        done = on.upgrade(package(on.server.board), "force", "activate")
        assert done.status == 0 and done.says("No Firmware rollback occurred", SUCCESSFUL)
        assert on.running == "3.88"


def test_an_activation_that_is_refused_at_once_says_why(tmp_path: Path) -> None:
    with failing(tmp_path, answers(ACTIVATE, 0xD5), capabilities=0x01) as on:
        done = on.upgrade(package(on.server.board), "force", "activate")
        assert done.status == 1 and "Error activating firmware" in done.text and "compcode=0xd5: " in done.text


def test_a_rollback_status_of_81_is_a_failure(tmp_path: Path) -> None:
    with failing(tmp_path, answers(0x37, 0x81)) as on:
        done = on.ipmitool("hpm", "rollback")
        assert done.status == 1 and "Rollback failed on component mask: 0x00" in done.text


def test_abort_ends_an_upload_and_leaves_the_running_image_alone(tmp_path: Path) -> None:
    with failing(tmp_path, answers(BLOCK, 0xD5, percent=50)) as on:
        on.upgrade(package(on.server.board), "force")
        done = on.ipmitool("hpm", "abort")
        assert done.status == 0 and "Error" not in done.text
        assert on.server.bmc.chip.uploading is None
        again = on.ipmitool("hpm", "abort")
        assert again.status == 1 and "Error aborting upgrade" in again.text
        assert on.ipmitool("mc", "info").says("Firmware Revision         : 3.88")

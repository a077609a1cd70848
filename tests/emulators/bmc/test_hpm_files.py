"""What the real ipmitool says of .hpm files that are damaged, made for others, or not wanted now (facts, section 2)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.boards import Board
from tests.emulators.bmc import hpm_bench
from tests.emulators.bmc.hpm_bench import Wired, changed, package, records, wired

pytestmark = pytest.mark.wire
DEVICE, MANUFACTURER, PRODUCT, CAPABILITIES, COMPONENTS, EARLIEST = 9, 10, 13, 19, 20, 24
FOREIGN = {
    "device": (DEVICE, b"\x11", "Invalid device ID 20"),
    "product": (PRODUCT, b"\x42\x00", "Invalid image file for product 2392"),
    "manufacturer": (MANUFACTURER, b"\x01\x01\x00", "Invalid image file for manufacturer 10876"),
}
EACH_FOREIGN = pytest.mark.parametrize("what", FOREIGN)
FAILED, SUCCESSFUL = "Firmware upgrade procedure failed", "Firmware upgrade procedure successful"
CONTINUE = "Continue ignoring DeviceID/ProductID/ManufacturingID (Y/N):"
SERVICES = "Services may be affected during upgrade. Do you wish to continue? (y/n):"


@pytest.fixture(scope="module")
def board() -> Board:
    return hpm_bench.board()


@pytest.fixture
def on(board: Board, tmp_path: Path) -> Iterator[Wired]:
    with wired(tmp_path, board) as server:
        yield server


def untouched(on: Wired) -> bool:
    """No flash was begun."""
    return not [m for m in on.messages if m[:2] == (0x2C, 0x31)]


def foreign(board: Board, what: str) -> bytes:
    at, value, _ = FOREIGN[what]
    return changed(package(board), at, value)


def test_a_wrong_md5_is_refused(on: Wired, board: Board) -> None:
    done = on.upgrade(changed(package(board), 200, b"damaged", md5=False), "force")
    assert done.status == 1 and done.says("Invalid MD5 signature")
    assert FAILED in done.text and untouched(on)


def test_a_wrong_header_checksum_is_refused(on: Wired, board: Board) -> None:
    done = on.upgrade(changed(package(board), EARLIEST, b"\x01", header_sum=False), "force")
    assert done.status == 1 and done.says("Invalid header checksum")
    assert FAILED in done.text and untouched(on)


def test_a_wrong_checksum_of_an_action_is_refused(on: Wired, board: Board) -> None:
    file = package(board)
    at = records(file) + 2
    done = on.upgrade(changed(file, at, bytes([file[at] ^ 1])), "force")
    assert done.status == 1 and "Invalid Action record." in done.text
    assert FAILED in done.text and untouched(on)


def test_the_checksum_of_an_upload_may_cover_its_34_bytes(on: Wired, board: Board) -> None:
    file = package(board)
    at = records(file)
    whole = bytearray(file[at : at + 34])
    whole[2] = 0
    done = on.upgrade(changed(file, at + 2, bytes([-sum(whole) & 0xFF])), "force")
    assert done.status == 0 and SUCCESSFUL in done.text


@EACH_FOREIGN
def test_without_force_an_image_for_another_board_is_refused(on: Wired, board: Board, what: str) -> None:
    done = on.upgrade(foreign(board, what))
    assert done.status == 1 and FOREIGN[what][2] in done.text
    assert 'Use "force" option for copying all the components' in done.text
    assert CONTINUE not in done.text and untouched(on)


@EACH_FOREIGN
@pytest.mark.parametrize("answer", ["n\n", ""])
def test_with_force_it_asks_and_takes_no_or_silence_for_no(on: Wired, board: Board, what: str, answer: str) -> None:
    done = on.upgrade(foreign(board, what), "force", stdin=answer)
    assert done.status == 1 and FOREIGN[what][2] in done.text
    assert CONTINUE in done.text and untouched(on)


@EACH_FOREIGN
def test_with_force_and_a_yes_it_flashes_what_the_controller_then_takes(on: Wired, board: Board, what: str) -> None:
    done = on.upgrade(foreign(board, what), "force", stdin="y\n")
    assert done.status == 0 and done.says(CONTINUE, SUCCESSFUL)
    assert on.bank() == hpm_bench.image(board)


@EACH_FOREIGN
@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 1), ("", 1)])
def test_check_asks_too(on: Wired, board: Board, what: str, answer: str, status: int) -> None:
    done = on.ipmitool("hpm", "check", on.file(foreign(board, what)), stdin=answer)
    assert done.status == status and CONTINUE in done.text and FOREIGN[what][2] in done.text
    assert ("Comparing Target & Image File version" in done.text) == (status == 0)
    assert untouched(on)


def test_a_compatible_revision_that_is_too_high_is_refused(on: Wired, board: Board) -> None:
    done = on.upgrade(changed(package(board), EARLIEST, b"\x03\x89"))
    assert done.status == 1 and done.says("Version: Major: 3", "Minor: 89", "Not compatible with", "Minor: 88")
    assert FAILED in done.text and untouched(on)


def test_a_compatible_revision_that_is_the_running_one_is_taken(on: Wired, board: Board) -> None:
    assert on.upgrade(changed(package(board), EARLIEST, b"\x03\x88")).status == 0


@pytest.mark.parametrize(("answer", "status"), [("y\n", 0), ("n\n", 1), ("", 1)])
def test_an_image_that_affects_services_is_asked_about(on: Wired, board: Board, answer: str, status: int) -> None:
    done = on.upgrade(changed(package(board), CAPABILITIES, b"\x10"), "force", stdin=answer)
    assert done.status == status and SERVICES in done.text
    assert untouched(on) == (status == 1)


def test_a_board_whose_services_are_affected_is_asked_about(tmp_path: Path) -> None:
    board = hpm_bench.board(service_affected=True)
    with wired(tmp_path, board) as on:
        done = on.upgrade(package(board), "force")
        assert done.status == 1 and SERVICES in done.text and untouched(on)


def test_a_component_that_the_board_has_not_is_refused(on: Wired, board: Board) -> None:
    done = on.upgrade(changed(package(board), COMPONENTS, b"\x05"), "force")
    assert done.status == 1
    assert "Some components present in the image file are not supported by the IPMC" in done.text
    assert untouched(on)


def test_while_the_vendors_tool_writes_an_upgrade_is_undesirable(on: Wired, board: Board) -> None:
    on.server.chips["bmc"].begin()
    done = on.upgrade(package(board), "force")
    assert done.status == 1 and "Upgrade undesirable at this moment" in done.text
    assert untouched(on)


def test_a_lower_version_is_flashed_without_force(on: Wired, board: Board) -> None:
    done = on.upgrade(package(board, "3.10"))
    assert done.status == 0 and SUCCESSFUL in done.text
    assert on.bank() == hpm_bench.image(board, "3.10")


def test_the_same_version_with_the_same_backup_is_skipped(on: Wired, board: Board) -> None:
    done = on.upgrade(package(board, "3.88"), "activate")
    assert done.status == 0 and done.says("Skip", "No components updated. Skipping activation stage.")
    assert SUCCESSFUL in done.text and untouched(on)


def test_the_same_version_is_flashed_with_force(on: Wired, board: Board) -> None:
    done = on.upgrade(package(board, "3.88"), "force")
    assert done.status == 0 and not untouched(on)

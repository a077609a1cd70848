"""Flash chips: what a write leaves behind, and which bank boots."""

from __future__ import annotations

from emulators import boards, images
from emulators.flash import Chip

BOARD = boards.load("x11ssh-f")
OLD, NEW = images.build(BOARD.firmware("bmc")), images.build(BOARD.firmware("bmc", "3.90"))


def version(chip: Chip) -> str | None:
    firmware = chip.boot_firmware()
    return firmware.version if firmware else None


def test_with_two_banks_the_old_code_boots_until_the_new_one_is_activated() -> None:
    chip = Chip.holding("bmc", OLD, banks=2)
    chip.begin().write(0, NEW)
    chip.finish()
    assert version(chip) == "3.88"
    chip.activate()
    assert version(chip) == "3.90"


def test_with_one_bank_an_interrupted_write_leaves_nothing_to_boot() -> None:
    chip = Chip.holding("bmc", OLD, banks=1)
    chip.begin().write(0, NEW[: len(NEW) // 2])
    assert version(chip) is None


def test_with_two_banks_an_interrupted_write_leaves_the_old_code() -> None:
    chip = Chip.holding("bmc", OLD, banks=2)
    chip.begin().write(0, NEW[: len(NEW) // 2])
    assert version(chip) == "3.88"


def test_rollback_returns_to_the_other_bank_and_refuses_one_that_is_not_whole() -> None:
    chip = Chip.holding("bmc", OLD, banks=2)
    chip.begin().write(0, NEW)
    chip.finish()
    chip.activate()
    assert chip.rollback()
    assert version(chip) == "3.88"
    chip.begin().write(0, NEW[:10])
    assert not chip.rollback()
    assert not Chip.holding("bmc", OLD, banks=1).rollback()


def test_a_new_upload_forgets_the_image_that_was_waiting() -> None:
    chip = Chip.holding("bmc", OLD, banks=2)
    chip.begin().write(0, NEW)
    chip.finish()
    chip.begin()
    chip.activate()
    assert version(chip) == "3.88"


def test_blocks_may_come_out_of_order_and_the_gap_reads_erased() -> None:
    chip = Chip.holding("bmc", b"", banks=1)
    bank = chip.begin()
    bank.write(4, b"late")
    assert bytes(bank.data) == b"\xff\xff\xff\xfflate"

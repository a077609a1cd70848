"""Sticks and cards that write a dead chip anew."""

from __future__ import annotations

from dataclasses import replace

import pytest

from emulators import boards, images
from tests.emulators.hands.person import PADS, Beside

# -- media


def rom(there: Beside, version: str = "2.6") -> bytes:
    return images.build(there.server.board.firmware("bios", version))


def dead_bios(there: Beside) -> None:
    for bank in there.server.chips["bios"].banks:
        bank.erase()
    there.server.power_reset()
    there.later()
    assert there.phase == "hung"


@pytest.mark.parametrize("board", PADS)
def test_a_stick_with_the_right_name_writes_a_dead_bios_at_the_next_start(board: str) -> None:
    there = Beside(board)
    dead_bios(there)
    assert there.server.post_code == 0xF9
    there.does("press-power", seconds=5)
    there.does("insert-media", slot="usb", files={"SUPER.ROM": rom(there)})
    there.does("press-power", "connect-monitor")
    there.later()
    assert "Press F1" in there.sees("screen")
    there.does("type", text="<F1>")
    there.later()
    assert there.phase == "up"


@pytest.mark.parametrize(
    "files",
    [
        {"super.rom": "own"},
        {"SUPER.ROM": "other"},
        {"SUPER.ROM": "cut"},
        {},
    ],
    ids=["another name", "another board's", "cut short", "empty"],
)
def test_a_wrong_stick_does_nothing(files: dict[str, str]) -> None:
    there = Beside()
    data = {
        "own": rom(there),
        "other": images.build(boards.load("x11ssm-f").firmware("bios")),
        "cut": rom(there)[:-100],
    }
    dead_bios(there)
    there.does("insert-media", slot="usb", files={name: data[what] for name, what in files.items()})
    there.server.power_reset()
    there.later()
    assert there.phase == "hung"


def test_a_stick_put_in_after_the_start_is_not_looked_at() -> None:
    there = Beside()
    dead_bios(there)
    there.does("insert-media", slot="usb", files={"SUPER.ROM": rom(there)})
    there.later()
    assert there.phase == "hung"


def test_a_foreign_bios_has_overwritten_its_recovery_block_too() -> None:
    there = Beside()
    foreign = replace(there.server.board.firmware("bios"), board_id="0959")
    there.server.chips["bios"].banks[0].data[:] = images.build(foreign)
    there.does("insert-media", slot="usb", files={"SUPER.ROM": rom(there)})
    there.server.power_reset()
    there.later()
    assert there.phase == "hung"


def test_a_stick_taken_out_while_it_is_read_leaves_the_bios_dead() -> None:
    there = Beside()
    dead_bios(there)
    there.does("insert-media", slot="usb", files={"SUPER.ROM": rom(there)})
    there.server.power_reset()
    there.later(100)
    there.does("remove-media", slot="usb")
    there.later()
    assert there.phase == "hung"


def test_mains_pulled_while_the_stick_is_read_leave_the_bios_dead() -> None:
    there = Beside()
    dead_bios(there)
    there.does("insert-media", slot="usb", files={"SUPER.ROM": rom(there)})
    there.server.power_reset()
    there.later(100)
    there.mains(False)
    assert there.server.chips["bios"].boot_firmware() is None


@pytest.mark.parametrize("board", ["r730", "r740"])
def test_a_card_brings_an_idrac_back_that_has_no_image_left(board: str) -> None:
    there = Beside(board)
    for bank in there.server.chips["bmc"].banks:
        bank.erase()
    there.server.bmc.cold_reset()
    there.later()
    assert there.sees("led:id") == "blinking fast"
    name = there.server.board.sd_recovery
    assert name is not None
    there.does("insert-media", slot="sd", files={name: images.build(there.server.board.firmware("bmc"))})
    there.later(60)
    assert there.sees("led:id") == "solid amber"
    there.later()
    assert there.server.bmc.address == there.server.spec.bmc_address


def test_a_card_taken_out_too_early_leaves_it_dead() -> None:
    there = Beside("r740")
    for bank in there.server.chips["bmc"].banks:
        bank.erase()
    there.server.bmc.cold_reset()
    there.later()
    there.does("insert-media", slot="sd", files={"firmimgFIT.d9": images.build(there.server.board.firmware("bmc"))})
    there.later(60)
    there.does("remove-media", slot="sd")
    there.later()
    assert not there.server.bmc.answering
    assert there.sees("led:id") == "blinking fast"


def test_slots_that_there_are_not_take_nothing() -> None:
    there = Beside("x11ssh-f")
    assert there.cannot("insert-media", slot="sd", files={}) == "this server has no sd slot"
    assert there.cannot("remove-media", slot="usb") == "nothing is in a usb slot"
    there.does("insert-media", slot="usb", files={})
    assert there.cannot("insert-media", slot="usb", files={}) == "something is in there"

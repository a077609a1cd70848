"""The BIOS's settings cleared by hand, and the identify button as a reset."""

from __future__ import annotations

import pytest

from emulators.faults import Fault
from tests.emulators.hands.person import JUMPERS, PADS, Beside, changed, cleared

# -- CMOS


@pytest.mark.parametrize("board", PADS)
def test_pads_clear_the_settings_with_all_mains_off(board: str) -> None:
    there = Beside(board)
    changed(there)
    there.mains(False)
    there.opened()
    if there.server.board.cmos.battery_out:
        there.does("remove-battery")
    there.does("short", seconds=10)
    assert cleared(there)


@pytest.mark.parametrize("board", PADS)
def test_pads_do_nothing_while_one_cord_is_in_or_when_they_are_touched_too_briefly(board: str) -> None:
    there = Beside(board)
    changed(there)
    there.does("unplug", psu=1)
    there.opened()
    there.does("remove-battery", "short")
    assert not cleared(there)
    there.does("unplug", psu=2)
    there.does("short", seconds=3.9)
    assert not cleared(there)
    there.does("short", seconds=4)
    assert cleared(there)


def test_a_battery_in_its_holder_holds_against_the_pads_where_the_board_is_so() -> None:
    for board, clears in (("x11ssh-f", False), ("x12spi", True)):
        there = Beside(board)
        changed(there)
        there.mains(False)
        there.opened()
        there.does("short")
        assert cleared(there) is clears, board


def test_a_battery_out_long_enough_without_mains_loses_the_settings_by_itself() -> None:
    there = Beside()
    changed(there)
    there.opened()
    there.does("remove-battery")
    there.later()
    assert not cleared(there), "mains keep them"
    there.mains(False)
    there.later(599)
    assert not cleared(there)
    there.later(2)
    assert cleared(there)


def test_a_battery_put_back_in_time_keeps_the_settings() -> None:
    there = Beside()
    changed(there)
    there.mains(False)
    there.opened()
    there.does("remove-battery")
    there.later(300)
    there.does("install-battery")
    there.later()
    assert not cleared(there)


def test_after_a_clearing_post_stops_at_f1_once() -> None:
    there = Beside()
    there.mains(False)
    there.opened()
    there.does("remove-battery", "short", "install-battery")
    there.closed()
    there.mains(True)
    there.does("connect-monitor")
    there.later()
    assert "CMOS Checksum Bad" in there.sees("screen")
    there.does("type", text="<F1>")
    there.later()
    assert there.phase == "up"
    there.server.host_reboot()
    there.later()
    assert there.phase == "up"


def test_a_forgotten_battery_stops_every_start() -> None:
    there = Beside()
    there.opened()
    there.does("remove-battery", "connect-monitor")
    for _ in range(2):
        there.server.power_reset()
        there.later()
        assert "CMOS Battery Low" in there.sees("screen")
        there.does("type", text="<F1>")
        there.later()
        assert there.phase == "up"


@pytest.mark.parametrize("board", JUMPERS)
def test_the_jumper_acts_at_a_start_and_the_host_goes_no_further_until_it_is_back(board: str) -> None:
    there = Beside(board)
    changed(there)
    there.mains(False)
    there.opened()
    there.does("move-jumper", to="clear")
    assert not cleared(there)
    assert there.sees("part:jumper:NVRAM_CLR") == "clear, pins 1-3"
    there.closed()
    there.mains(True)
    there.does("connect-monitor")
    there.later()
    assert cleared(there)
    assert there.phase == "hung"
    assert "NVRAM_CLR is in its clear position" in there.sees("screen")
    there.mains(False)
    there.opened()
    there.does("move-jumper", to="keep")
    there.closed()
    there.server.nvram.settings["boot-mode"] = "Uefi"
    there.mains(True)
    there.later()
    assert there.phase == "up"


@pytest.mark.parametrize("board", JUMPERS)
def test_a_jumper_moved_there_and_back_without_a_start_does_nothing(board: str) -> None:
    there = Beside(board)
    changed(there)
    there.mains(False)
    there.opened()
    there.does("move-jumper", to="clear")
    there.does("move-jumper", to="keep")
    there.closed()
    there.mains(True)
    there.later()
    assert not cleared(there)


def test_each_vendor_has_its_own_way_only() -> None:
    dell, supermicro = Beside("r740"), Beside("x11ssh-f")
    for there in (dell, supermicro):
        there.opened()
    assert dell.cannot("short") == "this board has no pads with the mark JBT1"
    assert supermicro.cannot("move-jumper") == "this board has no jumper NVRAM_CLR"
    assert dell.cannot("move-jumper", to="sideways") == "NVRAM_CLR has no position sideways: clear or keep"


@pytest.mark.parametrize("act", ["mains", "both"])
def test_severe_lock_wants_both_acts(act: str) -> None:
    there = Beside()
    there.server.nvram.invalid = True
    there.server.bmc.hang()
    there.server.power_reset()
    there.later()
    assert there.sees("fans") == "full speed"
    there.opened()
    there.mains(False)
    there.later(60)
    if act != "mains":
        there.does("remove-battery", "short", "install-battery")
    there.closed()
    there.mains(True)
    there.does("connect-monitor")
    there.later()
    there.does("type", text="<F1>")
    there.later()
    healthy = there.phase == "up" and there.server.bmc.answering
    assert healthy is (act == "both")
    assert there.server.bmc.answering, "the mains alone cure the BMC"


def test_clearing_the_settings_does_nothing_for_a_corrupt_image() -> None:
    there = Beside()
    there.server.chips["bios"].banks[0].erase()
    there.mains(False)
    there.opened()
    there.does("remove-battery", "short", "install-battery")
    there.closed()
    there.mains(True)
    there.later()
    assert there.phase == "hung"


# -- the identify button as a reset


def test_a_long_press_restarts_the_bmc_where_the_board_has_that() -> None:
    there = Beside("x12spi")
    generation = there.server.bmc.generation
    there.does("press-uid", seconds=5)
    there.later()
    assert there.server.bmc.generation == generation, "too short a hold"
    there.does("press-uid", seconds=7)
    assert not there.server.bmc.answering
    there.later()
    assert there.server.bmc.generation == generation + 1
    assert there.phase == "up"


def test_a_longer_press_sets_the_bmc_back_to_the_factory_s() -> None:
    there = Beside("x12spi")
    there.does("press-uid", seconds=12)
    there.later()
    assert there.server.bmc.address != there.server.spec.bmc_address


def test_a_long_press_on_a_board_without_it_is_a_press() -> None:
    there = Beside("x11ssh-f")
    there.does("press-uid", seconds=20)
    assert there.server.bmc.answering


def test_the_button_frees_a_bmc_that_hung_at_its_start_and_not_one_in_severe_lock() -> None:
    there = Beside("x12spi", Fault(kind="bmc-never-returns"))
    there.server.bmc.cold_reset()
    there.later()
    assert not there.server.bmc.answering
    there.does("press-uid", seconds=7)
    there.later()
    assert there.server.bmc.answering
    there.server.bmc.hang()
    there.does("press-uid", seconds=7)
    there.later()
    assert not there.server.bmc.answering

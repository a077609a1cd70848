"""Cords, the power button, rails and cover, sleds, and another board."""

from __future__ import annotations

from typing import Any

import pytest

from emulators import images
from emulators.faults import Fault
from emulators.host.process import Process
from tests.emulators.hands.person import Beside

# -- power


def test_both_cords_out_is_off_and_they_come_back_by_the_restore_policy() -> None:
    there = Beside()
    there.does("unplug", psu=1)
    assert (there.sees("led:psu1"), there.phase) == ("off", "up")
    there.does("unplug", psu=2)
    assert (there.phase, there.sees("fans")) == ("off", "stopped")
    there.mains(True)
    there.later()
    assert there.phase == "up"


def test_mains_pulled_and_put_back_at_once_wait_for_the_bmc_before_the_host_is_restored() -> None:
    there = Beside()
    there.mains(False)
    there.later(100)
    there.mains(True)
    there.later(there.server.board.bmc.boot_s)
    assert there.phase == "off"
    there.later(10)
    assert there.phase == "post"


@pytest.mark.parametrize(("seconds", "phase"), [(1, "up"), (3.9, "up"), (4, "off"), (10, "off")])
def test_a_hung_post_takes_no_notice_of_a_short_press(seconds: float, phase: str) -> None:
    there = Beside("x11ssh-f", Fault(kind="post-hangs"))
    there.server.power_reset()
    there.later()
    there.does("press-power", seconds=seconds)
    assert there.phase == ("hung" if phase == "up" else "off")


def test_a_short_press_asks_the_system_and_starts_a_server_that_is_off() -> None:
    there = Beside()
    there.does("press-power")
    assert there.phase == "shutdown"
    there.later(60)
    assert there.phase == "off"
    there.does("press-power")
    there.later()
    assert there.phase == "up"


def test_a_short_press_during_post_turns_off() -> None:
    there = Beside()
    there.server.power_reset()
    there.later(5)
    there.does("press-power")
    assert there.phase == "off"


def test_the_power_button_of_an_unplugged_server_does_nothing() -> None:
    there = Beside()
    there.mains(False)
    there.does("press-power")
    assert there.phase == "off"


def test_mains_pulled_while_a_bank_is_written_leave_it_incomplete() -> None:
    there = Beside()
    image = images.build(there.server.board.firmware("bios", "2.7"))
    process = Process(1, "flash", there.server.program("bios", image, 100), there.server.agenda, None)
    there.server.host.processes[1] = process
    process.start()
    there.later(50)
    there.mains(False)
    assert there.server.chips["bios"].boot_firmware() is None
    assert there.told("flash-interrupted")
    there.mains(True)
    there.later()
    assert there.phase == "hung"


# -- chassis, strap


@pytest.mark.parametrize(
    ("act", "parameters"),
    [
        ("remove-battery", {}),
        ("install-battery", {}),
        ("short", {}),
        ("move-jumper", {}),
        ("replace-board", {}),
    ],
)
def test_nothing_inside_is_reached_under_a_closed_cover(act: str, parameters: dict[str, Any]) -> None:
    assert Beside().cannot(act, **parameters) == "the cover is closed"


def test_the_cover_opens_out_of_the_rack_and_the_server_goes_back_closed() -> None:
    there = Beside()
    assert there.cannot("open-cover") == "the server is in the rack"
    there.does("slide-out", "open-cover")
    assert there.cannot("slide-in") == "the cover is open"
    there.does("close-cover", "slide-in")
    assert (there.sees("part:cover"), there.sees("part:rails")) == ("closed", "in the rack")


def test_work_without_a_strap_or_under_mains_is_recorded_and_does_no_harm() -> None:
    there = Beside()
    there.does("slide-out", "open-cover", "remove-battery")
    assert there.told("touched-without-strap")
    assert there.told("touched-under-mains")
    assert there.phase == "up"


# -- sleds


def test_pulling_a_sled_powers_this_node_alone_and_its_cords_power_the_neighbours_too() -> None:
    there = Beside("c6220")
    there.does("pull-sled")
    assert (there.phase, there.server.bmc.answering) == ("off", False)
    assert not there.told("neighbours-lost-power")
    there.does("push-sled")
    there.later()
    assert there.phase == "up"
    there.mains(False)
    (told,) = there.told("neighbours-lost-power")
    assert tuple(told["names"]) == there.server.site.neighbours
    assert len(there.server.site.neighbours) == 3


def test_a_sled_opens_out_of_its_chassis_and_a_server_is_no_sled() -> None:
    there = Beside("c6220")
    assert there.cannot("open-cover") == "the sled is in the chassis"
    assert there.cannot("slide-out").startswith("the chassis stays")
    there.does("pull-sled", "open-cover")
    assert there.cannot("push-sled") == "the cover is open"
    assert Beside("r740").cannot("pull-sled") == "this server is no sled"


# -- another board


def test_a_replaced_board_is_in_factory_state_with_its_own_addresses() -> None:
    there = Beside("x11ssh-f", bmc_passwords={"ADMIN": "own"})
    mac = there.sees("label:bmc-mac")
    for chip in there.server.chips.values():
        chip.banks[0].erase()
    there.opened()
    assert there.cannot("replace-board") == "the board has power"
    there.mains(False)
    there.does("replace-board")
    there.closed()
    there.mains(True)
    there.later()
    server = there.server
    assert server.phase == "up"
    assert there.sees("label:bmc-mac") != mac
    assert there.sees("label:serial") == server.site.serial, "the box is the same"
    assert server.bmc.address == server.spec.dhcp_pool[0]
    user = server.bmc.users.by_name(b"ADMIN")
    assert user is not None
    assert user.password == b"ADMIN"

"""The acts as a table, what there is to see, and the place."""

from __future__ import annotations

from importlib.resources import files

import pytest

from emulators import boards, images
from emulators.faults import Fault
from emulators.hands import ACTS, BadAct, Hands
from emulators.server import VirtualServer
from emulators.site import Site, default
from emulators.spec import ServerSpec
from tests.emulators.hands.person import ALL, Beside

# -- the table


def test_an_act_that_there_is_not_is_told_with_what_there_is() -> None:
    there = Beside()
    with pytest.raises(BadAct, match="did you mean unplug"):
        there.hands.do("unplugg")
    with pytest.raises(BadAct, match="unplug takes no 'feed'; it takes psu"):
        there.hands.do("unplug", feed="A")
    with pytest.raises(BadAct, match="move-cable needs to"):
        there.hands.do("move-cable", cable="x")


@pytest.mark.parametrize("seconds", ["soon", -1, True, 1e9, None])
def test_a_time_that_is_none_is_refused(seconds: object) -> None:
    with pytest.raises(BadAct, match="expected a number of seconds from 0 to a day"):
        Beside().hands.do("wait", seconds=seconds)


def test_numbers_may_come_as_words() -> None:
    there = Beside()
    assert there.hands.do("unplug", psu="2").ok
    assert not there.server.psus[1].mains


def test_every_act_has_words_for_it_and_stands_in_the_readme() -> None:
    assert all(act.about for act in ACTS.values())
    rows = files("emulators.hands").joinpath("README.md").read_text("utf-8")
    assert [name for name in ACTS if f"`{name}`" not in rows] == []


def test_every_act_that_changes_something_is_in_the_world_s_record_and_looking_is_not() -> None:
    there = Beside()
    there.does("unplug", psu=1)
    there.sees("led:psu1")
    (told,) = there.told("hands")
    assert (told["act"], told["with_psu"], told["done"]) == ("unplug", 1, True)


# -- what is seen


@pytest.mark.parametrize("board", ALL)
def test_a_healthy_server_shows_it(board: str) -> None:
    there = Beside(board)
    assert there.sees("led:power") == "green"
    assert there.sees("fans") == "normal"
    assert there.sees("led:psu1") == there.sees("led:psu2") == "green"
    seen = dict(line.split(": ", 1) for line in there.does("look").splitlines())
    assert seen["label:serial"] == there.server.board.system_serial
    vendor = {"supermicro": ("led:bmc-heartbeat", "blinking green"), "dell": ("led:health", "blue")}
    light, wanted = vendor[there.server.board.vendor]
    assert seen[light] == wanted


def test_fans_run_at_full_speed_while_the_bmc_is_dark_and_are_governed_again_after() -> None:
    there = Beside()
    there.server.bmc.cold_reset()
    assert (there.sees("fans"), there.sees("led:bmc-heartbeat")) == ("full speed", "off")
    there.later(there.server.board.bmc.boot_s + 1)
    assert (there.sees("fans"), there.sees("led:bmc-heartbeat")) == ("normal", "blinking green")


def test_a_bmc_with_another_machine_s_code_governs_no_fans() -> None:
    there = Beside()
    foreign = boards.load("x11ssm-f").firmware("bmc")
    for bank in there.server.chips["bmc"].banks:
        bank.data[:] = images.build(foreign)
    there.server.bmc.cold_reset()
    there.later()
    assert there.sees("fans") == "full speed"


def test_the_identify_light_blinks_by_ipmi_and_is_on_by_its_button() -> None:
    there = Beside()
    there.does("press-uid")
    assert there.sees("led:uid") == "solid blue"
    there.server.bmc.handle(0x00, 0, 0x04, b"\x3c", 4)
    assert there.sees("led:uid") == "blinking blue"
    there.later(61)
    assert there.sees("led:uid") == "solid blue"
    there.does("press-uid")
    assert there.sees("led:uid") == "off"


def test_without_a_monitor_there_is_no_screen_to_look_at() -> None:
    there = Beside()
    assert there.cannot("look", at="screen") == "no monitor is connected"
    there.does("connect-monitor")
    assert there.sees("screen").endswith("login:")


def test_the_screen_shows_a_code_where_post_hangs_and_nothing_where_there_is_no_bios() -> None:
    there = Beside("x11ssh-f", Fault(kind="post-hangs", code=0x94))
    there.does("connect-monitor")
    there.server.power_reset()
    there.later()
    assert there.sees("screen").endswith("94")
    there.server.chips["bios"].banks[0].erase()
    there.server.power_reset()
    there.later()
    assert (there.sees("screen"), there.sees("led:power")) == ("dark", "green")


def test_what_is_typed_at_the_keyboard_passes_the_stop_at_f1() -> None:
    there = Beside("x11ssh-f", Fault(kind="stops-at-f1"))
    assert there.cannot("type", text="<F1>") == "no keyboard is connected"
    there.does("connect-monitor")
    there.server.power_reset()
    there.later()
    assert "Press F1" in there.sees("screen")
    there.does("type", text="<F1>")
    there.later()
    assert there.phase == "up"


def test_there_is_nothing_to_see_of_what_there_is_not() -> None:
    there = Beside()
    for at in ("led:id", "label:none", "port:lan9", "cable:none", "part:battery", "part:sled", "somewhere"):
        assert there.cannot("look", at=at) == f"there is no {at} here"


# -- the site


def test_a_site_follows_from_board_name_and_seed() -> None:
    board = boards.load("r740")
    assert default(board, "db07", 1) == default(board, "db07", 1)
    assert default(board, "db07", 1) != default(board, "db07", 2)
    assert default(board, "db07", 1) != default(board, "db08", 1)


def test_a_spec_may_say_where_the_server_stands() -> None:
    site = default(boards.load("x11ssh-f"), "db07", 3).model_copy(update={"rack": "Z99"})
    spec = ServerSpec(board="x11ssh-f", site=site)
    again = ServerSpec.model_validate_json(spec.model_dump_json())
    assert isinstance(again.site, Site)
    assert Hands(VirtualServer(again)).do("look", at="label:rack").text == "Z99"

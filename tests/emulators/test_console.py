"""The serial console as model state: what firmware and operating system write there, and who reads what is typed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from emulators import boards, images
from emulators.console import SCROLLBACK
from emulators.faults import Fault
from emulators.server import VirtualServer
from emulators.spec import Account, ServerSpec

LONG = 3600.0
PROMPT = "virtual login: "
SHELL = "root@virtual:~# "


def server(*faults: Fault, board: str = "x11ssh-f", **spec: Any) -> VirtualServer:
    return VirtualServer(ServerSpec(board=board, faults=faults, accounts=(Account(password="secret"),), **spec))


def later(world: VirtualServer, seconds: float) -> str:
    """What the console writes meanwhile."""
    return shown_by(world, lambda: None, seconds)


def shown_by(world: VirtualServer, action: Callable[[], None], seconds: float = LONG) -> str:
    """What the console writes at once and in the time that follows."""
    start = world.console.end
    action()
    world.advance(world.now + seconds)
    return world.console.read(start).data.decode()


def typed(world: VirtualServer, text: str, seconds: float = 5.0) -> str:
    """What the console writes after `text` was typed, its echo too."""
    start = world.console.end
    assert world.console.type(text.encode()) == len(text)
    world.advance(world.now + seconds)
    return world.console.read(start).data.decode()


def logged_in(world: VirtualServer) -> VirtualServer:
    typed(world, "root\r")
    assert typed(world, "secret\r").endswith(SHELL)
    return world


# -- the login


def test_a_running_server_asks_who_is_there() -> None:
    assert server().console.text == f"\r\nDebian GNU/Linux 12 virtual ttyS1\r\n\r\n{PROMPT}"
    assert server(distribution="rocky").console.text.startswith("\r\nRocky Linux 9.5 (Blue Onyx)\r\nKernel 5.14")


def test_a_password_is_not_echoed_and_opens_a_shell() -> None:
    world = server()
    assert typed(world, "root\r") == "root\r\nPassword: "
    answer = typed(world, "secret\r")
    assert "secret" not in answer
    assert answer.endswith(SHELL)
    assert typed(world, "hostname\r") == f"hostname\r\nvirtual\r\n{SHELL}"


@pytest.mark.parametrize(("name", "password"), [("root", "wrong"), ("nobody", "secret"), ("root", "")])
def test_a_wrong_login_is_refused_after_a_while(name: str, password: str) -> None:
    world = server()
    typed(world, f"{name}\r")
    assert typed(world, f"{password}\r", 2.9) == "\r\n"
    assert later(world, 0.2) == f"\r\nLogin incorrect\r\n{PROMPT}"


def test_five_wrong_passwords_end_login_and_a_new_getty_comes() -> None:
    world = server()
    for _ in range(4):
        typed(world, "root\r")
        assert typed(world, "x\r").endswith(f"Login incorrect\r\n{PROMPT}")
    typed(world, "root\r")
    assert "Maximum number of tries exceeded (5)\r\n\r\nDebian GNU/Linux 12" in typed(world, "x\r")


def test_exit_returns_to_the_login_prompt() -> None:
    world = logged_in(server())
    assert typed(world, "exit\r").endswith(f"exit\r\nlogout\r\n\r\nDebian GNU/Linux 12 virtual ttyS1\r\n\r\n{PROMPT}")
    assert typed(logged_in(world), "\x04").endswith(PROMPT), "so does Ctrl-D"


def test_backspace_and_ctrl_u_edit_the_line() -> None:
    world = logged_in(server())
    assert "\r\nok\r\n" in typed(world, "echo ox\x7fk\r")
    assert "\r\nok\r\n" in typed(world, "rubbish\x15echo ok\r")
    assert typed(world, "\x7f\x7f") == "", "nothing is left to rub out"


@pytest.mark.parametrize("stop", ["ctrl-c", "break"])
def test_ctrl_c_and_break_end_a_command_and_not_the_shell(stop: str) -> None:
    world = logged_in(server())
    assert typed(world, "sleep 1000\r") == "sleep 1000\r\n"
    if stop == "break":
        world.console.send_break()
    else:
        typed(world, "\x03")
    assert later(world, 1) == "" or world.console.text.endswith(SHELL)
    assert typed(world, "echo $?\r").endswith(f"130\r\n{SHELL}")


def test_a_line_that_is_full_takes_no_more_characters_than_return() -> None:
    world = logged_in(server())
    assert world.console.type(b"x" * 5000) == 4095
    assert world.console.type(b"y") == 0
    assert "\r\nok\r\n" in typed(world, "\x15echo ok\r")


# -- power


def test_a_reset_shows_post_boot_and_a_new_login() -> None:
    world = logged_in(server())
    shown = shown_by(world, world.power_reset)
    order = ["Supermicro X11SSH-F BIOS Date:06/04/2021 Ver:2.6", "Memory Total", "Press <DEL> to run Setup", "GRUB"]
    order += ["Linux version 6.1.0-28-amd64", "Welcome to \x1b[1mDebian", PROMPT]
    places = [shown.index(text) for text in order]
    assert places == sorted(places)
    assert shown.endswith(PROMPT), "whoever was logged in is not any more"


def test_the_kernel_logs_the_command_line_that_proc_has() -> None:
    world = server()
    shown = shown_by(world, world.power_reset)
    assert f"Command line: {world.host.files.read('/proc/cmdline').decode().strip()}\r\n" in shown


def test_the_banner_shows_the_version_that_was_flashed() -> None:
    world = server()
    world.chips["bios"].banks[0].data[:] = images.build(replace(world.board.firmware("bios", "3.0"), date="2022-01-02"))
    assert "BIOS Date:01/02/2022 Ver:3.0" in shown_by(world, world.power_reset)


def test_a_dell_names_its_own_keys() -> None:
    world = server(board="r740")
    shown = shown_by(world, world.power_reset)
    assert "PowerEdge R740" in shown
    assert "F2  = System Setup" in shown


def test_a_soft_shutdown_ends_the_session_says_so_and_then_there_is_silence() -> None:
    world = logged_in(server())
    typed(world, "poweroff\r", 0.5)
    assert "reboot: Power down\r\n" in later(world, 60)
    assert world.phase == "off"
    assert (typed(world, "root\r", LONG), later(world, LONG)) == ("", "")


def test_a_reboot_typed_at_the_console_comes_back_to_the_prompt() -> None:
    world = logged_in(server())
    shown = typed(world, "reboot\r", LONG)
    assert "reboot: Restarting system\r\n" in shown
    assert shown.endswith(PROMPT)


def test_power_that_goes_cuts_a_boot_in_the_middle() -> None:
    world = server()
    world.power_reset()
    later(world, world.board.bios.post_s + world.board.bios.os_boot_s / 2)
    world.power_off()
    assert "Welcome to GRUB" in world.console.text
    assert later(world, LONG) == ""


def test_firmware_reads_nothing_of_what_is_typed_while_it_starts() -> None:
    world = server()
    world.power_reset()
    assert typed(world, "root\r") == ""
    later(world, LONG)
    assert world.console.text.endswith(PROMPT)


def test_a_foreign_bios_hangs_with_its_post_code_on_the_screen_and_an_erased_one_with_nothing() -> None:
    world = server()
    foreign = replace(boards.load("x11ssh-f").firmware("bios"), board_id="0884")
    world.chips["bios"].banks[0].data[:] = images.build(foreign)
    assert shown_by(world, world.power_reset).split() == ["19"]
    world.chips["bios"].banks[0].erase()
    assert shown_by(world, world.power_reset) == ""


def test_no_boot_device_and_a_host_that_never_comes_up_say_so() -> None:
    world = server()
    world.boot_order = []
    assert shown_by(world, world.power_reset).endswith("press a key\r\n")
    hanging = server(Fault(kind="host-never-returns"))
    shown = shown_by(hanging, hanging.power_reset)
    assert "A start job is running" in shown
    assert PROMPT not in shown


# -- the stream


def test_the_scrollback_is_bounded_and_says_what_is_lost() -> None:
    console = server().console
    console.write(b"x" * (SCROLLBACK + 1000))
    assert len(console.text) == SCROLLBACK
    chunk = console.read(0, 10)
    assert (chunk.offset, chunk.data) == (console.end - SCROLLBACK, b"x" * 10)
    assert console.read(console.end) == (console.end, b"")


def test_looking_more_often_changes_nothing() -> None:
    once, often = server(), server()
    for world in (once, often):
        world.power_reset()
    later(once, LONG)
    for _ in range(720):
        later(often, LONG / 720)
    assert once.console.text == often.console.text

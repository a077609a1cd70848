"""What a serial console shows, from its bytes: the wordings of firmware, loaders and systems, and how they draw."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulators.faults import Fault
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from fwsim.tools import console
from fwsim.tools.console import State, read


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("", "silent"),
        ("\x1b[2J\x1b[01;01H", "silent"),
        ("hello", "unknown"),
        ("\x1b[2J\x1b[01;01HPress <DEL> to run Setup\r\n", "post"),
        ("F2  = System Setup\r\nF10 = Lifecycle Controller\r\n", "post"),
        ("Press F1 to continue, F2 to run Setup\r\n", "f1-stop"),
        ("\x1b[23;01H\x1b[1mPress <F1> to \x1b[0mResume", "f1-stop"),
        ("Strike the F1 key to continue, F2 to run the system setup program", "f1-stop"),
        ("Aptio Setup Utility - Copyright (C) 2018 American Megatrends, Inc.", "setup"),
        ("\nReboot and Select proper Boot device\nor Insert Boot Media in selected Boot device", "no-boot-device"),
        ("No boot device available.\nPress <F1> key to retry boot.\n", "no-boot-device"),
        ("GRUB loading.\nWelcome to GRUB!\n\n", "boot-loader"),
        ("error: unknown filesystem.\ngrub rescue> ", "loader-stops"),
        ("[    1.234567] Linux version 6.1.0\r\n", "booting"),
        ("[  \x1b[0;32mOK\x1b[0m  ] Reached target \x1b[0;1;39mnetwork.target\x1b[0m - Network.", "booting"),
        ("Please enter passphrase for disk VIRTUAL_DISK (sda3_crypt): ", "disk-passphrase"),
        ("You are in emergency mode. After logging in, type", "emergency"),
        ("Debian GNU/Linux 12 db07 ttyS1\r\n\r\ndb07 login: ", "login"),
        ("[  912.000000] reboot: Restarting system", "shutdown"),
    ],
)
def test_the_last_thing_shown_is_the_state(text: str, state: State) -> None:
    assert read(text).state == state
    assert read(text.encode()).state == state


def test_an_f1_stop_that_was_passed_is_no_longer_the_state() -> None:
    shown = read("Press F1 to continue\r\nGRUB loading.\r\nWelcome to GRUB!\r\n")
    assert (shown.state, shown.seen) == ("boot-loader", ("f1-stop", "boot-loader"))


def test_a_code_in_the_corner_is_read_and_a_number_elsewhere_is_not() -> None:
    assert read("92".rjust(80) + "\r\n").post_code == "92"
    assert read("\x1b[24;79HB2").post_code == "B2"
    assert read("\x1b[24;79H92\x1b[24;79HB2").post_code == "B2"
    assert read("\x1b[10;05H92").post_code is None
    assert read("A1\r\n").post_code is None
    assert read("\x1b[24;79HB2").state == "post"


def test_posts_are_counted() -> None:
    banner = "\x1b[2JPress <DEL> to run Setup\r\nstarting\r\n"
    assert read(banner * 3).posts == 3


def test_the_text_for_people_has_no_escape_sequence() -> None:
    assert console.plain("\x1b[31mred\x1b[0m\r\nab\x08c\x1b[05;10Hthere") == "red\nac\nthere"


def test_the_last_line_is_the_last_that_says_something() -> None:
    assert read("one\r\ntwo\r\n\r\n   \r\n").last_line == "two"
    assert read("").last_line == ""


@given(st.binary(max_size=300))
def test_nothing_that_a_line_may_carry_breaks_the_reader(data: bytes) -> None:
    shown = read(data)
    assert "\x1b[" not in shown.text
    assert read(shown.text).state in (shown.state, "unknown", "silent", *shown.seen)


@pytest.mark.parametrize(
    ("board", "fault", "state"),
    [
        ("x11ssh-f", Fault(kind="stops-at-f1"), "f1-stop"),
        ("r740", Fault(kind="stops-at-f1"), "f1-stop"),
        ("x11ssh-f", Fault(kind="sealed-disk-asks"), "disk-passphrase"),
        ("x11ssh-f", Fault(kind="host-never-returns"), "booting"),
        ("x11ssh-f", Fault(kind="post-hangs"), "post"),
        ("r740", None, "login"),
        ("x11ssh-f", None, "login"),
    ],
)
def test_what_virtual_servers_show_is_read(board: str, fault: Fault | None, state: State) -> None:
    """Their wording was chosen from the same facts by another hand."""
    server = VirtualServer(ServerSpec(board=board, faults=(fault,) if fault else ()))
    offset = server.console.end
    server.power_reset()
    server.advance(1500)
    shown = read(server.console.read(offset).data)
    assert shown.state == state
    assert shown.post_code == ("92" if fault and fault.kind == "post-hangs" else None)


@pytest.mark.parametrize("board", ["x11ssh-f", "r740"])
def test_a_server_without_a_boot_device_is_read(board: str) -> None:
    server = VirtualServer(ServerSpec(board=board))
    server.boot_order = []
    offset = server.console.end
    server.power_reset()
    server.advance(1500)
    assert read(server.console.read(offset).data).state == "no-boot-device"

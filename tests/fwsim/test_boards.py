"""What operators know of each board."""

from __future__ import annotations

import pytest

from fwsim import boards
from fwsim.boards import UnknownBoard
from fwsim.versions import Version

BOARDS = boards.names()


def test_the_boards_that_are_known_are_these() -> None:
    assert set(BOARDS) == {"c6220", "r730", "r740", "x10dri", "x11ssh-f", "x11ssm-f", "x12spi"}


def test_an_unknown_board_is_told_with_the_close_names() -> None:
    with pytest.raises(UnknownBoard, match="no board is called 'X11SSHF'; did you mean x11ssh-f") as caught:
        boards.load("X11SSHF")
    assert caught.value.close[0] == "x11ssh-f"
    with pytest.raises(UnknownBoard, match="there are: c6220, r730"):
        boards.load("zzz")


@pytest.mark.parametrize("name", ["../boards/x11ssh-f", "", "x11ssh-f.yaml"])
def test_a_name_is_no_path(name: str) -> None:
    with pytest.raises(UnknownBoard):
        boards.load(name)


def test_the_near_twins_are_not_each_other() -> None:
    one, other = boards.load("x11ssh-f"), boards.load("x11ssm-f")
    assert one.is_baseboard("Supermicro", "X11SSH-F")
    assert not one.is_baseboard("Supermicro", "X11SSM-F")
    assert not one.is_baseboard("Supermicro", "X11SSH-LN4F")
    assert not one.is_baseboard("Dell Inc.", "X11SSH-F")
    assert not set(one.bmc.families) & set(other.bmc.families)
    assert not set(one.bios.board_ids) & set(other.bios.board_ids)
    assert not set(one.bmc.product_ids) & set(other.bmc.product_ids)


@pytest.mark.parametrize("name", BOARDS)
def test_a_file_knows_its_own_name_and_examples_go_upward(name: str) -> None:
    board = boards.load(name)
    assert board.name == name
    for old, new in (board.example.bmc, board.example.bios):
        assert Version(old) < Version(new)


@pytest.mark.parametrize("name", BOARDS)
def test_racadm_boards_name_their_dialect_and_packages(name: str) -> None:
    board = boards.load(name)
    uses = "racadm" in {*(m.tool for m in board.bmc.methods), *(m.tool for m in board.bios.methods)}
    assert uses is (board.racadm is not None) is bool(board.racadm_packages)
    assert board.bmc.version_from != "getversion" or uses


def test_lan_mode_commands_are_the_exact_bytes_of_the_vendor() -> None:
    supermicro = boards.load("x11ssh-f").bmc.lan_mode
    assert supermicro is not None
    assert supermicro.get_bytes() == (0x30, 0x70, 0x0C, 0x00)
    assert supermicro.set_bytes("failover") == (0x30, 0x70, 0x0C, 0x01, 0x02)
    dell = boards.load("c6220").bmc.lan_mode
    assert dell is not None
    assert (dell.get_bytes(), dell.set_bytes("dedicated")) == ((0x30, 0x25), (0x30, 0x24, 0x02))
    with pytest.raises(KeyError):
        dell.set_bytes("lom9")


@pytest.mark.parametrize(
    ("name", "kind", "file", "fits"),
    [
        ("x12spi", "bios", "BIOS_X12SPI-1B4A_20220815_1.4_STDsp.bin", True),
        ("x11ssh-f", "bios", "BIOS_X12SPI-1B4A_20220815_1.4_STDsp.bin", False),
        ("r740", "bmc", "iDRAC-with-Lifecycle-Controller_Firmware_KRCXX_WN32_2.75.75.75_A00.EXE", True),
        ("r740", "bmc", "firmimgFIT.d9", True),
        ("r740", "bios", "BIOS_FWSIM_WN64_2.19.1.EXE", True),
    ],
)
def test_file_names_are_compared_with_the_vendor_s_habits(name: str, kind: boards.Kind, file: str, fits: bool) -> None:
    assert boards.load(name).name_fits(kind, file) is fits

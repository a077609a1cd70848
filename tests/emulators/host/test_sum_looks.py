"""SUM's command line and its commands that only look (facts/vendor-tools-and-boards.md sections 3.1 and 3.2)."""

from __future__ import annotations

import re

import pytest

from emulators.host.commands import sum as sum_command
from emulators.server import VirtualServer
from tests.emulators.host.vendor import Ran, image, later, put, run, server

BANNER = (
    "Supermicro Update Manager (for UEFI BIOS) 2.14.0 (2024/02/15) (x86_64)\n"
    "Copyright(C) 2013-2024 Super Micro Computer, Inc. All rights reserved.\n"
)


def sum_(on: VirtualServer, *words: str, user: str = "root") -> Ran:
    return run(sum_command.main, on, "./sum", *words, user=user)


def test_the_bios_in_the_flash_is_described_as_in_the_fixture() -> None:
    ran = sum_(server("x11ssh-f"), "-c", "GetBiosInfo")
    assert ran.status == 0
    assert ran.stdout.text == (
        BANNER + "....\n"
        "Managed system..........................localhost\n"
        "    Board ID............................0958\n"
        "    BIOS build date.....................2021/06/04\n"
        "    BIOS version........................2.6\n"
    )


@pytest.mark.parametrize("name", ["GetBiosInfo", "getbiosinfo", "GetBIOSInfo"])
def test_names_of_commands_are_case_insensitive(name: str) -> None:
    assert sum_(server("x11ssh-f"), "-c", name).status == 0


def test_a_dead_bios_has_no_build_date() -> None:
    on = server("x11ssh-f")
    on.chips["bios"].begin()
    assert "    BIOS build date.....................N/A\n" in sum_(on, "-c", "GetBiosInfo").text


def test_a_local_file_is_described_without_asking_the_system() -> None:
    on = server("x11ssh-f")
    put(on, "bios.bin", image("x11ssm-f", "bios", "3.3"))
    text = sum_(on, "-c", "GetBiosInfo", "--file", "bios.bin", "--file_only").text
    assert "Local BIOS image file...................bios.bin\n    Board ID............................0959\n" in text
    assert "Managed system" not in text


def test_the_bmc_of_an_x12_is_described_with_its_three_part_version() -> None:
    text = sum_(server("x12spi"), "-c", "GetBmcInfo").text
    assert re.search(r"^    BMC version\.+01\.02\.18$", text, re.MULTILINE)
    assert re.search(r"^    BMC build date\.+2022/09/16$", text, re.MULTILINE)


def test_the_bmc_type_of_a_file_tells_the_twins_apart() -> None:
    on = server("x11ssh-f")
    for board in ("x11ssh-f", "x11ssm-f"):
        put(on, "bmc.bin", image(board, "bmc", "3.90"))
        text = sum_(on, "-c", "GetBmcInfo", "--file", "bmc.bin", "--file_only").text
        assert f"    BMC type............................{board.upper()}\n" in text


def test_a_signed_bmc_file_names_its_key() -> None:
    on = server("x12spi")
    put(on, "bmc.bin", image("x12spi", "bmc", "01.04.06"))
    text = sum_(on, "-c", "GetBmcInfo", "--file", "bmc.bin", "--file_only").text
    assert re.search(r"^    FW image\.+Signed\n        Signed Key\.+RoT$", text, re.MULTILINE)


def test_a_dark_bmc_gives_no_information() -> None:
    on = server("x11ssh-f")
    on.bmc.cold_reset()
    assert sum_(on, "-c", "GetBmcInfo").status == 37


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("-c", "FlashAll"), 6),
        (("-c", "GetBiosInfo", "--loud"), 2),
        (("-c", "UpdateBios", "--file"), 3),
        (("-c", "UpdateBios"), 5),
        (("--file", "x"), 5),
        (("-c", "UpdateBios", "--file", "absent.bin"), 8),
        (("-i", "192.0.2.20", "-u", "ADMIN", "-p", "ADMIN", "-c", "GetBiosInfo"), 145),
    ],
)
def test_a_wrong_command_line_ends_with_sums_own_code(words: tuple[str, ...], code: int) -> None:
    ran = sum_(server("x11ssh-f"), *words)
    assert ran.status == code
    assert f"ExitCode                = {code}\n" in ran.text


def test_without_arguments_it_explains_itself() -> None:
    ran = sum_(server("x11ssh-f"))
    assert ran.status == 0
    assert "Usage:" in ran.text


def test_it_wants_root_and_a_supermicro_board() -> None:
    assert sum_(server("x11ssh-f"), "-c", "GetBiosInfo", user="admin").status == 12
    assert sum_(server("r740"), "-c", "GetBiosInfo").status == 38


def test_keys_are_listed_and_a_board_without_any_says_80() -> None:
    assert "[1] SFT-OOB-LIC, " in sum_(server("x11ssh-f"), "-c", "QueryProductKey").text
    assert sum_(server("x10dri"), "-c", "QueryProductKey").status == 80


def test_oob_support_depends_on_the_key() -> None:
    assert "Feature Toggled On...............Yes\n" in sum_(server("x11ssh-f"), "-c", "CheckOOBSupport").text
    assert "Feature Toggled On...............No\n" in sum_(server("x10dri"), "-c", "CheckOOBSupport").text


def test_the_configuration_goes_to_a_file_that_is_not_overwritten_by_accident() -> None:
    on = server("x11ssh-f")
    assert sum_(on, "-c", "GetCurrentBiosCfg", "--file", "cfg.xml").status == 0
    assert b"<BiosCfg>" in on.host.files.read("/root/cfg.xml")
    assert sum_(on, "-c", "GetCurrentBiosCfg", "--file", "cfg.xml").status == 9
    assert sum_(on, "-c", "GetCurrentBiosCfg", "--file", "cfg.xml", "--overwrite").status == 0


def test_the_configuration_follows_the_boot_order() -> None:
    on = server("x11ssh-f")
    before = sum_(on, "-c", "GetCurrentBiosCfg").text
    on.boot_order = ["network", "disk"]
    assert sum_(on, "-c", "GetCurrentBiosCfg").text != before


def test_a_changed_configuration_acts_at_the_next_start() -> None:
    on = server("x11ssh-f")
    sum_(on, "-c", "GetCurrentBiosCfg", "--file", "cfg.xml")
    on.boot_order = []
    ran = sum_(on, "-c", "ChangeBiosCfg", "--file", "cfg.xml")
    assert ran.text.endswith(
        "Status: The BIOS configuration is updated for localhost\n\n"
        "Note: You have to reboot or power up the system for the changes to take effect.\n"
    )
    assert on.boot_order == []
    on.host_reboot()
    later(on, 600)
    assert (on.boot_order, on.phase) == (["disk"], "up")


def test_an_unchanged_configuration_is_noted_and_a_foreign_file_refused() -> None:
    on = server("x11ssh-f")
    sum_(on, "-c", "GetCurrentBiosCfg", "--file", "cfg.xml")
    assert "Note: No BIOS setting has been changed.\n" in sum_(on, "-c", "ChangeBiosCfg", "--file", "cfg.xml").text
    put(on, "cfg.xml", b"<Other/>")
    assert sum_(on, "-c", "ChangeBiosCfg", "--file", "cfg.xml").status == 60


def test_dmi_information_is_saved() -> None:
    on = server("x11ssh-f")
    assert sum_(on, "-c", "GetDmiInfo", "--file", "dmi.txt").status == 0
    assert b'Serial Number {BBSN} = "ZM16AS012345"' in on.host.files.read("/root/dmi.txt")

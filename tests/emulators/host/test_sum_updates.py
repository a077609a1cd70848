"""SUM UpdateBios and UpdateBmc: text, refusals, and what is in the flash afterwards (facts sections 3.3 and 3.4)."""

from __future__ import annotations

import pytest

from emulators import images
from emulators.faults import Fault
from emulators.host.commands import sum as sum_command
from emulators.server import VirtualServer
from tests.emulators.host.vendor import Ran, begin, image, later, put, run, server

NEW_BIOS, NEW_BMC = "3.3", "3.90"


def update_bios(on: VirtualServer, data: bytes, *words: str) -> Ran:
    put(on, "bios.bin", data)
    return run(sum_command.main, on, "./sum", "-c", "UpdateBios", "--file", "bios.bin", *words)


def update_bmc(on: VirtualServer, data: bytes) -> Ran:
    put(on, "bmc.bin", data)
    return run(sum_command.main, on, "./sum", "-c", "UpdateBmc", "--file", "bmc.bin")


def bios(on: VirtualServer) -> str | None:
    return on.running_bios.version if on.running_bios else None


def bmc(on: VirtualServer) -> str | None:
    return on.bmc.running.version if on.bmc.running else None


def test_a_bios_update_prints_the_lines_of_the_transcript() -> None:
    ran = update_bios(server("x11ssh-f"), image("x11ssh-f", "bios", NEW_BIOS))
    assert ran.status == 0
    shown = [line.rpartition("\r")[2] for line in ran.text.split("\n")]
    wanted = [
        "WARNING: BIOS setting will be reset without option --preserve_setting",
        "Reading BIOS flash ..................... (100%)",
        "CPUID = 506e3",
        "Comparing FDT for ROM file and flash.... (100%)",
        "Writing BIOS flash ..................... (100%)",
        "Verifying BIOS flash ................... (100%)",
        "Putting ME data to BIOS ................ (100%)",
        " - ME Entire Image done",
        "WARNING:Must power cycle or restart the system for the changes to take effect!",
    ]
    assert [line for line in shown if line in wanted] == wanted


def test_a_bios_update_takes_the_boards_time() -> None:
    on = server("x11ssh-f")
    update_bios(on, image("x11ssh-f", "bios", NEW_BIOS))
    assert on.board.bios.write_s <= on.now <= on.board.bios.write_s + 10


def test_a_bios_written_at_once_runs_after_the_reboot() -> None:
    on = server("x11ssh-f")
    update_bios(on, image("x11ssh-f", "bios", NEW_BIOS))
    assert bios(on) == "2.6"
    on.host_reboot()
    later(on, 1200)
    assert (on.phase, bios(on)) == ("up", NEW_BIOS)


def test_a_staged_bios_is_in_the_flash_after_the_next_start_only() -> None:
    on = server("x12spi")
    ran = update_bios(on, image("x12spi", "bios", "2.1"))
    assert ran.status == 0
    firmware = on.chips["bios"].boot_firmware()
    assert firmware is not None
    assert firmware.version == "1.4"
    on.power_cycle()
    later(on, 3000)
    assert (on.phase, bios(on)) == ("up", "2.1")


def test_the_option_reboot_restarts_the_host() -> None:
    on = server("x11ssh-f")
    ran = update_bios(on, image("x11ssh-f", "bios", NEW_BIOS), "--reboot")
    assert "Status: The managed system localhost is rebooting.\n" in ran.text
    later(on, 1200)
    assert bios(on) == NEW_BIOS


def test_the_twins_image_is_refused_before_anything_is_written() -> None:
    on = server("x11ssh-f")
    before = bytes(on.chips["bios"].banks[0].data)
    assert update_bios(on, image("x11ssm-f", "bios", NEW_BIOS)).status == 82
    assert bytes(on.chips["bios"].banks[0].data) == before


def test_a_damaged_file_and_a_file_of_the_other_kind_are_no_images() -> None:
    on = server("x11ssh-f")
    damaged = bytearray(image("x11ssh-f", "bios", NEW_BIOS))
    damaged[5000] ^= 1
    assert update_bios(on, bytes(damaged)).status == 62
    assert update_bios(on, image("x11ssh-f", "bmc", NEW_BMC)).status == 62


def test_options_that_exclude_each_other_are_refused() -> None:
    on = server("x11ssh-f")
    ran = update_bios(on, image("x11ssh-f", "bios", NEW_BIOS), "--preserve_nv", "--flash_smbios")
    assert ran.status == 7


def test_preserving_settings_needs_a_product_key_and_a_board_that_can() -> None:
    assert update_bios(server("x10dri"), image("x10dri", "bios", "3.5"), "--preserve_setting").status == 80
    assert update_bios(server("x11ssh-f"), image("x11ssh-f", "bios", NEW_BIOS), "--preserve_setting").status == 38
    kept = update_bios(server("x12spi"), image("x12spi", "bios", "2.1"), "--preserve_setting")
    assert kept.status == 0
    assert "BIOS setting will be reset" not in kept.text


@pytest.mark.parametrize(("kind", "code"), [("driver-refused", 105), ("driver-unverified", 108)])
def test_a_refused_driver_stops_the_update_before_the_flash_is_touched(kind: str, code: int) -> None:
    on = server("x11ssh-f", Fault.model_validate({"kind": kind}))
    assert update_bios(on, image("x11ssh-f", "bios", NEW_BIOS)).status == code
    assert on.chips["bios"].boot_firmware() == on.board.firmware("bios")


def test_a_killed_update_leaves_a_bios_that_no_longer_posts_but_harms_nothing_before() -> None:
    on = server("x11ssh-f")
    put(on, "bios.bin", image("x11ssh-f", "bios", NEW_BIOS))
    ran = begin(sum_command.main, on, "./sum", "-c", "UpdateBios", "--file", "bios.bin")
    later(on, 150)
    ran.process.kill(9)
    assert ran.status == 137
    assert on.chips["bios"].boot_firmware() is None
    assert (on.phase, bios(on)) == ("up", "2.6")
    on.host_reboot()
    later(on, 3000)
    assert on.phase == "hung"


def test_a_second_attempt_repairs_what_an_interrupted_one_left() -> None:
    on = server("x11ssh-f", Fault(kind="flash-interrupted", target="bios", percent=40))
    data = image("x11ssh-f", "bios", NEW_BIOS)
    assert update_bios(on, data).status == 102
    assert on.chips["bios"].boot_firmware() is None
    assert update_bios(on, data).status == 0
    on.host_reboot()
    later(on, 1200)
    assert bios(on) == NEW_BIOS


def test_an_update_while_another_runs_finds_the_driver_busy() -> None:
    on = server("x11ssh-f")
    put(on, "bios.bin", image("x11ssh-f", "bios", NEW_BIOS))
    words = ("./sum", "-c", "UpdateBios", "--file", "bios.bin")
    first = begin(sum_command.main, on, *words)
    later(on, 60)
    assert run(sum_command.main, on, *words).status == 106
    later(on, 600)
    assert first.status == 0


@pytest.mark.parametrize("board", ["x11ssh-f-nohpm", "x10dri", "x11ssm-f"])
def test_a_bmc_updated_by_sum_restarts_itself_and_runs_the_new_version(board: str) -> None:
    on = server(board)
    ran = update_bmc(on, image(board, "bmc", NEW_BMC))
    assert ran.status == 0
    assert "Uploading FW...........................Done\n" in ran.text
    assert "Updating FW..." + ">" * 38 + "Done\n" in ran.text
    assert "Status: BMC is updated for localhost\nUpdate Complete. Please wait for BMC reboot, about " in ran.text
    later(on, 300)
    assert (on.bmc.answering, bmc(on)) == (True, NEW_BMC)
    assert on.phase == "up"


def test_the_bmc_is_dark_while_sum_waits_for_it() -> None:
    on = server("x11ssh-f-nohpm")
    put(on, "bmc.bin", image("x11ssh-f", "bmc", NEW_BMC))
    begin(sum_command.main, on, "./sum", "-c", "UpdateBmc", "--file", "bmc.bin")
    later(on, on.board.bmc.flash_s + 20)
    assert not on.bmc.answering


def test_a_bmc_image_of_the_twin_is_refused() -> None:
    on = server("x11ssh-f")
    assert update_bmc(on, image("x11ssm-f", "bmc", NEW_BMC)).status == 82
    assert bmc(on) == "3.88"


def test_the_bmc_goes_on_when_sum_is_killed_after_the_upload() -> None:
    on = server("x11ssh-f-nohpm")
    put(on, "bmc.bin", image("x11ssh-f", "bmc", NEW_BMC))
    ran = begin(sum_command.main, on, "./sum", "-c", "UpdateBmc", "--file", "bmc.bin")
    later(on, 100)
    ran.process.kill(9)
    later(on, 900)
    assert bmc(on) == NEW_BMC


def test_sum_killed_during_the_upload_has_changed_nothing() -> None:
    on = server("x10dri")
    put(on, "bmc.bin", image("x10dri", "bmc", NEW_BMC))
    ran = begin(sum_command.main, on, "./sum", "-c", "UpdateBmc", "--file", "bmc.bin")
    later(on, 30)
    ran.process.kill(9)
    later(on, 900)
    assert on.chips["bmc"].boot_firmware() == on.board.firmware("bmc")


def test_a_single_bank_bmc_runs_on_after_a_failed_update_and_is_dead_after_a_reset() -> None:
    on = server("x10dri", Fault(kind="flash-interrupted", target="bmc", percent=60))
    assert update_bmc(on, image("x10dri", "bmc", NEW_BMC)).status == 102
    later(on, 60)
    assert (on.bmc.answering, bmc(on)) == (True, "3.77")
    on.bmc.cold_reset()
    later(on, 600)
    assert on.bmc.state == "dead"


def test_a_bmc_reset_in_the_middle_of_its_own_flash_leaves_the_bank_incomplete() -> None:
    on = server("x10dri")
    put(on, "bmc.bin", image("x10dri", "bmc", NEW_BMC))
    ran = begin(sum_command.main, on, "./sum", "-c", "UpdateBmc", "--file", "bmc.bin")
    later(on, 150)
    on.bmc.cold_reset()
    later(on, 900)
    assert ran.status == 102
    assert images.read(bytes(on.chips["bmc"].banks[0].data)) is None
    assert on.bmc.state == "dead"


def test_a_bmc_that_does_not_activate_is_reported_as_updated_all_the_same() -> None:
    on = server("x11ssh-f-nohpm", Fault(kind="not-activated"))
    assert update_bmc(on, image("x11ssh-f", "bmc", NEW_BMC)).status == 0
    later(on, 300)
    assert bmc(on) == "3.88"


def test_what_is_invented_is_listed() -> None:
    print(*sum_command.INVENTED, sep="\n")  # noqa: T201 - the list is for whoever reads the test's output
    assert all(line.startswith("sum: ") for line in sum_command.INVENTED)

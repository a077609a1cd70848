"""The BMC writes firmware by itself: what it wants first, what it leaves when it is stopped."""

from __future__ import annotations

from typing import Any

import pytest

from emulators import boards, packages, webflash
from emulators.faults import Fault
from emulators.server import VirtualServer
from emulators.spec import ServerSpec

LICENSED = tuple(name for name in boards.names() if name != "x10dri")


def server(board: str = "x11ssh-f", *faults: Fault, on: bool = False, **spec: Any) -> VirtualServer:
    made = VirtualServer(ServerSpec(board=board, faults=faults, **spec))
    if not on:
        made.power_off()
    return made


def image(made: VirtualServer, version: str = "9.9", kind: Any = "bios") -> bytes:
    return packages.make(made.board, kind, version).data


def damage(made: VirtualServer) -> None:
    chip = made.chips["bios"]
    chip.banks[chip.active].data[6000:7000] = bytes(1000)


def finish(made: VirtualServer, update: webflash.BiosUpdate) -> bool:
    while update.outcome is None:
        due = made.next_due()
        assert due is not None
        made.advance(due)
    return update.outcome


def failed(made: VirtualServer, data: bytes) -> set[str]:
    with pytest.raises(webflash.Refused) as refused:
        webflash.update_bios(made, data)
    assert all(chip.uploading is None for chip in made.chips.values())
    return {check.name for check in refused.value.failed}


@pytest.mark.parametrize("board", LICENSED)
def test_a_dead_bios_is_written_with_the_host_off_and_the_host_posts_again(board: str) -> None:
    made = server(board, on=True)
    damage(made)
    made.power_reset()
    made.advance(made.now + 200)
    assert made.phase == "hung"
    assert "power" in failed(made, image(made))
    made.power_off()
    assert finish(made, webflash.update_bios(made, image(made)))
    made.power_on()
    made.advance(made.now + 900)
    assert str(made.phase) == "up"
    assert made.running_bios is not None
    assert made.running_bios.version == "9.9"


def test_the_writing_takes_the_board_s_time_and_tells_how_far_it_is() -> None:
    made = server()
    update = webflash.update_bios(made, image(made))
    assert update.stage == "recovery mode"
    made.advance(made.now + webflash.RECOVERY_S + made.board.bios.write_s / 2)
    assert (update.stage, update.percent) == ("writing", 50)
    made.advance(made.now + made.board.bios.write_s / 2 + 1)
    assert (update.stage, update.percent, update.outcome) == ("done", 100, True)


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (lambda data: data[:-1], "image"),
        (lambda data: data[:9000] + b"\0" + data[9001:], "image"),
        (lambda data: b"", "image"),
        (lambda data: packages.make(boards.load("x11ssh-f"), "bmc", "3.90").data, "image"),
        (lambda data: packages.make(boards.load("x11ssm-f"), "bios", "9.9").data, "board"),
    ],
)
def test_what_is_no_whole_bios_of_this_board_is_not_written(spoil: Any, why: str) -> None:
    made = server()
    before = bytes(made.chips["bios"].banks[0].data)
    assert why in failed(made, spoil(image(made)))
    assert bytes(made.chips["bios"].banks[0].data) == before


def test_without_a_product_key_nothing_is_written() -> None:
    made = server("x10dri")
    assert failed(made, image(made)) == {"licence"}
    made = server()
    made.licences = ()
    assert failed(made, image(made)) == {"licence"}


def test_without_standby_power_nothing_is_written() -> None:
    made = server()
    for number in range(len(made.psus)):
        made.set_mains(number, False)
    assert {"bmc", "power"} <= failed(made, image(made))


def test_signed_firmware_does_not_go_back() -> None:
    made = server("x12spi")
    assert failed(made, image(made, "1.3")) == {"rollback"}
    assert finish(made, webflash.update_bios(made, image(made, "1.4")))
    assert finish(made, webflash.update_bios(made, image(made, "1.5")))
    assert failed(made, image(made, "1.4")) == {"rollback"}


def test_other_boards_go_back() -> None:
    made = server()
    assert finish(made, webflash.update_bios(made, image(made, "1.0")))


def test_a_held_management_engine_is_freed_by_taking_all_mains_away_alone() -> None:
    made = server("x11ssh-f", Fault(kind="engine-not-in-recovery"))
    assert failed(made, image(made)) == {"engine"}
    made.bmc.cold_reset()
    made.advance(made.now + 200)
    assert failed(made, image(made)) == {"engine"}
    for mains in (False, True):
        for number in range(len(made.psus)):
            made.set_mains(number, mains)
    made.bmc.nvram["power-policy"] = 0
    made.advance(made.now + 200)
    assert finish(made, webflash.update_bios(made, image(made)))


def test_two_updates_do_not_run_at_a_time() -> None:
    made = server()
    webflash.update_bios(made, image(made))
    assert failed(made, image(made)) == {"idle"}
    with pytest.raises(webflash.Refused):
        webflash.update_bmc(made, image(made, "3.90", "bmc"))


def test_a_bmc_that_restarts_on_the_way_leaves_the_chip_half_written() -> None:
    made = server()
    update = webflash.update_bios(made, image(made))
    made.advance(made.now + 100)
    made.bmc.cold_reset()
    made.advance(made.now + 200)
    assert update.outcome is False
    assert made.chips["bios"].boot_firmware() is None
    assert finish(made, webflash.update_bios(made, image(made)))


@pytest.mark.parametrize("preserve", [True, False])
def test_settings_are_kept_if_that_is_wanted(preserve: bool) -> None:
    made = server(bios_settings={"sr-iov": "Enabled"})
    assert finish(made, webflash.update_bios(made, image(made), preserve=preserve))
    made.power_on()
    made.advance(made.now + 900)
    assert (made.bios_settings["sr-iov"] == "Enabled") is preserve


def test_a_bios_that_starts_is_taken_as_a_job_where_the_board_has_such() -> None:
    made = server("r740", on=True)
    update = webflash.update_bios(made, image(made, "2.19.1"))
    made.advance(made.now + 60)
    assert (update.stage, update.outcome) == ("scheduled", None)
    made.host_reboot()
    made.advance(made.now + 1200)
    assert (update.stage, made.phase) == ("done", "up")
    assert made.running_bios is not None
    assert made.running_bios.version == "2.19.1"


@pytest.mark.parametrize("board", boards.names())
def test_the_bmc_writes_itself_and_restarts_with_the_new_version(board: str) -> None:
    made = server(board, on=True)
    version = "9.90" if made.board.vendor == "supermicro" else "9.90.90.90"
    writing = webflash.update_bmc(made, image(made, version, "bmc"))
    made.advance(made.now + made.board.bmc.flash_s + webflash.RESTART_S + made.board.bmc.boot_s + 20)
    assert writing.outcome is True
    assert made.bmc.running is not None
    assert (made.bmc.state, made.bmc.running.version, made.phase) == ("up", version, "up")


@pytest.mark.parametrize("preserve", [True, False])
def test_the_bmc_s_configuration_is_kept_if_that_is_wanted(preserve: bool) -> None:
    made = server(on=True, bmc_passwords={"ADMIN": "other"})
    webflash.update_bmc(made, image(made, "3.90", "bmc"), preserve=preserve)
    made.advance(made.now + 600)
    user = made.bmc.users.by_name(b"ADMIN")
    assert user is not None
    assert user.password == (b"other" if preserve else b"ADMIN")
    assert (made.bmc.lan.address == made.spec.bmc_address) is preserve


def test_another_family_s_image_is_not_written_into_the_bmc() -> None:
    made = server()
    with pytest.raises(webflash.Refused) as refused:
        webflash.update_bmc(made, packages.make(boards.load("x11ssm-f"), "bmc", "1.75").data)
    assert [check.name for check in refused.value.failed] == ["board"]


def test_what_the_file_does_not_matter_for_is_told_before_there_is_one() -> None:
    made = server(on=True)
    assert [check.name for check in webflash.standing(made) if not check.passed] == ["power"]
    made.power_off()
    assert all(check.passed for check in webflash.standing(made))

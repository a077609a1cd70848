"""The physics of one virtual server: power, POST, the BMC's life, and what flash decides."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from emulators import boards, images
from emulators.faults import Fault
from emulators.host.process import Process
from emulators.server import VirtualServer
from emulators.spec import ServerSpec

BOARD = boards.load("x11ssh-f")
LONG = 3600.0


def server(*faults: Fault, board: str = "x11ssh-f", **spec: Any) -> VirtualServer:
    return VirtualServer(ServerSpec(board=board, faults=faults, **spec))


def put_bios(world: VirtualServer, firmware: images.Firmware) -> None:
    world.chips["bios"].banks[0].data[:] = images.build(firmware)


def put_bmc(world: VirtualServer, firmware: images.Firmware) -> None:
    for bank in world.chips["bmc"].banks:
        bank.data[:] = images.build(firmware)


def later(world: VirtualServer, seconds: float = LONG) -> VirtualServer:
    world.advance(world.now + seconds)
    return world


def flash_bmc(world: VirtualServer, version: str = "3.90") -> Process:
    image = images.build(BOARD.firmware("bmc", version))
    process = Process(1, "flash", world.program("bmc", image, 100), world.agenda, None)
    process.start()
    return process


# -- power and POST


def test_a_server_is_handed_over_running() -> None:
    world = server()
    assert (world.phase, world.bmc.answering, world.bmc.address) == ("up", True, world.spec.bmc_address)


def test_a_reboot_ends_in_a_new_boot_id_and_leaves_the_bmc_alone() -> None:
    world = server()
    before, generation = world.host.boot_id, world.bmc.generation
    world.host_reboot()
    later(world)
    assert world.phase == "up"
    assert world.host.boot_id != before
    assert world.bmc.generation == generation


def test_without_any_mains_host_and_bmc_stop_and_the_bmc_boots_when_they_return() -> None:
    world = server()
    world.set_mains(0, False)
    assert world.phase == "up", "the other supply still feeds it"
    world.set_mains(1, False)
    assert (world.phase, world.bmc.answering) == ("off", False)
    world.set_mains(0, True)
    later(world, BOARD.bmc.boot_s - 1)
    assert not world.bmc.answering
    later(world, 2)
    assert world.bmc.answering
    assert world.bmc.address == world.spec.bmc_address, "its NVRAM keeps the LAN settings"


def test_the_power_button_does_nothing_without_standby_power() -> None:
    world = server()
    for psu in (0, 1):
        world.set_mains(psu, False)
    world.power_on()
    assert world.phase == "off"


@pytest.mark.parametrize(
    "firmware",
    [
        replace(BOARD.firmware("bios"), board_id="0884"),
        replace(BOARD.firmware("bios"), kind="bmc"),
        replace(BOARD.firmware("bios"), requires_bmc="3.90"),
    ],
    ids=["another board's", "no BIOS at all", "needs a newer BMC"],
)
def test_firmware_that_does_not_fit_hangs_in_post(firmware: images.Firmware) -> None:
    world = server()
    put_bios(world, firmware)
    world.power_reset()
    later(world)
    assert world.phase == "hung"
    assert world.bmc.answering


def test_a_corrupt_bios_under_a_running_system_does_no_harm_until_the_reboot() -> None:
    world = server()
    world.chips["bios"].banks[0].erase()
    assert later(world).phase == "up"
    world.host_reboot()
    assert later(world).phase == "hung"


def test_a_bios_that_is_repaired_posts_again() -> None:
    world = server()
    world.chips["bios"].banks[0].erase()
    world.power_reset()
    assert later(world).phase == "hung"
    put_bios(world, BOARD.firmware("bios", "3.0"))
    world.power_reset()
    assert later(world).phase == "up"
    assert world.running_bios == BOARD.firmware("bios", "3.0")


def test_the_first_post_of_a_new_version_takes_longer() -> None:
    def minutes(world: VirtualServer) -> float:
        began = world.now
        world.power_reset()
        while world.phase != "up":
            due = world.next_due()
            assert due is not None
            world.advance(due)
        return world.now - began

    fresh = server()
    put_bios(fresh, BOARD.firmware("bios", "3.0"))
    assert minutes(fresh) == minutes(server()) + BOARD.bios.update_post_s


def test_without_a_disk_in_the_boot_order_nothing_boots() -> None:
    world = server()
    world.boot_order = []
    world.power_reset()
    assert later(world).phase == "no-boot"


def test_a_staged_bios_is_written_during_the_next_boot_and_not_before() -> None:
    world = server()
    world.stage_bios(images.build(BOARD.firmware("bios", "3.0")))
    assert later(world).chips["bios"].boot_firmware() == BOARD.firmware("bios")
    world.host_reboot()
    assert later(world).running_bios == BOARD.firmware("bios", "3.0")


def test_power_lost_while_a_staged_bios_is_written_leaves_it_half_erased() -> None:
    world = server()
    world.stage_bios(images.build(BOARD.firmware("bios", "3.0")))
    world.power_reset()
    later(world, BOARD.bios.post_s + BOARD.bios.write_s / 2)
    world.power_off()
    world.power_on()
    assert later(world).phase == "hung"


# -- the BMC


def test_after_a_cold_reset_the_bmc_is_dark_for_its_boot_time_and_the_host_stays_up() -> None:
    world = server()
    world.bmc.cold_reset()
    later(world, BOARD.bmc.boot_s - 1)
    assert world.bmc.handle(6, 0, 1, b"", 4) is None
    later(world, 2)
    assert world.bmc.handle(6, 0, 1, b"", 4) is not None
    assert (world.phase, world.boots) == ("up", 0)


def test_new_bmc_code_runs_only_after_a_reset() -> None:
    world = server()
    process = flash_bmc(world)
    later(world)
    assert process.status == 1, "program returns True"
    assert world.bmc.running == BOARD.firmware("bmc")
    world.bmc.cold_reset()
    assert later(world).bmc.running == BOARD.firmware("bmc", "3.90")


def test_another_familys_code_leaves_kcs_alive_and_the_lan_dead() -> None:
    world = server()
    put_bmc(world, replace(BOARD.firmware("bmc"), family="X11SSM-F"))
    world.bmc.cold_reset()
    later(world)
    assert (world.bmc.answering, world.bmc.foreign, world.bmc.address) == (True, True, None)


def test_a_single_bank_bmc_lives_on_after_a_failed_upload_until_somebody_resets_it() -> None:
    name = next(n for n in boards.names() if boards.load(n).bmc.banks == 1)
    world = server(board=name)
    world.chips["bmc"].begin()
    assert later(world).bmc.answering
    world.bmc.cold_reset()
    assert later(world).bmc.state == "dead"


def test_with_two_banks_a_failed_upload_costs_nothing() -> None:
    world = server()
    world.chips["bmc"].begin()
    world.bmc.cold_reset()
    assert later(world).bmc.running == BOARD.firmware("bmc")


def test_a_bmc_that_asks_for_a_lease_answers_at_the_lease_and_nowhere_else() -> None:
    world = server(Fault(kind="lan-reverts-to-dhcp"))
    put_bmc(world, BOARD.firmware("bmc", "3.90"))
    world.bmc.cold_reset()
    later(world)
    assert world.bmc.address == world.spec.dhcp_pool[0]


def test_a_dedicated_bmc_whose_cable_is_out_answers_nowhere_but_over_kcs() -> None:
    world = server()
    del world.network.cables["dedicated"]
    assert world.bmc.address is None
    assert world.bmc.handle(6, 0, 1, b"", 4, channel=15) is not None


def test_a_writing_that_is_killed_leaves_the_bank_as_far_as_it_came() -> None:
    world = server()
    process = flash_bmc(world)
    later(world, 50)
    process.kill()
    later(world)
    bank = world.chips["bmc"].banks[world.chips["bmc"].target]
    assert 0.4 < len(bytes(bank.data).rstrip(b"\xff")) / images.DEFAULT_SIZE < 0.6


# -- time


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0, 2000), max_size=40))
def test_looking_at_the_world_more_often_changes_nothing(looks: list[float]) -> None:
    def live(at: list[float]) -> list[dict[str, object]]:
        world = server(Fault(kind="lan-reverts-to-dhcp"))
        put_bmc(world, BOARD.firmware("bmc", "3.90"))
        world.agenda.at(10, world.bmc.cold_reset)
        world.agenda.at(300, world.host_reboot)
        world.stage_bios(images.build(BOARD.firmware("bios", "3.0")))
        for look in [*sorted(at), 2500.0]:
            world.advance(look)
        return world.world.records

    assert live(looks) == live([])


def test_a_bios_that_wants_a_power_cycle_is_not_applied_by_a_reboot() -> None:
    name = next(n for n in boards.names() if boards.load(n).bios.activated_by == "power-cycle")
    world, new = server(board=name), boards.load(name).firmware("bios", "9.9")
    world.stage_bios(images.build(new))
    world.host_reboot()
    assert later(world).running_bios != new
    world.power_cycle()
    assert later(world).running_bios == new


@pytest.mark.parametrize(("policy", "phase"), [(0, "off"), (1, "up"), (2, "up")])
def test_after_mains_return_the_power_restore_policy_decides(policy: int, phase: str) -> None:
    world = server()
    world.bmc.nvram["power-policy"] = policy
    for mains in (False, True):
        for psu in (0, 1):
            world.set_mains(psu, mains)
    assert world.phase == "off"
    assert later(world).phase == phase


def test_a_host_that_was_off_when_mains_were_lost_stays_off_under_previous() -> None:
    world = server()
    world.power_off()
    for mains in (False, True):
        for psu in (0, 1):
            world.set_mains(psu, mains)
    assert later(world).phase == "off"


def test_a_bmc_whose_lan_access_is_disabled_answers_over_kcs_alone() -> None:
    world = server()
    world.bmc.lan.access_mode = 0
    assert world.bmc.address is None
    assert world.bmc.handle(6, 0, 1, b"", 4, channel=15) is not None


def test_a_boot_device_is_used_once_and_setup_waits_for_a_person() -> None:
    world = server()
    assert world.bmc.handle(0, 0, 8, bytes([5, 0x80, 6 << 2, 0, 0, 0]), 4) == (0, b"", 0.0)
    world.power_reset()
    assert later(world).phase == "setup"
    world.power_reset()
    assert later(world).phase == "up"

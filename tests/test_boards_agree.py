"""The two catalogues: what operators know of a board (fwsim/boards) and what it truly is (emulators/boards).

They are written apart, on purpose. Where they must agree for an update to work, they are compared here.
"""

from __future__ import annotations

import pytest

from emulators import boards as truth
from emulators.boards import Board as Truth
from emulators.hands.cables import MARKS
from fwsim import boards as known
from fwsim.boards import Board as Known

MARGIN = 2.0  # a deadline is at least so many times the true time: a busy day must not fail an update
PAIRS = [(known.load(name), truth.load(name)) for name in known.names()]
each = pytest.mark.parametrize(("ours", "true"), PAIRS, ids=known.names())


@each
def test_the_baseboard_is_known_by_its_own_strings(ours: Known, true: Truth) -> None:
    assert ours.vendor == true.vendor
    assert ours.is_baseboard(true.manufacturer, true.product)
    assert not ours.system_products or true.system_product in ours.system_products


@each
def test_ids_and_families_agree(ours: Known, true: Truth) -> None:
    assert ours.bmc.manufacturer_id == true.bmc.manufacturer_id
    assert true.bmc.product_id in ours.bmc.product_ids
    assert true.bmc.family in ours.bmc.families
    assert true.bios.board_id in ours.bios.board_ids
    assert ours.bios.vendor == true.bios.vendor


@each
def test_the_channel_is_among_those_that_are_tried(ours: Known, true: Truth) -> None:
    assert true.bmc.channel in ours.bmc.channels


@each
def test_the_default_user_exists(ours: Known, true: Truth) -> None:
    assert ours.bmc.default_user in {user.name for user in true.bmc.users}


@each
def test_the_methods_are_those_that_the_board_takes(ours: Known, true: Truth) -> None:
    takes = [*(["hpm"] if true.bmc.hpm else []), *([true.bmc.vendor_update] if true.bmc.vendor_update else [])]
    assert [m.tool for m in ours.bmc.methods] == takes
    assert [m.tool for m in ours.bios.methods] == [{"supermicro": "sum", "dell": "racadm"}[true.vendor]]


@each
def test_who_activates_and_who_resets_agree(ours: Known, true: Truth) -> None:
    hpm = ours.bmc.method("hpm")
    if true.bmc.hpm:
        assert hpm is not None
        assert hpm.activation == true.bmc.hpm.activation
        assert not hpm.resets_itself
    vendor = next(m for m in ours.bmc.methods if m.tool != "hpm")
    assert vendor.resets_itself is true.bmc.resets_itself


@each
def test_how_a_bios_update_applies_agrees(ours: Known, true: Truth) -> None:
    (method,) = ours.bios.methods
    assert (method.applies, method.activated_by) == (true.bios.applies, true.bios.activated_by)


@each
def test_every_deadline_leaves_a_margin_over_the_true_time(ours: Known, true: Truth) -> None:
    limits, bios = ours.deadlines, true.bios
    start = bios.update_post_s + bios.os_boot_s
    at_start = bios.write_s if bios.applies == "staged" else 0.0
    times = {
        "bmc_flash_s": true.bmc.flash_s,
        "bmc_boot_s": true.bmc.boot_s,
        "bios_flash_s": bios.write_s if bios.applies == "at-once" else 0.0,
        "bios_apply_s": bios.os_shutdown_s + at_start + start,
        "post_s": bios.update_post_s,
        "host_boot_s": bios.os_shutdown_s + at_start + start,
        "shutdown_s": bios.os_shutdown_s,
    }
    assert {name: time for name, time in times.items() if getattr(limits, name) < MARGIN * time} == {}


@each
def test_the_lan_mode_command_is_the_generation_s(ours: Known, true: Truth) -> None:
    commands = {0x70: "supermicro", 0x25: "dell-old"}
    if ours.bmc.lan_mode is not None:
        assert commands[ours.bmc.lan_mode.get_command] == true.bmc.nic_selection_command
    assert ours.bmc.lan_mode is not None or ours.bmc.racadm_nic_selection


@each
def test_the_power_supply_sensors_exist(ours: Known, true: Truth) -> None:
    assert set(ours.bmc.power_supplies) == {s.name for s in true.bmc.sensors if s.kind == "power-supply"}


@each
def test_the_racadm_dialect_and_the_jumpers_agree(ours: Known, true: Truth) -> None:
    assert ours.racadm == true.racadm
    assert set(ours.jumpers) == set(true.jumpers)


@each
def test_what_somebody_beside_the_server_meets_agrees(ours: Known, true: Truth) -> None:
    hands, cmos = ours.hands, ours.hands.cmos
    assert hands.ports == MARKS[true.vendor]
    assert hands.psus == true.psus
    assert [name for name in hands.rear if name.startswith("PSU")] in ([], list(hands.supplies))
    assert hands.nodes == true.nodes
    assert {hands.identify.lower(), hands.bmc_led.lower().replace(" ", "-")} <= set(true.leds)
    assert (cmos.jumper, cmos.how) == (true.cmos.mark, {"pads": "short", "jumper": "move"}[true.cmos.kind])
    assert (cmos.battery == "comes-out") is true.cmos.battery_out
    assert cmos.seconds >= MARGIN * true.cmos.hold_s
    assert (cmos.keep, cmos.clear) == (true.cmos.keep, true.cmos.clear)


@each
def test_the_buttons_and_the_media_agree(ours: Known, true: Truth) -> None:
    hold_s, media = ours.hands.reset_button_s, ours.hands.media
    assert (hold_s is None) is (true.uid_reset_s is None)
    if hold_s is not None and true.uid_reset_s is not None:
        assert true.uid_reset_s <= hold_s < (true.uid_default_s or float("inf"))
    named = {"usb": true.usb_recovery, "sd": true.sd_recovery}
    assert ({media.slot: media.file} if media else {}) == {slot: name for slot, name in named.items() if name}


@each
def test_the_example_starts_from_what_the_board_comes_with(ours: Known, true: Truth) -> None:
    assert (ours.example.bmc[0], ours.example.bios[0]) == (true.bmc.version, true.bios.version)


def test_every_true_board_is_known_or_a_variant_of_a_known_one() -> None:
    for name in truth.names():
        variant = next((k for k in known.names() if name == k or name.startswith(f"{k}-")), None)
        assert variant is not None, name
        assert known.load(variant).is_baseboard(truth.load(name).manufacturer, truth.load(name).product)

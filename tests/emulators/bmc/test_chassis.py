"""Power, identify, boot options, watchdog."""

from __future__ import annotations

from emulators.bmc import chassis
from tests.emulators.bmc.bench import OPERATOR, bmc, later, refused, told


def test_power_follows_the_command() -> None:
    target = bmc()
    told(target, 0x00, 0x02, 0)
    assert not target.server.powered
    assert told(target, 0x00, 0x01)[0] & 1 == 0
    told(target, 0x00, 0x02, 1)
    assert target.server.powered
    assert told(target, 0x00, 0x01)[1] & 0x10, "last power event: by command"


def test_a_host_that_is_off_cannot_be_reset() -> None:
    target = bmc()
    target.server.power_off()
    assert refused(target, 0x00, 0x02, 3) == 0xD5
    assert refused(target, 0x00, 0x02, 2) == 0xD5
    assert refused(target, 0x00, 0x02, 9) == 0xCC


def test_power_is_written_into_the_log() -> None:
    target = bmc()
    told(target, 0x00, 0x02, 0)
    told(target, 0x00, 0x02, 1)
    later(target, 600)
    types = [record.body[8] for record in target.sel.records]
    assert types == [0x09, 0x1D, 0x0F]  # power unit, system boot initiated, system firmware progress


def test_a_corrupt_bios_is_written_into_the_log() -> None:
    target = bmc()
    target.server.chips["bios"].banks[0].erase()
    told(target, 0x00, 0x02, 3)
    last = target.sel.records[-1].body
    assert last[8] == 0x0F and last[-2] == 0x0B, "BIOS corruption detected"


def test_identify_goes_out_by_itself_unless_forced() -> None:
    target = bmc()
    told(target, 0x00, 0x04, 10)
    assert chassis.identify_state(target) == 1
    later(target, 11)
    assert chassis.identify_state(target) == 0
    told(target, 0x00, 0x04, 0, 1)
    later(target, 3600)
    assert told(target, 0x00, 0x01)[2] == 0x40 | 2 << 4


def test_the_restore_policy_survives_a_reset() -> None:
    target = bmc()
    assert told(target, 0x00, 0x06, 2) == b"\x07"
    target.cold_reset()
    later(target, target.board.boot_s + 1)
    assert told(target, 0x00, 0x01)[0] >> 5 & 3 == 2


def test_boot_flags_lapse_after_a_minute() -> None:
    target = bmc()
    told(target, 0x00, 0x08, 5, 0x80, 0x04, 0, 0, 0)
    assert told(target, 0x00, 0x09, 5, 0, 0) == bytes([1, 5, 0x80, 0x04, 0, 0, 0])
    later(target, 61)
    assert told(target, 0x00, 0x09, 5, 0, 0)[2] == 0x00


def test_boot_flags_stay_when_a_power_command_follows() -> None:
    target = bmc()
    told(target, 0x00, 0x08, 5, 0x80, 0x04, 0, 0, 0)
    told(target, 0x00, 0x02, 0)  # off: no BIOS comes to take them
    later(target, 61)
    assert chassis.take_boot_device(target) == "pxe"
    assert chassis.take_boot_device(target) is None, "they are good for one boot"


def test_persistent_boot_flags_are_good_for_every_boot() -> None:
    target = bmc()
    told(target, 0x00, 0x08, 3, 0x08)
    told(target, 0x00, 0x08, 5, 0xC0, 0x08, 0, 0, 0)
    later(target, 61)
    assert [chassis.take_boot_device(target) for _ in range(2)] == ["disk", "disk"]


def test_an_unknown_boot_parameter_is_not_supported() -> None:
    assert refused(bmc(), 0x00, 0x09, 9, 0, 0) == 0x80


# -- watchdog


def test_the_watchdog_resets_the_host() -> None:
    target = bmc()
    starts = target.server.power_starts
    told(target, 0x06, 0x24, 0x04, 0x01, 0, 0, 100, 0)
    told(target, 0x06, 0x22)
    later(target, 9)
    assert target.server.power_starts == starts
    assert int.from_bytes(told(target, 0x06, 0x25)[6:8], "little") == 10
    later(target, 2)
    assert target.server.power_starts == starts + 1
    assert told(target, 0x06, 0x25)[3] == 1 << 4, "expired: SMS/OS"
    assert 0x23 in [record.body[8] for record in target.sel.records]


def test_a_watchdog_that_is_fed_does_nothing() -> None:
    target = bmc()
    starts = target.server.power_starts
    told(target, 0x06, 0x24, 0x04, 0x02, 0, 0, 100, 0)
    for _ in range(5):
        told(target, 0x06, 0x22)
        later(target, 9)
    told(target, 0x06, 0x24, 0x04, 0x00, 0, 0, 100, 0)
    later(target, 100)
    assert target.server.powered and target.server.power_starts == starts


def test_a_reset_of_the_bmc_forgets_the_watchdog() -> None:
    target = bmc()
    told(target, 0x06, 0x24, 0x04, 0x02, 0, 0, 100, 0)
    told(target, 0x06, 0x22)
    target.cold_reset()
    later(target, target.board.boot_s + 60)
    assert target.server.powered
    assert refused(target, 0x06, 0x22) == 0x80, "never set since the boot"


def test_disabled_front_panel_buttons_are_told_by_the_chassis_status() -> None:
    target = bmc()
    assert told(target, 0x00, 0x01)[3] == 0xF0
    told(target, 0x00, 0x0A, 0x03)
    assert told(target, 0x00, 0x01)[3] == 0xF3
    assert refused(target, 0x00, 0x0A, 0, privilege=OPERATOR) == 0xD4

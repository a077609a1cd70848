"""ipmitool's output. Samples are those of facts/vendor-tools-and-boards.md section 1."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.tools import Unparsable, ipmitool
from fwsim.tools.ipmitool import chassis, hpm, lan, mc, raw, sdr, sel, user, watchdog

SUPERMICRO_INFO = """\
Device ID                 : 32
Device Revision           : 1
Firmware Revision         : 3.10
IPMI Version              : 2.0
Manufacturer ID           : 10876
Manufacturer Name         : Supermicro
Product ID                : 6996 (0x1b54)
Product Name              : Unknown (0x1B54)
Device Available          : yes
Provides Device SDRs      : no
Additional Device Support :
    Sensor Device
    Chassis Device
"""
DELL_INFO = """\
Device ID                 : 32
Device Revision           : 1
Firmware Revision         : 2.70
IPMI Version              : 2.0
Manufacturer ID           : 674
Manufacturer Name         : DELL Inc
Product ID                : 256 (0x0100)
Product Name              : Unknown (0x100)
Device Available          : no
Provides Device SDRs      : yes
Additional Device Support :
    Bridge
Aux Firmware Rev Info     : 
    0x00
    0x2d
    0x46
    0x46
"""  # noqa: W291 - ipmitool prints that blank
LAN_PRINT = """\
Set in Progress         : Set Complete
Auth Type Support       : NONE MD2 MD5 PASSWORD 
Auth Type Enable        : Callback : MD2 MD5 PASSWORD 
                        : User     : MD2 MD5 PASSWORD 
IP Address Source       : DHCP Address
IP Address              : 192.168.2.53
Subnet Mask             : 255.255.255.0
MAC Address             : ac:1f:6b:73:c9:f0
SNMP Community String   : public
Default Gateway IP      : 192.168.2.1
Default Gateway MAC     : 00:00:00:00:00:00
Backup Gateway IP       : 0.0.0.0
802.1q VLAN ID          : Disabled
802.1q VLAN Priority    : 0
RMCP+ Cipher Suites     : 1,2,3,6,7,8,11,12
Cipher Suite Priv Max   : XaaaXXaaaXXaaXX
                        :     X=Cipher Suite Unused
Bad Password Threshold  : 0
Invalid password disable: no
"""  # noqa: W291 - ipmitool prints those blanks
USERS = """\
ID  Name\t     Callin  Link Auth\tIPMI Msg   Channel Priv Limit
1                    true    false      false      Unknown (0x00)
2   ADMIN            false   false      true       ADMINISTRATOR
3   root             true    false      true       ADMINISTRATOR
5                    true    false      false      Unknown (0x00)
"""


def test_a_supermicro_s_mc_info_has_two_parts_of_its_version() -> None:
    found = mc.parse_info(SUPERMICRO_INFO)
    assert found == mc.McInfo(32, "3.10", 10876, "Supermicro", 6996, True, ())


def test_a_dell_s_mc_info_has_more_of_the_version_in_its_auxiliary_bytes() -> None:
    found = mc.parse_info(DELL_INFO)
    assert (found.version, found.product_id, found.aux) == ("2.70", 256, (0, 0x2D, 70, 70))
    assert not found.available


@pytest.mark.parametrize("text", ["", "Get Device ID command failed\n", SUPERMICRO_INFO[:60]])
def test_half_an_mc_info_is_unparsable(text: str) -> None:
    with pytest.raises(Unparsable):
        mc.parse_info(text)


def test_a_missing_device_is_told_from_other_errors() -> None:
    text = "Could not open device at /dev/ipmi0 or /dev/ipmi/0 or /dev/ipmidev/0: No such file or directory\n"
    assert ipmitool.device_is_missing(text)
    assert not ipmitool.device_is_missing("Get Device ID command failed\n")


def test_a_guid_is_read_with_or_without_hyphens() -> None:
    text = "System GUID   : 31303043-534d-2500-90d8-7a5f6b1fac00\nGUID Encoding : IPMI\n"
    assert mc.parse_guid(text) == "31303043534d250090d87a5f6b1fac00"
    with pytest.raises(Unparsable):
        mc.parse_guid("Unable to get GUID\n")


def test_raw_commands_are_written_in_hexadecimal_and_read_back() -> None:
    assert raw.argv(0x30, 0x70, 0x0C, 0) == ("ipmitool", "raw", "0x30", "0x70", "0x0c", "0x00")
    assert raw.parse(" 01 0a ff\n 02\n") == bytes([1, 10, 255, 2])
    assert raw.parse("\n") == b""
    with pytest.raises(Unparsable):
        raw.parse("")
    with pytest.raises(Unparsable):
        raw.parse("Invalid command\n")


def test_a_refused_raw_command_has_a_completion_code_and_a_silent_one_has_none() -> None:
    refused = "Unable to send RAW command (channel=0x0 netfn=0x30 lun=0x0 cmd=0x70 rsp=0xc1): Invalid command\n"
    silent = "Unable to send RAW command (channel=0x0 netfn=0x30 lun=0x0 cmd=0x70)\n"
    assert raw.completion_code(refused) == 0xC1
    assert raw.completion_code(silent) is None


def test_guid_and_mac_are_read_from_raw_replies() -> None:
    assert raw.parse_guid(bytes(range(16))) == "000102030405060708090a0b0c0d0e0f"
    assert raw.parse_lan_mac(bytes.fromhex("11ac1f6b73c9f0")) == "ac:1f:6b:73:c9:f0"
    with pytest.raises(Unparsable):
        raw.parse_guid(b"\0" * 15)
    with pytest.raises(Unparsable):
        raw.parse_lan_mac(b"\x11")


@pytest.mark.parametrize(("text", "on"), [("Chassis Power is on\n", True), ("Chassis Power is off\n", False)])
def test_the_power_state_is_read(text: str, on: bool) -> None:
    assert chassis.parse_power(text) is on


def test_no_power_state_is_unparsable() -> None:
    with pytest.raises(Unparsable):
        chassis.parse_power("")


def test_lan_print_is_read() -> None:
    assert lan.parse(LAN_PRINT, 1) == lan.LanConfig(
        channel=1,
        source="dhcp",
        address="192.168.2.53",
        netmask="255.255.255.0",
        mac="ac:1f:6b:73:c9:f0",
        gateway="192.168.2.1",
        vlan=None,
        vlan_priority=0,
        cipher_suites=(1, 2, 3, 6, 7, 8, 11, 12),
    )


@pytest.mark.parametrize("text", ["Invalid channel: 8\n", "Channel 8 is not a LAN channel!\n", "Invalid Channel 8\n"])
def test_a_channel_without_lan_is_told(text: str) -> None:
    assert lan.is_no_lan_channel(text)
    with pytest.raises(Unparsable):
        lan.parse("", 8)


STATIC = lan.LanConfig(1, "static", "10.0.0.7", "255.255.255.0", "ac:1f:6b:00:00:01", "10.0.0.1", 42, 3, (3, 17))


def words(commands: tuple[tuple[str, ...], ...]) -> list[str]:
    return [" ".join(command) for command in commands]


def test_a_lan_that_fell_back_to_dhcp_is_restored_source_first_and_vlan_last() -> None:
    now = replace(STATIC, source="dhcp", address="192.168.2.53", gateway="0.0.0.0", vlan=None, vlan_priority=0)
    assert words(lan.restore(STATIC, now)) == [
        "ipmitool lan set 1 ipsrc static",
        "ipmitool lan set 1 ipaddr 10.0.0.7",
        "ipmitool lan set 1 defgw ipaddr 10.0.0.1",
        "ipmitool lan set 1 vlan priority 3",
        "ipmitool lan set 1 vlan id 42",
    ]


def test_a_lan_that_was_leased_gets_its_source_back_and_no_address() -> None:
    wanted = replace(STATIC, source="dhcp", vlan=None, vlan_priority=0)
    now = replace(wanted, source="static", address="0.0.0.0", netmask="0.0.0.0", vlan=7)
    assert words(lan.restore(wanted, now)) == ["ipmitool lan set 1 ipsrc dhcp", "ipmitool lan set 1 vlan id off"]


def test_nothing_is_sent_for_what_agrees() -> None:
    assert lan.restore(STATIC, STATIC) == ()
    assert lan.differences(STATIC, STATIC) == {}


def test_a_new_lease_is_no_difference_but_a_new_source_is() -> None:
    leased = replace(STATIC, source="dhcp")
    assert lan.differences(leased, replace(leased, address="10.0.0.99")) == {}
    assert lan.differences(STATIC, replace(STATIC, source="dhcp", address="10.0.0.99")) == {
        "source": ("static", "dhcp"),
        "address": ("10.0.0.7", "10.0.0.99"),
    }


def test_users_are_read_by_column_as_names_may_be_blank() -> None:
    users = user.parse(USERS)
    assert [(u.id, u.name, u.is_empty) for u in users] == [
        (1, "", True),
        (2, "ADMIN", False),
        (3, "root", False),
        (5, "", True),
    ]
    assert users[1] == user.User(2, "ADMIN", False, False, True, "ADMINISTRATOR")


def test_a_name_with_blanks_stays_whole() -> None:
    row = f"{4:<4d}{'night shift user':<17s}{'true ':<8s}{'true ':<11s}{'false':<11s}USER\n"
    assert user.parse(USERS.splitlines()[0] + "\n" + row)[0].name == "night shift user"


def test_both_vendors_words_for_an_empty_slot_are_equal() -> None:
    dell = USERS.replace("Unknown (0x00)", "NO ACCESS")
    assert user.differences(user.parse(USERS), user.parse(dell)) == {}


def test_a_lost_user_and_a_changed_privilege_are_differences() -> None:
    after = USERS.replace("ADMIN            false", "                 false").replace(
        "true    false      true       ADMINISTRATOR", "true    false      true       OPERATOR"
    )
    assert user.differences(user.parse(USERS), user.parse(after)) == {
        "user 2": ("ADMIN ADMINISTRATOR ipmi", "(no name) ADMINISTRATOR ipmi"),
        "user 3": ("root ADMINISTRATOR call-in ipmi", "root OPERATOR call-in ipmi"),
    }


@pytest.mark.parametrize("text", ["", "2   ADMIN\n", USERS.splitlines()[0] + "\n2   ADMIN  maybe\n"])
def test_a_broken_user_list_is_unparsable(text: str) -> None:
    with pytest.raises(Unparsable):
        user.parse(text)


SEL = """\
 12d | 03/23/2024 | 08:50:47 | System Boot Initiated #0xe8 | Initiated by power up | Asserted
 12e | 03/23/2024 | 08:51:45 | System ACPI Power State #0x7f | S0/G0: working | Asserted
1fb | 07/05/2021 | 15:22:14 | System Firmwares #0x1d | System boot initiated | Asserted
   1 |  Pre-Init  |0000000012| Power Supply PS2 Status | Failure detected | Asserted
   2 | OEM record c0 | 000002a2 | 1a4200000000
"""


def test_event_ids_are_hexadecimal_and_an_unset_clock_has_no_date() -> None:
    events = sel.parse(SEL)
    assert [event.id for event in events] == [0x12D, 0x12E, 0x1FB, 1, 2]
    assert events[0].when == "03/23/2024 08:50:47"
    assert events[4].asserted is None


def test_a_failed_power_supply_is_critical_until_it_is_taken_back() -> None:
    line = "   1 | 03/23/2024 | 08:50:47 | Power Supply PS2 Status | Failure detected | Asserted\n"
    events = sel.parse(line)
    assert [event.is_critical for event in events] == [True]
    assert sel.unresolved(events) == events
    assert sel.unresolved(sel.parse(line + line.replace("   1 |", "   2 |").replace("Asserted", "Deasserted"))) == ()


def test_ordinary_boot_events_are_not_critical() -> None:
    assert not any(event.is_critical for event in sel.parse("".join(SEL.splitlines(keepends=True)[:3])))


def test_corruption_of_the_bios_is_critical() -> None:
    (event,) = sel.parse(
        "   1 | 03/23/2024 | 08:50:47 | System Firmwares #0xd0 | BIOS corruption detected | Asserted\n"
    )
    assert event.is_critical


def test_an_empty_event_log_is_empty_and_silence_is_unparsable() -> None:
    assert sel.parse("", "SEL has no entries\n") == ()
    with pytest.raises(Unparsable):
        sel.parse("", "Get SEL Info command failed\n")


SUPPLIES = """\
PS1 Status       | C8h | ok  | 10.1 | Presence detected
PS2 Status       | C9h | ok  | 10.2 | Presence detected, Power Supply AC lost
PS3 Status       | CAh | ok  | 10.3 | 
PS4 Status       | CBh | ns  | 10.4 | No Reading
"""  # noqa: W291 - ipmitool prints that blank


def test_power_supplies_are_good_bad_absent_or_unknown() -> None:
    assert [s.state for s in sdr.parse(SUPPLIES)] == ["good", "bad", "absent", "unknown"]


def test_a_dead_supply_contradicts_two_feeds_and_a_missing_reading_does_not() -> None:
    lines = SUPPLIES.splitlines()
    assert "PS2 Status: Presence detected, Power Supply AC lost" in sdr.contradict(sdr.parse(SUPPLIES), 2)
    assert sdr.contradict(sdr.parse(lines[0] + "\n" + lines[3]), 2) == ""
    assert sdr.contradict(sdr.parse(lines[0] + "\n" + lines[2]), 2) == "no power supply in PS3 Status"
    assert sdr.contradict((), 2) == ""


CHECK = """\

PICMG HPM.1 Upgrade Agent 1.0.9: 

Validating firmware image integrity...OK
Performing preparation stage...OK

Comparing Target & Image File version
--------------------------------------------------------------------------
|ID  | Name        |                     Versions                        |
|    |             |     Active      |     Backup      |      File       |
--------------------------------------------------------------------------
|*^ 0|BOOT         |   2.13 35000000 | ---.-- -------- |   2.13 3A000000 |
|   1|APP          |   3.88 00000000 |   3.80 00000000 | ---.-- |
--------------------------------------------------------------------------
"""  # noqa: W291 - ipmitool prints that blank


def test_the_table_of_a_check_is_read_and_a_clean_check_is_clean() -> None:
    found = hpm.parse_check(CHECK, "(*) Component requires Payload Cold Reset\n", 0)
    assert found.components == (
        hpm.Component(0, "BOOT", "2.13", "", "2.13", cold_reset=True, upgradable=True),
        hpm.Component(1, "APP", "3.88", "3.80", "", cold_reset=False, upgradable=False),
    )
    assert found.clean


@pytest.mark.parametrize(
    "line",
    [
        "    Invalid MD5 signature",
        "    Invalid header checksum",
        "    Invalid image file for product 2393",
        "    Invalid image file for manufacturer 674",
        "    Invalid device ID 11",
        "    Some components present in the image file are not supported by the IPMC",
        "    Upgrade undesirable at this moment",
    ],
)
def test_a_refusal_makes_a_check_unclean_whatever_the_exit_status(line: str) -> None:
    found = hpm.parse_check(CHECK, f"\n{line}\n", 0)
    assert found.refusals == (line.strip(),)
    assert not found.clean


def test_a_check_that_asks_or_fails_is_not_clean() -> None:
    assert not hpm.parse_check(CHECK + "\n Continue ignoring DeviceID/ProductID/ManufacturingID (Y/N): ", "", 0).clean
    assert not hpm.parse_check(CHECK, "", 1).clean


def test_a_board_without_hpm_says_so() -> None:
    found = hpm.parse_check("", "Board might not be supporting the HPM.1 Standards\n", 1)
    assert not found.supported
    assert not found.clean


def test_a_check_that_says_nothing_is_unparsable() -> None:
    with pytest.raises(Unparsable):
        hpm.parse_check("", "", 1)


def test_capabilities_are_read_with_their_four_time_outs() -> None:
    found = hpm.parse_capabilities(bytes.fromhex("0000170602040201"))
    assert (found.self_test, found.automatic_rollback, found.manual_rollback, found.deferred_activation) == (True,) * 4
    assert not found.services_affected
    assert not found.undesirable
    timeouts = (found.upgrade_timeout_s, found.self_test_timeout_s, found.rollback_timeout_s, found.inaccessible_s)
    assert timeouts == (30, 10, 20, 10)
    assert found.components == (0,)
    with pytest.raises(Unparsable):
        hpm.parse_capabilities(b"\x00\x00")


def test_an_upgrade_status_is_busy_or_not() -> None:
    assert hpm.parse_status(bytes.fromhex("003280")).busy
    assert not hpm.parse_status(bytes.fromhex("003300")).busy
    with pytest.raises(Unparsable):
        hpm.parse_status(b"")


UPGRADE = (
    "\nPICMG HPM.1 Upgrade Agent 1.0.9: \n\n"
    "Validating firmware image integrity...OK\nPerforming preparation stage...OK\n"
    "\nPerforming upgrade stage:\n\n" + "-" * 79 + "\n"
    "|ID  | Name        |                     Versions                        | %  |\n"
    "|    |             |      Active     |      Backup     |      File       |    |\n"
    "|----|-------------|-----------------|-----------------|-----------------|----|\n"
    "|*  2|BIOS         |   1.11 00000001 | ---.-- -------- |   1.11 19000000 |"
    + "\b\b\b\b\b".join(f"{p:3d}%|" for p in range(101))
    + "\n|    |Upload Time: 00:55             | Image Size: 33554584 bytes              |\n"
    + "-" * 79
    + "\n(*) Component requires Payload Cold Reset\n\nFirmware upgrade procedure successful\n"
)


def test_progress_follows_the_backspaces() -> None:
    at = UPGRADE.index(" 42%|") + 5
    found = hpm.parse_upgrade(UPGRADE[:at])
    assert (found.stage, found.percent, found.component, found.complete) == ("uploading", 42, "BIOS", False)


def test_the_end_of_an_upgrade_is_read() -> None:
    found = hpm.parse_upgrade(UPGRADE)
    assert (found.stage, found.percent, found.size_bytes) == ("ended", 100, 33554584)
    assert found.complete
    assert not found.failed
    assert not found.rolled_back


def test_success_after_a_rollback_is_not_taken_for_one() -> None:
    log = UPGRADE.replace("\nFirmware upgrade", "    Rollback occurred on component mask: 0x01\n\nFirmware upgrade")
    found = hpm.parse_upgrade(log)
    assert found.complete
    assert found.rolled_back


def test_a_failed_upload_keeps_the_tool_s_own_words() -> None:
    cut = UPGRADE[: UPGRADE.index(" 42%|") + 5]
    log = cut + "\n Error in Upload FIRMWARE command [rc=-1]\n TotalSent:0x3f0\nFirmware upgrade procedure failed\n"
    found = hpm.parse_upgrade(log)
    assert found.failed
    assert not found.complete
    assert found.complaints == ("Error in Upload FIRMWARE command [rc=-1]", "TotalSent:0x3f0")


@given(st.integers(0, len(UPGRADE)))
def test_a_log_cut_at_any_byte_never_runs_backward_and_never_claims_too_much(at: int) -> None:
    found = hpm.parse_upgrade(UPGRADE[:at])
    later = hpm.parse_upgrade(UPGRADE)
    assert (found.percent or 0) <= (later.percent or 0)
    assert not found.complete or at >= UPGRADE.index("successful") + len("successful")
    assert found.complaints == ()


def test_the_flash_is_forced_and_the_check_is_not() -> None:
    assert hpm.upgrade("/tmp/a.hpm") == ("ipmitool", "hpm", "upgrade", "/tmp/a.hpm", "force")
    assert hpm.check("/tmp/a.hpm") == ("ipmitool", "hpm", "check", "/tmp/a.hpm")
    assert hpm.check() == ("ipmitool", "hpm", "check")


WATCHDOG = """\
Watchdog Timer Use:     SMS/OS (0x44)
Watchdog Timer Is:      Started/Running
Watchdog Timer Logging: On
Watchdog Timer Action:  Hard Reset (0x01)
Pre-timeout interrupt:  None
Pre-timeout interval:   0 seconds
Timer Expiration Flags: None (0x00)
Initial Countdown:      600.0 sec
Present Countdown:      571.3 sec
"""


@pytest.mark.parametrize("key", ["Watchdog Timer Action: ", "Watchdog Timer Actions:"])
def test_a_running_watchdog_is_told_in_both_versions_words(key: str) -> None:
    found = watchdog.parse(WATCHDOG.replace("Watchdog Timer Action: ", key))
    assert found == watchdog.Watchdog(True, "SMS/OS", "Hard Reset", 571.3)
    assert not watchdog.parse(WATCHDOG.replace("Started/Running", "Stopped")).running


def test_no_watchdog_is_unparsable() -> None:
    with pytest.raises(Unparsable):
        watchdog.parse("Get Watchdog Timer command failed\n")

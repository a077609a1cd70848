"""The host's own tools: dmidecode, systemd, sha256sum, the kernel, disks, interfaces, boot order."""

from __future__ import annotations

import shlex
from datetime import date

import pytest

from fwsim.tools import Unparsable, df, dmidecode, efibootmgr, iplink, kernel, sha256sum, systemd

BASEBOARD = """\
# dmidecode 3.3
Getting SMBIOS data from sysfs.
SMBIOS 2.8 present.

Handle 0x0002, DMI type 2, 15 bytes
Base Board Information
\tManufacturer: Supermicro
\tProduct Name: X10SDV-TLN4F
\tVersion: 1.02
\tSerial Number: xxxxxxxxxxxx
\tAsset Tag: To be filled by O.E.M.
\tFeatures:
\t\tBoard is a hosting board
\t\tProduct Name: not this one
\tLocation In Chassis: To be filled by O.E.M.
\tType: Motherboard

Handle 0x0003, DMI type 2, 15 bytes
Base Board Information
\tManufacturer: Other
\tProduct Name: Riser
"""
BIOS = """\
Handle 0x0000, DMI type 0, 24 bytes
BIOS Information
\tVendor: American Megatrends Inc.
\tVersion: 2.3
\tRelease Date: 06/04/2021
\tAddress: 0xF0000
"""


def test_the_first_baseboard_is_the_board() -> None:
    assert dmidecode.parse_baseboard(BASEBOARD) == dmidecode.Baseboard(
        "Supermicro", "X10SDV-TLN4F", "1.02", "xxxxxxxxxxxx"
    )


def test_the_bios_s_day_is_month_first() -> None:
    assert dmidecode.parse_bios(BIOS) == dmidecode.Bios("American Megatrends Inc.", "2.3", date(2021, 6, 4))
    assert dmidecode.parse_bios(BIOS.replace("06/04/2021", "unknown")).released is None


@pytest.mark.parametrize("text", ["", "# No SMBIOS nor DMI entry point found, sorry.\n", BIOS])
def test_no_baseboard_is_unparsable(text: str) -> None:
    with pytest.raises(Unparsable):
        dmidecode.parse_baseboard(text)


def test_a_keyword_s_line_is_not_a_remark() -> None:
    assert dmidecode.keyword("bios-version") == ("dmidecode", "-s", "bios-version")
    assert dmidecode.parse_keyword("# SMBIOS implementations newer than 3.0\n2.3\n") == "2.3"
    with pytest.raises(Unparsable):
        dmidecode.parse_keyword("# nothing\n")


TAG = systemd.Tag("20260101-1200-ab", "bmc-flash", "0" * 64)
SHOW = f"LoadState=loaded\nActiveState=%s\nSubState=%s\nResult=%s\nExecMainStatus=%s\nDescription={TAG}\n"


def test_a_flash_runs_in_one_unit_of_a_fixed_name_that_says_whose_it_is() -> None:
    argv = systemd.run_detached(
        ("ipmitool", "hpm", "upgrade", "/tmp/a b.hpm", "force"), TAG, log="/tmp/l", standard_input="/dev/null"
    )
    assert argv[:4] == ("systemd-run", "--unit=fwsim-flash", f"--description={TAG}", "--property=RemainAfterExit=yes")
    assert argv[4:6] == ("/bin/sh", "-c")
    assert shlex.split(argv[6]) == [
        "exec",
        "systemd-inhibit",
        "--what=shutdown:sleep",
        "--who=fwsim",
        "--why=firmware is being written",
        "--mode=block",
        "ipmitool",
        "hpm",
        "upgrade",
        "/tmp/a b.hpm",
        "force",
        ">/tmp/l",
        "2>&1",
        "</dev/null",
    ]


@pytest.mark.parametrize(
    ("active", "sub", "result", "status", "state", "exit_status"),
    [
        ("active", "running", "success", "0", "running", None),
        ("activating", "start", "success", "0", "running", None),
        ("active", "exited", "success", "0", "ended", 0),
        ("failed", "failed", "exit-code", "1", "ended", 1),
        ("inactive", "dead", "success", "0", "ended", 0),
    ],
)
def test_a_unit_is_running_or_ended(
    active: str, sub: str, result: str, status: str, state: str, exit_status: int | None
) -> None:
    unit = systemd.parse_show(SHOW % (active, sub, result, status))
    assert (unit.state, unit.exit_status, unit.tag) == (state, exit_status, TAG)


def test_a_unit_that_is_not_there_is_absent_and_has_no_exit_status() -> None:
    text = "LoadState=not-found\nActiveState=inactive\nSubState=dead\nResult=success\nExecMainStatus=0\n"
    unit = systemd.parse_show(text + "Description=fwsim-flash.service\n")
    assert (unit.state, unit.exit_status, unit.tag) == ("absent", None, None)


def test_no_show_is_unparsable() -> None:
    with pytest.raises(Unparsable):
        systemd.parse_show("System has not been booted with systemd as init system (PID 1). Can't operate.\n")


@pytest.mark.parametrize(
    "text",
    [
        "Failed to start transient service unit: Unit fwsim-flash.service already exists.\n",
        "Failed to start transient service unit: Unit fwsim-flash.service was already loaded or has a fragment file.\n",
    ],
)
def test_a_refused_duplicate_is_known(text: str) -> None:
    assert systemd.is_duplicate(text)
    assert not systemd.is_duplicate("Failed to start transient service unit: Access denied\n")


@pytest.mark.parametrize("line", ["{} *a.bin\n", "{}  a.bin\n", "\\{}  a\\nb.bin\n"])
def test_a_hash_is_read(line: str) -> None:
    assert sha256sum.parse(line.format("AB" * 32)) == "ab" * 32


@pytest.mark.parametrize("text", ["", "sha256sum: a.bin: No such file or directory\n", "ab" * 31 + "  a\n"])
def test_no_hash_is_unparsable(text: str) -> None:
    with pytest.raises(Unparsable):
        sha256sum.parse(text)


def test_modules_are_read_below_the_heading() -> None:
    text = """\
Module                  Size  Used by
ipmi_si                77824  0
ipmi_msghandler       122880  1 ipmi_si
"""
    assert kernel.parse_lsmod(text) == {"ipmi_si", "ipmi_msghandler"}
    with pytest.raises(Unparsable):
        kernel.parse_lsmod("")


def test_a_boot_id_is_a_uuid() -> None:
    assert kernel.parse_boot_id("01234567-89ab-cdef-0123-456789abcdef\n") == "01234567-89ab-cdef-0123-456789abcdef"
    with pytest.raises(Unparsable):
        kernel.parse_boot_id("\n")


def test_lockdown_is_the_word_in_brackets() -> None:
    assert kernel.parse_lockdown("none [integrity] confidentiality\n") == "integrity"


def test_free_space_is_in_the_fourth_column() -> None:
    text = """\
Filesystem     1024-blocks    Used Available Capacity Mounted on
/dev/sda2            51175    1000     41000      18% /
"""
    assert df.parse_available_bytes(text) == 41000 * 1024
    with pytest.raises(Unparsable):
        df.parse_available_bytes("df: /x: No such file or directory\n")


LINKS = """\
lo               UNKNOWN        00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP>
eno1             UP             AC:1F:6B:0A:10:22 <BROADCAST,MULTICAST,UP,LOWER_UP>
eno2@if3         DOWN           ac:1f:6b:0a:10:23 <BROADCAST,MULTICAST>
"""


def test_a_renamed_interface_is_told_by_its_mac() -> None:
    before = iplink.parse(LINKS)
    assert [i.name for i in before] == ["eno1", "eno2"]
    after = iplink.parse(LINKS.replace("eno1 ", "enp1s0 "))
    assert iplink.differences(before, after) == {"ac:1f:6b:0a:10:22": ("eno1", "enp1s0")}
    assert iplink.differences(before, before[1:]) == {"ac:1f:6b:0a:10:22": ("eno1", "gone")}


BOOT = """\
BootCurrent: 0001
Timeout: 1 seconds
BootOrder: 0001,0003
Boot0001* debian\tHD(1,GPT,x)/File(\\EFI\\debian)
Boot0003* UEFI: PXE IPv4\tPciRoot
"""


def test_the_boot_order_is_compared_by_its_labels() -> None:
    found = efibootmgr.parse(BOOT)
    assert (found.current, found.order) == ("0001", ("0001", "0003"))
    assert found.labels() == ("debian", "UEFI: PXE IPv4")
    assert efibootmgr.set_order(found.order) == ("efibootmgr", "-o", "0001,0003")
    assert efibootmgr.is_legacy("EFI variables are not supported on this system.\n")
    with pytest.raises(Unparsable):
        efibootmgr.parse("")

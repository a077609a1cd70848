"""Outside clients against the virtual BMC on UDP: the machine's ipmitool and FreeIPMI, nothing of ours in between."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulators import images
from tests.e2e.bmc_bench import Bench, bench

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def supermicro() -> Iterator[Bench]:
    with bench("x11ssh-f") as made:
        yield made


@pytest.fixture(scope="module")
def idrac8() -> Iterator[Bench]:
    with bench("r730") as made:
        yield made


ANSWERED = {
    "mc info": ("Firmware Revision         : 3.88", "Product ID                : 2392 (0x0958)"),
    "mc guid": ("System GUID",),
    "mc selftest": ("Selftest: passed",),
    "mc getenables": ("System Event Logging                     : enabled",),
    "mc watchdog get": ("Watchdog Timer Is:      Stopped",),
    "lan print 1": ("IP Address              : 192.0.2.20", "RMCP+ Cipher Suites     : 3,17", "User Lockout Interval"),
    "user list 1": ("2   ADMIN            false   false      true       ADMINISTRATOR", "NO ACCESS"),
    "user summary 1": ("Enabled User Count  : 1",),
    "channel info 1": ("Channel Medium Type   : 802.3 LAN", "Access Mode         : always available"),
    "channel getaccess 1 2": ("Privilege Level      : ADMINISTRATOR",),
    "channel getciphers ipmi 1": ("hmac_sha256",),
    "chassis status": ("System Power         : on", "Power Restore Policy : previous"),
    "chassis restart_cause": ("System restart cause",),
    "chassis policy list": ("always-off always-on previous",),
    "chassis bootparam get 5": ("Boot Flag Invalid",),
    "sdr": ("CPU Temp         | 38 degrees C      | ok", "12V              | 12.06 Volts       | ok"),
    "sdr elist all": ("PS1 Status       | 07h | ok  | 10.1 | Presence detected", "Dynamic MC @ 20h"),
    "sensor": ("FAN1             | 3400.000   | RPM        | ok",),
    "sdr info": ("Record Count                        : 9",),
    "sel info": ("Overflow         : false",),
    "fru print": (" Board Product         : X11SSH-F", " Product Serial        : S258923X6B01234"),
    "sol info 1": ("Payload Port                    : 623",),
    "session info active": ("privilege level               : ADMINISTRATOR",),
    "raw 0x30 0x70 0x0c 0": (" 00\n",),
    "raw 0x30 0x70 0x02": (" 00\n",),
    "raw 0x30 0x21": (" 01 00 00 00 ac 1f 6b 0a 10 22\n",),
    "hpm check": ("|   0|BMC          |   3.88 00000000 |   3.88 00000000 | ---.-- -------- |",),
}


@pytest.mark.parametrize("suite", [3, 17])
@pytest.mark.parametrize("words", ANSWERED)
def test_ipmitool_is_answered(supermicro: Bench, words: str, suite: int) -> None:
    out = supermicro.ipmitool(*words.split(), suite=suite)
    for text in ANSWERED[words]:
        assert text in out


REFUSED = {
    "lan print 8": "Invalid channel: 8",
    "raw 0x30 0x70 0x02 0x01": "rsp=0xcc): Invalid data field in request",
    "raw 6 0x99": "rsp=0xc1): Invalid command",
    "hpm activate": "compcode=0xd5",
    "delloem lan get": "Error in getting nic selection (Invalid command)",
}


@pytest.mark.parametrize("words", REFUSED)
def test_ipmitool_is_refused(supermicro: Bench, words: str) -> None:
    status, _, err = supermicro.ipmitool_raw(*words.split())
    assert status == 1 and REFUSED[words] in err


HPM_ON_STDERR = {
    "hpm targetcap": "Inaccessibility timeout.[5 sec]",
    "hpm compprop 0 1": " Minor: 88",
    "hpm upgstatus": "Last command completion code:",
    "hpm selftestresult": "Result1 = 55",
    "hpm rollbackstatus": "No Firmware rollback occurred",
}


@pytest.mark.parametrize("words", HPM_ON_STDERR)
def test_ipmitools_upgrade_agent_is_answered(supermicro: Bench, words: str) -> None:
    status, _, err = supermicro.ipmitool_raw(*words.split())
    assert status == 0 and HPM_ON_STDERR[words] in err


def test_power_by_ipmitool() -> None:
    with bench() as made:
        assert made.ipmitool("power", "off") == "Chassis Power Control: Down/Off\n"
        assert made.ipmitool("power", "status") == "Chassis Power is off\n"
        assert "no reading" in made.ipmitool("sdr")
        status, _, err = made.ipmitool_raw("power", "reset")
        assert status == 1 and "Command not supported in present state" in err
        made.ipmitool("power", "on")
        assert made.ipmitool("power", "status") == "Chassis Power is on\n"
        assert "Power off/down" in made.ipmitool("sel", "elist")
        made.ipmitool("sel", "clear")
        assert made.ipmitool("sel", "list") == ""


def test_lan_settings_by_ipmitool() -> None:
    with bench() as made:
        made.ipmitool("lan", "set", "1", "ipsrc", "dhcp")
        assert "IP Address              : 192.0.2.100" in made.ipmitool("lan", "print", "1")
        made.ipmitool("lan", "set", "1", "ipsrc", "static")
        made.ipmitool("lan", "set", "1", "ipaddr", "192.0.2.57")
        made.ipmitool("lan", "set", "1", "netmask", "255.255.0.0")
        made.ipmitool("lan", "set", "1", "defgw", "ipaddr", "192.0.2.9")
        made.ipmitool("lan", "set", "1", "vlan", "id", "42")
        out = made.ipmitool("lan", "print", "1")
        assert "IP Address              : 192.0.2.57" in out and "802.1q VLAN ID          : 42" in out
        assert made.server.bmc.lan.gateway == "192.0.2.9"
        assert made.ipmitool_raw("lan", "set", "1", "vlan", "id", "off") == (0, "", "")


def test_users_by_ipmitool_and_what_they_may_do() -> None:
    with bench() as made:
        made.ipmitool("user", "set", "name", "3", "bob")
        made.ipmitool("user", "set", "password", "3", "secretpw")
        assert "Success" in made.ipmitool("user", "test", "3", "16", "secretpw")
        made.ipmitool("user", "enable", "3")
        made.ipmitool("channel", "setaccess", "1", "3", "callin=on", "ipmi=on", "link=on", "privilege=2")
        assert "3   bob              true    true       true       USER" in made.ipmitool("user", "list", "1")
        bob: dict[str, Any] = {"user": "bob", "password": "secretpw", "level": "USER"}
        assert made.ipmitool_raw("power", "status", **bob)[1] == "Chassis Power is on\n"
        status, _, err = made.ipmitool_raw("power", "off", **bob)
        assert status == 1 and "Insufficient privilege level" in err
        assert made.server.powered


def test_lan_mode_by_raw_bytes() -> None:
    with bench() as made:
        assert made.ipmitool("raw", "0x30", "0x70", "0x0c", "1", "2") == "\n"
        assert made.ipmitool("raw", "0x30", "0x70", "0x0c", "0") == " 02\n"


def test_nic_selection_by_delloem(idrac8: Bench) -> None:
    assert idrac8.ipmitool("delloem", "lan", "get") == "dedicated\n"
    assert idrac8.ipmitool("delloem", "lan", "set", "shared", "with", "lom2") == "configured successfully"
    idrac8.ipmitool("delloem", "lan", "set", "shared", "with", "failover", "all", "loms")
    out = idrac8.ipmitool("delloem", "lan", "get")
    assert out == "Shared LOM   :  shared with lom2\nFailover LOM :  shared with failover all loms\n"


# -- upgrades


def hpm(made: Bench, path: Path, version: str = "3.90", size: int = 8192) -> str:
    board = made.server.board
    file = path / f"bmc-{version}.hpm"
    image = images.build(board.firmware("bmc", version), size)
    file.write_bytes(images.wrap_hpm(image, version, board.hpm_target()))
    return str(file)


def back(made: Bench) -> None:
    """Wait until the BMC answers again."""
    for _ in range(40):
        if made.server.bmc.answering:
            return
        time.sleep(0.1)
    raise AssertionError("the BMC did not come back")


@pytest.mark.parametrize("suite", [3, 17])
def test_a_whole_upgrade_from_outside(tmp_path: Path, suite: int) -> None:
    with bench(boot_s=1.0, flash_s=1.0) as made:
        file = hpm(made, tmp_path)
        assert "| ^ 0|BMC          |   3.88 00000000 |" in made.ipmitool("hpm", "check", file, suite=suite)
        status, out, err = made.ipmitool_raw("hpm", "upgrade", file, "force", suite=suite)
        assert status == 0 and "100%|" in out and "Firmware upgrade procedure successful" in err
        assert "|   3.90 00000000 |\n" in made.ipmitool("hpm", "check"), "it waits for the reset"
        assert made.ipmitool("mc", "reset", "cold") == "Sent cold reset command to MC\n"
        time.sleep(0.2)
        assert not made.server.bmc.answering
        back(made)
        assert "Firmware Revision         : 3.90" in made.ipmitool("mc", "info")


def test_a_whole_upgrade_with_large_blocks(tmp_path: Path) -> None:
    with bench("x11ssm-f", boot_s=1.0, flash_s=0.5) as made:
        made.ipmitool("hpm", "upgrade", hpm(made, tmp_path, size=65536), "force")
        made.ipmitool("mc", "reset", "cold")
        time.sleep(0.2)
        back(made)
        assert "Firmware Revision         : 3.90" in made.ipmitool("mc", "info")


def test_an_upgrade_with_activation_and_back_again(tmp_path: Path) -> None:
    with bench("c6220", boot_s=1.0, flash_s=0.5) as made:
        file = hpm(made, tmp_path)
        status, _, err = made.ipmitool_raw("hpm", "upgrade", file, "force")
        assert status == 1 and "procedure failed" in err, (
            "it asks whether services may be affected; input is at its end"
        )
        affected = made.server.board.bmc.hpm
        assert affected is not None and affected.service_affected
        status, _, _ = made.ipmitool_raw("hpm", "upgrade", file, "force", stdin=b"y\n")
        assert status == 0
        made.ipmitool("hpm", "activate")
        back(made)
        assert "Firmware Revision         : 3.90" in made.ipmitool("mc", "info")
        made.ipmitool_raw("hpm", "rollback")
        back(made)
        assert "Firmware Revision         : 2.62" in made.ipmitool("mc", "info")


def test_compare_by_ipmitool(supermicro: Bench, tmp_path: Path) -> None:
    board = supermicro.server.board
    same = hpm(supermicro, tmp_path, board.bmc.version, board.bmc.image_size)
    assert "Comparison passed" in supermicro.ipmitool("hpm", "compare", same)
    other = hpm(supermicro, tmp_path, "3.90")
    assert "doesn't match the upgrade image" in supermicro.ipmitool("hpm", "compare", other)


def test_a_board_without_hpm_says_so(idrac8: Bench) -> None:
    status, _, err = idrac8.ipmitool_raw("hpm", "check")
    assert status == 1 and "Board might not be supporting the HPM.1 Standards" in err


# -- FreeIPMI


def test_bmc_info(supermicro: Bench, tmp_path: Path) -> None:
    status, out, err = supermicro.freeipmi("bmc-info", home=tmp_path)
    assert status == 0, err
    assert "Firmware Revision     : 3.88" in out and "Product ID            : 2392" in out


def test_ipmipower(tmp_path: Path) -> None:
    with bench() as made:
        assert made.freeipmi("ipmipower", "--stat", home=tmp_path)[1] == "127.0.0.1: on\n"
        assert made.freeipmi("ipmipower", "--off", home=tmp_path)[1] == "127.0.0.1: ok\n"
        assert not made.server.powered
        assert made.freeipmi("ipmipower", "--on", home=tmp_path)[1] == "127.0.0.1: ok\n"
        assert made.server.powered


def test_ipmi_sensors(supermicro: Bench, tmp_path: Path) -> None:
    cache = f"--sdr-cache-directory={tmp_path}"
    status, out, err = supermicro.freeipmi("ipmi-sensors", cache, home=tmp_path)
    assert status == 0, err
    assert "| FAN1        | Fan          | 3400.00    | RPM   | 'OK'" in out
    assert "| PS1 Status  | Power Supply | N/A        | N/A   | 'Presence detected'" in out


def test_ipmi_sel(tmp_path: Path) -> None:
    with bench() as made:
        made.server.power_reset()
        cache = f"--sdr-cache-directory={tmp_path}"
        status, out, err = made.freeipmi("ipmi-sel", cache, home=tmp_path)
        assert status == 0, err
        assert "Initiated by hard reset" in out


def test_ipmi_fru(supermicro: Bench, tmp_path: Path) -> None:
    status, out, err = supermicro.freeipmi("ipmi-fru", f"--sdr-cache-directory={tmp_path}", home=tmp_path)
    assert status == 0, err
    assert "FRU Board Product Name: X11SSH-F" in out and "FRU Product Name: SYS-5019S-M" in out


def test_ipmi_chassis(supermicro: Bench, tmp_path: Path) -> None:
    status, out, err = supermicro.freeipmi("ipmi-chassis", "--get-chassis-status", home=tmp_path)
    assert status == 0, err
    assert "System Power                        : on" in out

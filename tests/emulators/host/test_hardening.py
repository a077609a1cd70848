"""Secure Boot, lockdown, encrypted disks and the host's watchdog, as the host's own commands show them."""

from __future__ import annotations

from typing import Any

import pytest

from emulators.bmc import watchdog
from emulators.hardening import Hardening
from emulators.host.process import Buffer
from emulators.server import VirtualServer
from emulators.spec import ServerSpec


def server(board: str = "x11ssh-f", **spec: Any) -> VirtualServer:
    return VirtualServer(ServerSpec(board=board, **spec))


def hard(**what: Any) -> VirtualServer:
    return server(hardening=Hardening(**what))


def said(on: VirtualServer, line: str) -> tuple[int | None, str]:
    out = Buffer()
    process = on.host.execute(line, stdout=out, stderr=out)
    while process.status is None:
        due = on.next_due()
        assert due is not None
        on.advance(due)
    return process.status, out.text


def test_secure_boot_locks_the_kernel_down_and_refuses_sums_module() -> None:
    on = hard(secure_boot=True)
    assert said(on, "mokutil --sb-state") == (0, "SecureBoot enabled\n")
    assert said(on, "cat /sys/kernel/security/lockdown") == (0, "none [integrity] confidentiality\n")
    assert said(on, "sum -c GetBiosInfo")[0] == 108
    assert said(on, "modprobe ipmi_si")[0] == 0, "the distribution has signed its own"


def test_without_it_the_module_loads() -> None:
    on = hard()
    assert said(on, "mokutil --sb-state") == (0, "SecureBoot disabled\n")
    assert said(on, "cat /sys/kernel/security/lockdown") == (0, "[none] integrity confidentiality\n")
    assert said(on, "sum -c GetBiosInfo")[0] == 0


def test_a_host_that_boots_the_legacy_way_has_no_secure_boot() -> None:
    on = server(bios_settings={"boot-mode": "LEGACY"})
    assert said(on, "mokutil --sb-state") == (255, "EFI variables are not supported on this system\n")


def test_a_plain_disk() -> None:
    on = hard()
    assert said(on, "lsblk -rpno NAME,FSTYPE")[1] == "/dev/sda \n/dev/sda1 vfat\n/dev/sda2 ext4\n"
    assert said(on, "cryptsetup luksDump /dev/sda2") == (1, "Device /dev/sda2 is not a valid LUKS device.\n")
    assert said(on, "cat /etc/crypttab")[0] == 1


@pytest.mark.parametrize(("opened_by", "token"), [("tpm2", "systemd-tpm2"), ("clevis", "clevis"), ("passphrase", "")])
def test_an_encrypted_disk_shows_what_opens_it(opened_by: str, token: str) -> None:
    on = hard(root_disk=opened_by)
    assert "/dev/sda2 crypto_LUKS\n" in said(on, "lsblk -rpno NAME,FSTYPE")[1]
    status, text = said(on, "cryptsetup luksDump /dev/sda2")
    assert status == 0
    tokens = text.partition("Tokens:\n")[2].partition("Digests:")[0]
    assert tokens.startswith(f"  0: {token}\n") if token else not tokens
    assert ("tpm2-device=auto" in said(on, "cat /etc/crypttab")[1]) == (opened_by == "tpm2")


def test_lsblk_refuses_a_column_that_there_is_not() -> None:
    assert said(hard(), "lsblk -o COLOUR") == (1, "lsblk: unknown column: COLOUR\n")


def test_an_idrac_in_lockdown_takes_no_update() -> None:
    on = server("r740", hardening=Hardening(idrac_lockdown=True))
    assert "SystemLockdown=Enabled" in said(on, "racadm get iDRAC.Lockdown.SystemLockdown")[1]
    on.host.files.write("/root/x.exe", b"x")
    assert "Lockdown mode is enabled" in said(on, "racadm update -f /root/x.exe")[1]


def test_a_self_test_that_fails_is_told_by_ipmitool() -> None:
    on = server(self_test=(0x57, 0x02), autoload_ipmi=True)
    assert "Controller update boot block corrupted" in said(on, "ipmitool mc selftest")[1]


# -- the host's end of the watchdog


def test_a_daemon_that_pats_the_watchdog_keeps_the_host_up() -> None:
    on = server(watchdog="armed")
    assert watchdog.of(on.bmc).action == 1
    on.advance(3600)
    assert on.phase == "up"
    assert on.boots == 0


def test_an_armed_watchdog_resets_a_host_whose_daemon_died() -> None:
    on = server(watchdog="armed")
    on.host.halt()
    on.advance(700)
    kinds = [record["kind"] for record in on.world.records]
    assert kinds.index("watchdog-expired") < kinds.index("post")


def test_a_stopped_watchdog_stays_harmless_unless_its_driver_insists() -> None:
    for kind, action in (("armed", 0), ("locked", 1)):
        on = server(watchdog=kind, autoload_ipmi=True)
        assert said(on, "ipmitool mc watchdog off")[0] == 0
        on.advance(on.now + 120)
        assert watchdog.of(on.bmc).action == action, kind
    assert said(server(watchdog="locked"), "cat /sys/module/ipmi_watchdog/parameters/nowayout") == (0, "Y\n")
    assert said(server(), "cat /sys/module/ipmi_watchdog/parameters/nowayout")[0] == 1

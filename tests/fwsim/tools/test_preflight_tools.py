"""What the preflight's own commands print, and what is read out of it."""

from __future__ import annotations

import pytest

from fwsim.tools import Unparsable, disks, kernel, racadm
from fwsim.tools.ipmitool import mc, sol, watchdog

LUKS = """\
LUKS header information
Version:       \t2

Keyslots:
  0: luks2
\tKey:        512 bits
Tokens:
  0: {token}
\tKeyslot:    1
Digests:
  0: pbkdf2
\tHash:       sha256
"""


def test_only_luks_devices_are_looked_into() -> None:
    listed = "/dev/sda \n/dev/sda1 vfat\n/dev/sda2 crypto_LUKS\n/dev/mapper/root ext4\n/dev/nvme0n1p3 crypto_LUKS\n"
    assert disks.parse_encrypted(listed) == ("/dev/sda2", "/dev/nvme0n1p3")
    assert disks.parse_encrypted("") == ()


@pytest.mark.parametrize("token", ["systemd-tpm2", "clevis"])
def test_a_token_says_what_opens_the_disk(token: str) -> None:
    assert disks.seal(LUKS.format(token=token)) == token


@pytest.mark.parametrize("header", ["", LUKS.format(token="systemd-fido2"), LUKS.replace("  0: {token}\n", "")])
def test_a_disk_that_a_person_opens_is_not_sealed(header: str) -> None:
    assert disks.seal(header) == ""


def test_crypttab_names_the_tpm_in_its_options() -> None:
    assert disks.crypttab_seal("root UUID=1 none luks,tpm2-device=auto\n") == "tpm2-device"
    assert disks.crypttab_seal("# root UUID=1 none tpm2-device=auto\nroot UUID=1 none luks\n") == ""


def test_secure_boot_is_on_only_where_mokutil_says_so() -> None:
    assert kernel.is_secure_boot("SecureBoot enabled\n")
    assert not kernel.is_secure_boot("SecureBoot disabled\nPlatform is in Setup Mode\n")


@pytest.mark.parametrize(
    ("text", "passed"),
    [
        ("Selftest: passed\n", True),
        ("Selftest: not implemented\n", None),
        ("Selftest: N/A", None),
        ("Selftest: device corrupted\n -> SEL device not accessible\n", False),
        ("Selftest     : fatal error\nFailure code : 12\n", False),
        ("Selftest     : device specific (C0h)\nFailure code : 01h\n", False),
    ],
)
def test_every_answer_of_a_self_test_is_read(text: str, passed: bool | None) -> None:
    assert mc.parse_self_test(text) is passed


@pytest.mark.parametrize("text", ["", "Bad response: (Unspecified error)\n"])
def test_no_answer_is_no_result(text: str) -> None:
    with pytest.raises(Unparsable):
        mc.parse_self_test(text)
    with pytest.raises(Unparsable):
        sol.parse_enabled(text)
    with pytest.raises(Unparsable):
        racadm.parse_lockdown(text)


def test_the_idracs_lockdown_is_read_in_either_case_of_the_key() -> None:
    assert racadm.parse_lockdown("[Key=iDRAC.Embedded.1#Lockdown.1]\nSystemLockdown=Enabled\n")
    assert not racadm.parse_lockdown("[Key=idrac.Embedded.1#Lockdown.1]\n#SystemLockdown=Disabled\n")


def test_a_watchdog_is_set_again_to_the_bit_and_not_yet_running() -> None:
    settings = bytes([0xC4, 0x11, 0x0A, 0x08, 0x70, 0x17, 0x10, 0x01])  # SMS/OS, running, not logged; hard reset
    assert watchdog.set_again(settings) == (
        "ipmitool", "raw", "0x06", "0x24", "0x84", "0x11", "0x0a", "0x00", "0x70", "0x17",
    )  # fmt: skip
    with pytest.raises(Unparsable):
        watchdog.set_again(settings[:7])

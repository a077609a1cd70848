"""Encrypted disks that the TPM opens: a new BIOS changes what it measures, and then somebody must type a passphrase.

Two ways to seal are told apart from a plain passphrase: systemd-cryptenroll and clevis. Both leave a token in the LUKS2
header; /etc/crypttab has an option for the first one.
"""

from __future__ import annotations

import re

from fwsim.tools import Argv

LIST: Argv = ("lsblk", "-rpno", "NAME,FSTYPE")
CRYPTTAB: Argv = ("cat", "/etc/crypttab")
_SEALS = ("systemd-tpm2", "clevis")


def dump(device: str) -> Argv:
    """The header of an encrypted device, without its keys."""
    return ("cryptsetup", "luksDump", device)


def parse_encrypted(stdout: str) -> tuple[str, ...]:
    """The LUKS devices that lsblk lists."""
    rows = (line.split() for line in stdout.splitlines())
    return tuple(row[0] for row in rows if len(row) > 1 and row[1] == "crypto_LUKS")


def seal(header: str) -> str:
    """What besides a passphrase opens it by the machine alone: systemd-tpm2, clevis, or "" for nothing."""
    tokens = header.partition("Tokens:")[2].partition("Digests:")[0]
    return next((kind for kind in _SEALS if re.search(rf"^\s*\d+: {kind}\s*$", tokens, re.MULTILINE)), "")


def crypttab_seal(text: str) -> str:
    """The same by /etc/crypttab's own options."""
    lines = (line.split() for line in text.splitlines() if not line.lstrip().startswith("#"))
    options = ",".join(words[3] for words in lines if len(words) > 3)
    return "tpm2-device" if "tpm2-device=" in options else ""

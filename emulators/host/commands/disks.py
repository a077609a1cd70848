"""lsblk and cryptsetup: which file systems the disk has, and what opens the encrypted one."""

from __future__ import annotations

from emulators.host.commands.options import Usage, parse
from emulators.host.process import Invocation, Run

COLUMNS = ("NAME", "TYPE", "FSTYPE", "MOUNTPOINT")
UUID = "5d9c2f0e-8f3d-4a52-9f6e-2b7a4c1d0e11"
MAPPED = "sda2_crypt"
TOKENS = {
    "tpm2": "\ttpm2-hash-pcrs:   7\n\ttpm2-pcr-bank:    sha256\n\ttpm2-pubkey:\n\ttpm2-primary-alg: ecc\n"
    "\ttpm2-pin:         false\n\tKeyslot:    1\n",
    "clevis": "\tKeyslot:    1\n",
}
TYPES = {"tpm2": "systemd-tpm2", "clevis": "clevis"}
HEADER = """\
LUKS header information
Version:       \t2
Epoch:         \t5
Metadata area: \t16384 [bytes]
Keyslots area: \t16744448 [bytes]
UUID:          \t{uuid}
Label:         \t(no label)
Subsystem:     \t(no subsystem)
Flags:       \t(no flags)

Data segments:
  0: crypt
\toffset: 16777216 [bytes]
\tlength: (whole device)
\tcipher: aes-xts-plain64
\tsector: 512 [bytes]

Keyslots:
  0: luks2
\tKey:        512 bits
\tPriority:   normal
\tCipher:     aes-xts-plain64
\tCipher key: 512 bits
\tPBKDF:      argon2id
"""
DIGESTS = "Digests:\n  0: pbkdf2\n\tHash:       sha256\n\tIterations: 268866\n"


def _rows(inv: Invocation) -> list[tuple[str, str, str, str]]:
    """Name, type, file system and mount point of every block device."""
    crypt = inv.host.server.spec.hardening.encrypted
    system = ("sda2", "part", "crypto_LUKS", "") if crypt else ("sda2", "part", "ext4", "/")
    rows = [("sda", "disk", "", ""), ("sda1", "part", "vfat", "/boot/efi"), system]
    return [*rows, (MAPPED, "crypt", "ext4", "/")] if crypt else rows


def lsblk(inv: Invocation) -> Run[int]:
    """As a list: with -r or -l, or one column after the other. Without them the real one draws a tree."""
    yield 0.02
    options = parse(inv, "rlpnfo:", ("raw", "list", "paths", "noheadings", "output=", "fs"))
    asked = (options.last("-o", "--output") or ",".join(COLUMNS)).upper().split(",")
    for column in asked:
        if column not in COLUMNS:
            raise Usage(f"lsblk: unknown column: {column}\n", 1)
    paths = options.has("-p", "--paths")
    table = [dict(zip(COLUMNS, row, strict=True)) for row in _rows(inv)]
    for row in table:
        row["NAME"] = _path(row) if paths else row["NAME"]
    if not options.has("-n", "--noheadings"):
        table.insert(0, {column: column for column in COLUMNS})
    raw = options.has("-r", "--raw")
    widths = {c: 0 if raw else max(len(row[c]) for row in table) for c in asked}
    for row in table:
        line = " ".join(row[c].ljust(widths[c]) for c in asked)
        inv.out((line if raw else line.rstrip()) + "\n")
    return 0


def _path(row: dict[str, str]) -> str:
    return f"/dev/mapper/{row['NAME']}" if row["TYPE"] == "crypt" else f"/dev/{row['NAME']}"


def cryptsetup(inv: Invocation) -> Run[int]:
    """luksDump DEVICE alone."""
    yield 0.1
    words = parse(inv, "vq", ("verbose", "batch-mode")).rest
    if words[:1] != ("luksDump",) or len(words) != 2:
        raise Usage("Usage: cryptsetup [OPTION...] <action> <action-specific>\n", 1)
    opened_by = inv.host.server.spec.hardening.root_disk
    if inv.user != "root" or words[1] not in ("/dev/sda", "/dev/sda1", "/dev/sda2"):
        inv.err(f"Device {words[1]} does not exist or access denied.\n")
        return 4
    if words[1] != "/dev/sda2" or opened_by == "plain":
        inv.err(f"Device {words[1]} is not a valid LUKS device.\n")
        return 1
    inv.out(HEADER.format(uuid=UUID))
    if opened_by in TOKENS:
        inv.out("  1: luks2\n\tKey:        512 bits\n\tPriority:   normal\n")
    inv.out("Tokens:\n")
    if opened_by in TOKENS:
        inv.out(f"  0: {TYPES[opened_by]}\n{TOKENS[opened_by]}")
    inv.out(DIGESTS)
    return 0


def crypttab(opened_by: str) -> bytes:
    """/etc/crypttab of a host whose root disk is opened so."""
    more = {"passphrase": "", "tpm2": ",tpm2-device=auto", "clevis": ",initramfs"}[opened_by]
    lines = "# <target name>\t<source device>\t\t<key file>\t<options>\n"
    return (lines + f"{MAPPED} UUID={UUID} none luks,discard{more}\n").encode()

"""The host's kernel: IPMI modules, boot id, lockdown, Secure Boot."""

from __future__ import annotations

import re

from fwsim.tools import Argv, Unparsable

IPMI_MODULES = ("ipmi_devintf", "ipmi_si")
LSMOD: Argv = ("lsmod",)
BOOT_ID: Argv = ("cat", "/proc/sys/kernel/random/boot_id")
LOCKDOWN: Argv = ("cat", "/sys/kernel/security/lockdown")
SECURE_BOOT: Argv = ("mokutil", "--sb-state")
NOWAYOUT: Argv = ("cat", "/sys/module/ipmi_watchdog/parameters/nowayout")


def modprobe(*modules: str, dry_run: bool = False) -> Argv:
    """Load modules; with `dry_run` only see whether they could be."""
    return ("modprobe", *(("-n",) if dry_run else ()), *(("-a",) if len(modules) > 1 else ()), *modules)


def remove(module: str) -> Argv:
    """Unload a module. ipmi_si may need it after the BMC's restart."""
    return ("modprobe", "-r", module)


def parse_lsmod(stdout: str) -> frozenset[str]:
    """The loaded modules. Raises Unparsable."""
    lines = stdout.splitlines()
    if not lines or not lines[0].startswith("Module"):
        raise Unparsable("lsmod", "the heading Module, Size, Used by", stdout)
    return frozenset(line.split()[0] for line in lines[1:] if line.strip())


def parse_boot_id(stdout: str) -> str:
    """The random name of this boot. Raises Unparsable."""
    match = re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", stdout.strip())
    if match is None:
        raise Unparsable("boot_id", "a UUID", stdout)
    return match[0]


def parse_lockdown(stdout: str) -> str:
    """none, integrity or confidentiality: the word in brackets. Raises Unparsable."""
    match = re.search(r"\[(\w+)\]", stdout)
    if match is None:
        raise Unparsable("lockdown", "a word in brackets", stdout)
    return match[1]


def is_secure_boot(stdout: str) -> bool:
    """Does mokutil say that Secure Boot is on? A host that booted the legacy way has none."""
    return "SecureBoot enabled" in stdout

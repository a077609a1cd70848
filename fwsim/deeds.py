"""What a command line does to a server, read off its words alone: flash, restart, power, settings, OEM raw bytes.

For judges. The steps make command lines and this file reads them; it knows no step, so that a step which does the wrong
thing cannot call it something else.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from fwsim.boards import Kind

Deed = Literal[
    "look",  # changes nothing
    "flash",  # a flashing tool, with or without a unit
    "activate",  # a bank becomes the one that boots
    "bmc-reset",
    "console",  # keys at the host's console
    "restart",  # the host's, orderly, by its operating system
    "power",  # on, off, cycle, reset by the chassis
    "factory-default",
    "lan",
    "users",
    "jobs",  # of Dell's queue
    "settings",  # of the BIOS, and the boot order
    "sel",
    "clock",  # of the event log
    "watchdog",
    "packages",
    "modules",
    "files",
    "unit",  # a unit's name set free
    "oem",  # raw bytes whose meaning is the vendor's
]
SPOILING: frozenset[Deed] = frozenset({"activate", "bmc-reset", "restart", "power", "factory-default"})
"""What may end a server whose bank is incomplete."""

_OPTIONS_WITH_VALUE = frozenset("IHpUPkyfoCLedtbrRNTBSKA")
_RAW: dict[tuple[int, int], Deed] = {
    (0x06, 0x02): "bmc-reset",
    (0x06, 0x03): "bmc-reset",
    (0x00, 0x02): "power",
    (0x00, 0x08): "settings",
    (0x0A, 0x47): "sel",
    (0x0A, 0x49): "clock",
    (0x0C, 0x01): "lan",
    (0x06, 0x24): "watchdog",
    (0x06, 0x22): "watchdog",
    (0x06, 0x40): "lan",
    (0x06, 0x43): "users",
    (0x06, 0x45): "users",
    (0x06, 0x47): "users",
    (0x2C, 0x31): "flash",
    (0x2C, 0x32): "flash",
    (0x2C, 0x35): "activate",
    (0x2C, 0x38): "activate",
}
_IPMITOOL: tuple[tuple[str, Deed], ...] = (  # regular expressions over the words after the options, the first that fits
    (r"hpm upgrade\b.*", "flash"),
    (r"hpm (activate|rollback)\b.*", "activate"),
    (r"(mc|bmc) reset\b.*", "bmc-reset"),
    (r"(chassis )?power (on|up|off|down|cycle|reset|soft|diag)\b.*", "power"),
    (r"chassis (bootdev|bootparam set|policy)\b.*", "settings"),
    (r"lan (set|alert set|auth set)\b.*", "lan"),
    (r"exec\b.*", "users"),  # what it runs stands on its standard input: the worst that we send that way
    (r"user (set|enable|disable|priv)\b.*|channel setaccess\b.*", "users"),
    (r"sel time set\b.*", "clock"),
    (r"sel (clear|delete)\b.*", "sel"),
    (r"(mc|bmc) watchdog (off|reset|set)\b.*", "watchdog"),
    (r"delloem (lan|setled|powermonitor clear)\b.*", "lan"),
)
_RACADM: tuple[tuple[str, Deed], ...] = (
    (r"(update|fwupdate|recover)\b.*", "flash"),
    (r"racreset(?!cfg)\b.*", "bmc-reset"),
    (r"racresetcfg\b.*|systemerase\b.*", "factory-default"),
    (r"serveraction (?!powerstatus).*", "power"),
    (r"jobqueue (delete|create)\b.*", "jobs"),
    (r"set BIOS\..*|set -t xml.*", "settings"),
    (r"set iDRAC\.(NIC|IPv4|IPv6|CurrentNIC|CurrentIPv4)\b.*|setniccfg\b.*", "lan"),
    (r"set iDRAC\.Users\b.*", "users"),
    (r"clrsel\b.*", "sel"),
)
_SUM: dict[str, Deed] = {
    "UpdateBios": "flash",
    "UpdateBmc": "flash",
    "UpdateRaidController": "flash",
    "ChangeBiosCfg": "settings",
    "ChangeBmcCfg": "lan",
    "LoadDefaultBiosCfg": "settings",
    "LoadDefaultBmcCfg": "factory-default",
    "SetBmcUserPassword": "users",
}


@dataclass(frozen=True)
class FlashStart:
    """A flash about to begin. `unit`: the unit's name, "" where it runs in no unit. `sha256`: of the unit's tag."""

    kind: Kind | None
    file: str
    unit: str = ""
    sha256: str = ""
    run: str = ""
    remains: bool = False
    by_hpm: bool = False


def of(where: str, argv: Sequence[str]) -> Deed:
    """What this command does. `where`: host, bmc or operator, as in its event."""
    return _of(where, tuple(argv))


@lru_cache(maxsize=4096)
def _of(where: str, argv: tuple[str, ...]) -> Deed:
    if where == "bmc":
        return _raw(argv[1:]) if argv[:1] == ("raw",) else "console" if argv[:2] == ("sol", "type") else "look"
    words = inner(argv)
    if not words:
        return "look"
    name, rest = words[0].rsplit("/", 1)[-1], words[1:]
    match name:
        case "ipmitool":
            return _ipmitool(rest)
        case "racadm":
            return _first(_RACADM, " ".join(_without_options(rest, "rup")))
        case "sum" | "saa":
            return _sum(rest)
        case "reboot" | "shutdown" | "poweroff" | "halt":
            return "restart"
        case "systemctl":
            return _systemctl(rest)
        case "apt-get" | "apt" | "dnf" | "yum":
            return "packages"
        case "modprobe" | "rmmod" | "insmod":
            return "modules"
        case "efibootmgr":
            return "look" if all(w in ("-v", "--verbose") for w in rest) else "settings"
        case "mkdir" | "rm" | "cp" | "mv" | "scp" | "tee" | "chmod" | "touch" | "echo" | "truncate":
            return "files"
        case _:
            return "look"


def flash_start(argv: Sequence[str]) -> FlashStart | None:
    """The flash that this command begins, None where it begins none."""
    words = inner(argv)
    if not words or of("host", words) != "flash":
        return None
    kind, file = _what_is_flashed(words)
    by_hpm = words[0].rsplit("/", 1)[-1] == "ipmitool"
    if argv[0] != "systemd-run":
        return FlashStart(kind, file, by_hpm=by_hpm)
    options = dict(a[2:].split("=", 1) for a in argv if a.startswith("--") and "=" in a)
    tag = dict(w.split("=", 1) for w in options.get("description", "").split() if "=" in w)
    remains = "--property=RemainAfterExit=yes" in argv or "--remain-after-exit" in argv
    return FlashStart(kind, file, options.get("unit", ""), tag.get("sha256", ""), tag.get("run", ""), remains, by_hpm)


def raw_bytes(where: str, argv: Sequence[str]) -> tuple[int, ...]:
    """Netfn, command and data of a raw request, () where it is none."""
    words = list(argv) if where == "bmc" else _after_ipmitool(inner(argv))
    if words[:1] != ["raw"]:
        return ()
    try:
        return tuple(int(w, 0) for w in words[1:])
    except ValueError:
        return ()


def inner(argv: Sequence[str]) -> tuple[str, ...]:
    """The command itself: taken out of `systemd-run`, `sh -c`, `exec`, and what is redirected."""
    return _inner(tuple(argv))


@lru_cache(maxsize=4096)
def _inner(words: tuple[str, ...]) -> tuple[str, ...]:
    if words[:1] == ("systemd-run",):
        words = tuple(w for i, w in enumerate(words) if i and not w.startswith("--"))
    if len(words) >= 3 and words[0].rsplit("/", 1)[-1] in ("sh", "bash") and words[1] == "-c":
        words = tuple(_until_redirected(shlex.split(words[2])))
    while words[:1] in (("exec",), ("sudo",), ("env",), ("nohup",), ("systemd-inhibit",)):
        words = words[1:]
        while words[:1] and words[0].startswith("--"):
            words = words[1:]
    return words


def _until_redirected(words: list[str]) -> list[str]:
    cut = next((i for i, w in enumerate(words) if re.match(r"\d?[<>]", w)), len(words))
    return words[:cut]


def _what_is_flashed(words: tuple[str, ...]) -> tuple[Kind | None, str]:
    name = words[0].rsplit("/", 1)[-1]
    if name == "ipmitool":
        rest = _after_ipmitool(words)
        return "bmc", rest[2] if len(rest) > 2 else ""
    option = "--file" if name in ("sum", "saa") else "-f"  # SUM's own -f names where its password is
    file = next((words[i + 1] for i, w in enumerate(words[:-1]) if w == option), "")
    if name in ("sum", "saa"):
        return ("bmc" if "UpdateBmc" in words else "bios"), file
    return None, file  # racadm's words are the same for both


def _after_ipmitool(words: Sequence[str]) -> list[str]:
    if not words or words[0].rsplit("/", 1)[-1] != "ipmitool":
        return []
    return _without_options(words[1:], "".join(_OPTIONS_WITH_VALUE))


def _without_options(words: Sequence[str], valued: str) -> list[str]:
    """The words from the first that is no option on."""
    i = 0
    while i < len(words) and words[i].startswith("-"):
        i += 2 if len(words[i]) == 2 and words[i][1] in valued else 1
    return list(words[i:])


def _ipmitool(rest: Sequence[str]) -> Deed:
    words = _without_options(rest, "".join(_OPTIONS_WITH_VALUE))
    if words[:1] == ["raw"]:
        return _raw(words[1:])
    return _first(_IPMITOOL, " ".join(words))


def _raw(words: Sequence[str]) -> Deed:
    try:
        netfn, command = int(words[0], 0), int(words[1], 0)
    except (ValueError, IndexError):
        return "look"
    if netfn >= 0x30:
        return "oem"
    return _RAW.get((netfn, command), "look")


def _sum(rest: Sequence[str]) -> Deed:
    command = next((rest[i + 1] for i, w in enumerate(rest[:-1]) if w == "-c"), "")
    return _SUM.get(command, "look")


def _systemctl(rest: Sequence[str]) -> Deed:
    verb = next((w for w in rest if not w.startswith("-")), "")
    if verb in ("reboot", "poweroff", "halt", "kexec", "soft-reboot"):
        return "restart"
    return "unit" if verb in ("stop", "reset-failed", "kill", "start", "restart") else "look"


def _first(table: tuple[tuple[str, Deed], ...], words: str) -> Deed:
    return next((deed for pattern, deed in table if re.fullmatch(pattern, words, re.DOTALL)), "look")

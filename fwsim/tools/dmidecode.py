"""`dmidecode -t baseboard`, `-t bios`, `-s KEYWORD`: what the firmware says of the board and of itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from fwsim.tools import Argv, Unparsable

BASEBOARD: Argv = ("dmidecode", "-t", "baseboard")
BIOS: Argv = ("dmidecode", "-t", "bios")
SYSTEM: Argv = ("dmidecode", "-t", "system")


def keyword(name: str) -> Argv:
    """One string alone, e.g. bios-version, system-uuid."""
    return ("dmidecode", "-s", name)


@dataclass(frozen=True)
class Baseboard:
    """DMI type 2."""

    manufacturer: str
    product: str
    version: str
    serial: str


@dataclass(frozen=True)
class Bios:
    """DMI type 0. `released` is None where the text is no MM/DD/YYYY."""

    vendor: str
    version: str
    released: date | None


@dataclass(frozen=True)
class System:
    """DMI type 1."""

    manufacturer: str
    product: str
    serial: str
    uuid: str


def parse_baseboard(stdout: str) -> Baseboard:
    """The first base board. Raises Unparsable."""
    keys = _section(stdout, "Base Board Information", "baseboard")
    return Baseboard(*_values(keys, stdout, "Manufacturer", "Product Name", "Version", "Serial Number"))


@lru_cache(maxsize=64)  # asked before and after each step that may change it
def parse_bios(stdout: str) -> Bios:
    """Raises Unparsable."""
    keys = _section(stdout, "BIOS Information", "bios")
    vendor, version, released = _values(keys, stdout, "Vendor", "Version", "Release Date")
    return Bios(vendor, version, _day(released))


def parse_system(stdout: str) -> System:
    """Raises Unparsable."""
    keys = _section(stdout, "System Information", "system")
    return System(*_values(keys, stdout, "Manufacturer", "Product Name", "Serial Number", "UUID"))


def parse_keyword(stdout: str) -> str:
    """The string. Lines with # are remarks. Raises Unparsable where there is none."""
    lines = [line.strip() for line in stdout.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise Unparsable("dmidecode -s", "one line", stdout)
    return lines[0]


def _section(stdout: str, title: str, kind: str) -> dict[str, str]:
    """The keys of the first block with that title: tab-indented `Key: value`, deeper lines left out."""
    match = re.search(rf"^{title}$\n((?:\t.*\n?)*)", stdout, re.MULTILINE)
    if match is None:
        raise Unparsable(f"dmidecode -t {kind}", f"a block {title!r}", stdout)
    pairs = (line.partition(":") for line in match[1].splitlines() if not line.startswith("\t\t"))
    return {key.strip(): value.strip() for key, colon, value in pairs if colon}


def _values(keys: dict[str, str], stdout: str, *names: str) -> list[str]:
    missing = [name for name in names if name not in keys]
    if missing:
        raise Unparsable("dmidecode", f"the line {missing[0]!r}", stdout)
    return [keys[name] for name in names]


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%m/%d/%Y").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None

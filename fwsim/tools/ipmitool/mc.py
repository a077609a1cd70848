"""`ipmitool mc info`, `mc guid`, `mc selftest`, `mc reset cold`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from fwsim.tools import Argv, Unparsable, ipmitool
from fwsim.tools.text import pairs

INFO: Argv = ipmitool.argv("mc", "info")
GUID: Argv = ipmitool.argv("mc", "guid")
SELF_TEST: Argv = ipmitool.argv("mc", "selftest")
RESET_COLD: Argv = ipmitool.argv("mc", "reset", "cold")
RESET_SENT = "Sent cold reset command to MC"  # sent, not done: no answer counts as success


@dataclass(frozen=True)
class McInfo:
    """Who the BMC is. `version` has two parts, the minor as two BCD digits; the rest may stand in `aux`."""

    device_id: int
    version: str
    manufacturer_id: int
    manufacturer: str
    product_id: int
    available: bool  # False: a firmware or SDR update is in progress
    aux: tuple[int, ...]


@lru_cache(maxsize=64)  # asked again and again
def parse_info(stdout: str) -> McInfo:
    """Raises Unparsable."""
    keys = pairs(stdout)
    try:
        return McInfo(
            device_id=int(keys["Device ID"]),
            version=keys["Firmware Revision"],
            manufacturer_id=int(keys["Manufacturer ID"].split()[0]),
            manufacturer=keys.get("Manufacturer Name", ""),
            product_id=int(keys["Product ID"].split()[0]),
            available=keys.get("Device Available", "yes") == "yes",
            aux=tuple(int(byte, 16) for byte in re.findall(r"^\s+0x([0-9a-fA-F]{2})\s*$", stdout, re.MULTILINE)),
        )
    except (KeyError, ValueError, IndexError) as error:
        raise Unparsable("ipmitool mc info", "Device ID, Firmware Revision and the ids", stdout) from error


def parse_guid(stdout: str) -> str:
    """32 hexadecimal digits, lower case, in the order in which the BMC sends them. Raises Unparsable."""
    match = re.search(r"GUID\s*:\s*([0-9a-fA-F-]{32,36})", stdout)
    digits = match[1].replace("-", "").lower() if match else ""
    if len(digits) != 32:
        raise Unparsable("ipmitool mc guid", "System GUID", stdout)
    return digits


def parse_self_test(stdout: str) -> bool | None:
    """Did it pass? None where the BMC has no self-test. The exit status is 0 for device-specific failures too.

    Raises Unparsable.
    """
    match = re.search(r"^Selftest\s*:\s*(.+?)\s*$", stdout, re.MULTILINE)
    if match is None:
        raise Unparsable("ipmitool mc selftest", "Selftest: and its result", stdout)
    return {"passed": True, "not implemented": None, "N/A": None}.get(match[1], False)

"""`ipmitool chassis power status`, and the boot flags (System Boot Options, parameter 5) by their own bytes."""

from __future__ import annotations

import re

from fwsim.tools import Argv, Unparsable, ipmitool
from fwsim.tools.ipmitool import raw

POWER_STATUS: Argv = ipmitool.argv("chassis", "power", "status")

BOOT_FLAGS: Argv = raw.argv(0x00, 0x09, 0x05, 0x00, 0x00)
_VALID, _PERSISTENT = 0x80, 0x40


def parse_boot_flags(stdout: str) -> bytes:
    """The five bytes of the parameter, where they are to act at every start; b"" where nothing is asked for, or once
    only. Raises Unparsable."""
    data = raw.parse(stdout)
    if len(data) != 7 or data[1] & 0x7F != 5:
        raise Unparsable("Get System Boot Options", "version, parameter 5 and its five bytes", data.hex(" "))
    flags = data[2:]
    return flags if flags[0] & _VALID and flags[0] & _PERSISTENT else b""


def set_boot_flags(flags: bytes) -> Argv:
    return raw.argv(0x00, 0x08, 0x05, *flags)


def parse_power(stdout: str) -> bool:
    """Is the host on? Raises Unparsable."""
    match = re.search(r"^Chassis Power is (on|off)\s*$", stdout, re.MULTILINE)
    if match is None:
        raise Unparsable("ipmitool chassis power status", "Chassis Power is on or off", stdout)
    return match[1] == "on"

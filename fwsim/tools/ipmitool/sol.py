"""`ipmitool sol info`: can the host's console be had over the network when nothing else answers?"""

from __future__ import annotations

from fwsim.tools import Argv, Unparsable, ipmitool
from fwsim.tools.text import pairs

SOL_ACCESS = 0x02  # standard payload type 1, in the first byte of Get User Payload Access (IPMI 2.0 section 24.7)


def info(channel: int) -> Argv:
    """SOL's settings on that channel."""
    return ipmitool.argv("sol", "info", str(channel))


def parse_enabled(stdout: str) -> bool:
    """Raises Unparsable."""
    enabled = pairs(stdout).get("Enabled", "")
    if enabled not in ("true", "false"):
        raise Unparsable("ipmitool sol info", "Enabled : true or false", stdout)
    return enabled == "true"


def enable(channel: int) -> Argv:
    """What a person runs where it is off."""
    return ipmitool.argv("sol", "set", "enabled", "true", str(channel))

"""`ipmitool mc watchdog get`: a running BMC watchdog would reset the host in the middle of a flash."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fwsim.tools import Argv, Unparsable, ipmitool
from fwsim.tools.ipmitool import raw
from fwsim.tools.text import pairs

GET: Argv = ipmitool.argv("mc", "watchdog", "get")
OFF: Argv = ipmitool.argv("mc", "watchdog", "off")
START: Argv = ipmitool.argv("mc", "watchdog", "reset")
RAW: Argv = raw.argv(0x06, 0x25)  # Get Watchdog Timer: what `off` overwrites, to the bit
NO_ACTION = "No action"
_USE_BITS = 0x87  # use and do-not-log; not whether it runs


@dataclass(frozen=True)
class Watchdog:
    """`action` as printed: No action, Hard Reset, Power Down, Power Cycle."""

    running: bool
    use: str
    action: str
    left_s: float | None

    @property
    def armed(self) -> bool:
        """Does it run, and do something when it runs out?"""
        return self.running and self.action != NO_ACTION


def parse(stdout: str) -> Watchdog:
    """Raises Unparsable."""
    keys = {re.sub(r"\s+", " ", key): value for key, value in pairs(stdout).items()}
    is_ = next((v for k, v in keys.items() if k.startswith("Watchdog Timer Is")), None)
    action = next((v for k, v in keys.items() if k.startswith("Watchdog Timer Action")), None)
    if is_ is None or action is None:
        raise Unparsable("ipmitool mc watchdog get", "Watchdog Timer Is and Watchdog Timer Action", stdout)
    left = re.match(r"[\d.]+", next((v for k, v in keys.items() if k.startswith("Present Countdown")), ""))
    return Watchdog(
        running=is_.startswith(("Started", "Running")),
        use=re.sub(r"\s*\(0x[0-9a-f]+\)", "", keys.get("Watchdog Timer Use", "")),
        action=re.sub(r"\s*\(0x[0-9a-f]+\)", "", action),
        left_s=float(left[0]) if left else None,
    )


def set_again(settings: bytes) -> Argv:
    """Set Watchdog Timer as Get Watchdog Timer answered; START then starts it. Raises Unparsable."""
    if len(settings) != 8:
        raise Unparsable("Get Watchdog Timer", "8 bytes", settings.hex(" "))
    use, action, pretimeout = settings[0] & _USE_BITS, settings[1], settings[2]
    return raw.argv(0x06, 0x24, use, action, pretimeout, 0x00, settings[4], settings[5])

"""What an observation does not say while a part starts: the same would be seen of a healthy one."""

from __future__ import annotations

from recovery.observation import Evidence
from recovery.ruletable import Clues

OF_A_START: Clues = {  # what every start of a host goes through
    "bank.bios": ("whole", "applying"),
    "sel.firmware": ("passed",),
    "console": ("post", "boot-loader", "booting"),
    "console.before": ("post", "boot-loader", "booting"),
    "seen.video": ("logo", "code", "system"),
}
MOOT = {("seen.fans", "100%"): ("bmc.age", "starting")}  # normal while a BMC is dark
MOOT |= {(key, value): ("host.age", "starting") for key, values in OF_A_START.items() for value in values}


def moot(key: str, value: str, evidence: Evidence) -> bool:
    """Does that value say nothing now?"""
    by = MOOT.get((key, value))
    return by is not None and by[1] in evidence.values(by[0])

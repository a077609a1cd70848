"""The names of all kinds of faults, and what is known of each: one row a kind, in the files `about_*`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    # the BMC's flash, and HPM.1
    "flash-interrupted",
    "flash-stalls",
    "not-activated",
    "hpm-answer",
    "hpm-silent",
    "hpm-mute",
    "hpm-slow",
    "activation-rolls-back",
    "self-test-fails",
    # the BMC after a restart or a flash
    "lan-reverts-to-dhcp",
    "lan-config-wiped",
    "users-reset",
    "lan-mode-moved",
    "boot-flags-lost",
    "clock-lost",
    "bmc-never-returns",
    "bmc-late",
    "bmc-flapping",
    "mac-lost",
    "lan-disabled",
    "kcs-wedged",
    "sessions-full",
    "account-locked",
    "someone-resets-bmc",
    # the BIOS
    "bios-written-corrupt",
    "bios-settings-reset",
    "boot-order-lost",
    "boot-order-changed",
    "nic-renamed",
    "post-hangs",
    "stops-at-f1",
    "boot-loop",
    "severe-lock",
    "engine-not-in-recovery",
    "job-stuck",
    "job-fails",
    # the host, its tools and its power
    "host-never-returns",
    "sealed-disk-asks",
    "driver-refused",
    "driver-unverified",
    "licence-missing",
    "tool-missing",
    "module-missing",
    "disk-full",
    "watchdog-fires",
    "someone-reboots-host",
    "psu-dead",
    # what lies between
    "payload-corrupted",
    "ssh-drops",
    "host-key-changed",
    "network-loss",
    "network-duplicates",
    "network-delay",
]

UPLOAD = ("hpm.block", "bmc.write", "bios.write")
MOMENT = ("host.command",)
"""Where what nobody on the server causes comes in, if no trigger says otherwise: as the next command starts there."""

GUIDE = "update guide"
FACTS = "vendor facts"
IPMI = "IPMI and HPM.1 facts"


@dataclass(frozen=True)
class About:
    """What is known of one kind.

    `points`: the moments of the model at which it can fire. `does`: what a real machine does. `seen`: what a person
    would observe. `source` and `cure`: who says so, and what helps (with who says that). `parameters`: the fields of
    a Fault that mean something for it, besides `when` and `times`.
    """

    kind: Kind
    points: tuple[str, ...]
    does: str
    seen: str
    source: str
    cure: str
    parameters: tuple[str, ...] = ()

"""What is done without asking, and what a yes is (DESIGN rule 15): one table.

The README of this folder publishes it. A test holds every kind of deed and every switch of a plan's policy against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fwsim.deeds import Deed

How = Literal["automatic", "asks", "the plan", "never"]


@dataclass(frozen=True)
class Row:
    """`how`: who must have said yes; `yes`: by which word; `policy`: by which switch; `deeds`: as a judge calls it."""

    action: str
    how: How
    yes: str
    deeds: tuple[Deed, ...] = ()
    policy: tuple[str, ...] = ()


UNASKED_REPAIRS = frozenset({"wait", "restore-lan", "restore-lan-mode"})
"""Of recovery/: what is tried after a run that ended badly and nobody is asked about."""

CONSENT: tuple[Row, ...] = (
    Row("observe, wait, copy a backup", "automatic", "-", ("look",)),
    Row("load the IPMI modules, keep our own files and unit", "automatic", "-", ("modules", "files", "unit")),
    Row("put the BMC's LAN settings back, in band, and confirm them from outside", "automatic", "-", ("lan", "oem")),
    Row("disarm the watchdog while anything is written, and put it back", "automatic", "-", ("watchdog",)),
    Row(
        "start an update: flash the plan's payloads, with the resets and reboots that they need",
        "asks",
        "`--yes`, or the host's name typed; no terminal means no",
        ("flash", "activate", "bmc-reset", "restart"),
    ),
    Row("go on with an interrupted run", "asks", "`fwsim resume RUN`, where the run was said yes to; else as above"),
    Row("run commands of the operator's own on the operator's machine", "the plan", "`before`, `verify` and `after`"),
    Row(
        "reboot once before a BIOS flash",
        "the plan",
        "`policy.canary_reboot`, on unless it says otherwise",
        policy=("canary_reboot",),
    ),
    Row(
        "put back users, BIOS settings, boot order and the event log's clock that a flash lost",
        "the plan",
        "`policy.restore`, on unless it says otherwise",
        ("users", "settings", "clock"),
        ("restore",),
    ),
    Row(
        "clear a failed job of an iDRAC, once it has ended, and hand its file over once more",
        "the plan",
        "`policy.retry_failed_job`, on unless it says otherwise",
        ("jobs",),
        ("retry_failed_job",),
    ),
    Row("install ipmitool on the host", "the plan", "`policy.install_ipmitool`", ("packages",), ("install_ipmitool",)),
    Row(
        "flash the BMC over the network, where it does not answer on its host any more",
        "the plan",
        "`policy.flash_over_lan`",
        policy=("flash_over_lan",),
    ),
    Row("flash an older version", "the plan", "`policy.allow_downgrade`", policy=("allow_downgrade",)),
    Row("flash without a way back at hand", "the plan", "`policy.accept_no_fallback`", policy=("accept_no_fallback",)),
    Row(
        "have the vendor's tool keep the BIOS settings",
        "the plan",
        "`policy.preserve_bios_settings`",
        policy=("preserve_bios_settings",),
    ),
    Row(
        "press Enter or F1 at the console of a host that does not come back; type its disk's passphrase",
        "asks",
        "part of starting the update; the passphrase only where `sealed_disk.unlock` names its source",
        ("console",),
    ),
    Row(
        "repair a server after a run that ended badly: wait, put the BMC's LAN settings and port back",
        "automatic",
        "-",
    ),
    Row(
        "any other repair: ipmitool on the host, users, BIOS settings, boot order, keys at the console, resets, power, "
        "ending a flash that stands still, flashing again",
        "asks",
        "`--yes`, or yes to each on the terminal, or `policy.recovery: without-asking`; no terminal means no",
        policy=("recovery",),
    ),
    Row("power on a host that the update has shut down", "asks", "part of starting the update", ("power",)),
    Row(
        "reset, reboot or take power while a bank is or may be incomplete",
        "never",
        "only by `--i-know-the-bank-may-be-incomplete`, which the journal tells",
    ),
    Row(
        "restart a BMC that stands still in writing a BIOS by itself, long after its time, with the host off",
        "asks",
        "as any other repair",
    ),
    Row(
        "factory defaults, clearing the event log, clearing jobs while one is open",
        "never",
        "-",
        ("factory-default", "sel"),
    ),
)


def markdown() -> str:
    """The table as the README has it."""
    rows = ["| action | automatic, asks, the plan, never | what a yes is |", "|---|---|---|"]
    return "\n".join([*rows, *(f"| {row.action} | {row.how} | {row.yes} |" for row in CONSENT)])

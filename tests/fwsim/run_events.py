"""Hand-made lists of events, for tests of what is made from them."""

from __future__ import annotations

from fwsim.events import (
    CommandRan,
    Event,
    Fact,
    Intent,
    Progress,
    RunEnded,
    RunStarted,
    StepEnded,
    StepStarted,
    Warned,
)

STEPS = (
    ("reach-host", "preflight", "Reach the host"),
    ("bmc-flash", "bmc", "Flash BMC 3.90"),
    ("verify-bmc", "verify", "Read the BMC's version back"),
)
FLASH = ("systemd-run", "--unit=fwsim-flash", "/bin/sh", "-c", "exec ipmitool hpm upgrade /var/tmp/x.hpm force")


def started(at: float = 0.0) -> RunStarted:
    run = "20261122-143005-x11ssh-f-3fa2"
    return RunStarted(at, run, "x11ssh-f", "db07", "db07-bmc", "ab" * 32, STEPS, 1_800_000_000.0, "0.1.0")


def until_the_flash() -> list[Event]:
    """Everything up to the middle of the flash: what a journal holds whose writer was killed there."""
    return [
        started(),
        StepStarted(0.0, "reach-host", 1, 3, "Reach the host"),
        CommandRan(0.5, "reach-host", "host", ("true",), 0, "", "", 0.5, False),
        Fact(1.0, "reach-host", "bmc.version", "3.88"),
        Warned(1.0, "reach-host", "the clock is 40 s | off"),
        StepEnded(1.5, "reach-host", "done", "answers as root", 1.5),
        StepStarted(1.5, "bmc-flash", 2, 3, "Flash BMC 3.90"),
        Intent(2.0, "bmc-flash", "flash", "BMC 3.90", "0d4c"),
        CommandRan(2.5, "bmc-flash", "host", FLASH, 0, "Running as unit fwsim-flash.service\n", "", 0.5, True),
        Progress(62.0, "bmc-flash", "upload", 0.25, 131_072.0, "B", 180.0),
    ]


def updated() -> list[Event]:
    """A whole run that ended well."""
    return [
        *until_the_flash(),
        StepEnded(242.0, "bmc-flash", "done", "the whole image was taken", 240.5),
        StepStarted(242.0, "verify-bmc", 3, 3, "Read the BMC's version back"),
        Fact(245.0, "verify-bmc", "bmc.version", "3.90"),
        StepEnded(246.0, "verify-bmc", "done", "3.90", 4.0),
        RunEnded(246.0, "updated", 0, "BMC 3.88 -> 3.90", "", {"bmc": ("3.88", "3.90")}),
    ]


def refused() -> list[Event]:
    """A run that was refused in its first step."""
    return [
        started(),
        StepStarted(0.0, "reach-host", 1, 3, "Reach the host"),
        StepEnded(3.0, "reach-host", "refused", "expected X11SSH-F, saw X11SSM-F", 3.0, "check the plan's host"),
        RunEnded(3.0, "refused", 3, "expected X11SSH-F, saw X11SSM-F", "check the plan's host", {}),
    ]

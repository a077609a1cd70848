"""Is this the server, is everything at hand, do the files fit? Changes nothing but loaded kernel modules.

An update stops at the first refusal. `fwsim preflight` runs the same steps days ahead and goes on after one, with those
whose `needs` went well (fwsim/preflight.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fwsim.context import Job
from fwsim.steps import (
    Action,
    Planned,
    Step,
    attested,
    checks_bmc,
    checks_escape,
    checks_host,
    checks_obstacles,
    files,
    watchdog,
)
from fwsim.steps import planned_on_host as on_host
from fwsim.tools import dmidecode, kernel, racadm, systemd
from fwsim.tools.ipmitool import mc, sdr, sel

Commands = Callable[[Job], Sequence[Planned]]
IN_BAND = ("ipmitool", "modules")


def _check(id: str, title: str, action: Action, commands: Commands, *needs: str) -> Step:
    return Step(id, "preflight", title, action, commands, needs=needs)


def _just(*argvs: tuple[str, ...]) -> Commands:
    return lambda job: on_host(*argvs)


def _idle_commands(job: Job) -> Sequence[Planned]:
    return on_host(systemd.show(), *((racadm.JOBS,) if job.board.racadm else ()))


STEPS = (
    _check("reach", "Reach the host", checks_host.reach, _just(kernel.BOOT_ID, ("id", "-u"))),
    _check("baseboard", "Is it the plan's board?", checks_host.baseboard, _just(dmidecode.BASEBOARD), "reach"),
    _check("tools", "Are the tools of every stage there?", checks_host.tools, checks_host.tools_commands, "reach"),
    _check("ipmitool", "Is ipmitool there?", checks_host.ipmitool, checks_host.ipmitool_commands, "reach"),
    _check(
        "modules",
        "Can the IPMI modules be loaded?",
        checks_host.modules,
        _just(*(kernel.modprobe(module) for module in kernel.IPMI_MODULES)),
        "reach",
    ),
    _check("bmc", "BMC and BIOS as they are", checks_bmc.bmc, _just(mc.INFO, dmidecode.BIOS), *IN_BAND),
    _check("same-bmc", "Is the BMC over LAN this host's?", checks_bmc.same_bmc, checks_bmc.identity_commands, *IN_BAND),
    _check("payloads", "Are the files whole and for this board?", files.check, _just()),
    _check("path", "Which versions, in which order?", files.path, _just(), "bmc"),
    _check("fallback", "Is there a way back?", attested.fallback, _just(), "bmc"),
    _check("power", "Is the power safe?", attested.power, _just(sdr.POWER_SUPPLIES), *IN_BAND),
    _check("quiet", "Does nobody else act on it?", attested.quiet, _just()),
    _check("idle", "Is nothing else at work?", attested.idle, _idle_commands, "reach"),
    _check("watchdog", "Can the watchdog be disarmed?", watchdog.look, _just(*watchdog.COMMANDS), *IN_BAND),
    _check("self-test", "Does the BMC pass its self-test?", checks_bmc.self_test, _just(mc.SELF_TEST), *IN_BAND),
    _check("events", "Has the BMC logged nothing critical?", checks_bmc.events, _just(sel.LIST), *IN_BAND),
    _check(
        "login",
        "Can the BMC be used over LAN?",
        checks_escape.login,
        checks_escape.login_commands,
        "same-bmc",
    ),
    _check(
        "console",
        "Can the console be had over LAN?",
        checks_escape.console,
        checks_escape.console_commands,
        "same-bmc",
    ),
    _check("web", "Do the BMC's web pages answer?", checks_escape.web, _just()),
    _check(
        "secure-boot",
        "Does the kernel take the vendor's driver?",
        checks_obstacles.kernel_lets,
        _just(kernel.LOCKDOWN, kernel.SECURE_BOOT),
        "reach",
    ),
    _check(
        "vendor",
        "Can the vendor's tool do its work?",
        checks_obstacles.vendor,
        checks_obstacles.vendor_commands,
        "tools",
    ),
    _check(
        "sealed-disk",
        "Does the root disk open after a new BIOS?",
        checks_obstacles.sealed_disk,
        _just(*checks_obstacles.SEALED_COMMANDS),
        "reach",
    ),
    _check("room", "Is there room for the files?", checks_host.room, checks_host.room_commands, "reach"),
)

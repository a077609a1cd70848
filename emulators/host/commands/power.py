"""The ways down: reboot, poweroff, halt, shutdown."""

from __future__ import annotations

import posixpath
import time

from emulators.host.commands.options import Usage, parse
from emulators.host.process import Invocation, Run

LONG = ("force", "reboot", "poweroff", "halt", "no-wall", "wtmp-only", "no-sync")


def go_down(inv: Invocation, verb: str, *, forced: int = 0) -> Run[int]:
    """Begin it and return: logins drop once the system has stopped. `forced` leaves the orderly stop out."""
    if inv.user != "root":
        action = {"reboot": "Reboot", "poweroff": "PowerOff", "halt": "Halt"}[verb]
        inv.err("Failed to set wall message, ignoring: Interactive authentication required.\n"
                f"Call to {action} failed: Interactive authentication required.\n")  # fmt: skip
        return 1
    server = inv.host.server
    if forced and verb == "reboot":
        server.power_reset()
    elif forced:
        server.power_off()
    elif verb == "reboot":
        server.host_reboot()
    else:
        server.host_poweroff()
    yield 0.1
    return 0


def _down(inv: Invocation, verb: str) -> Run[int]:
    options = parse(inv, "fpwdn", LONG)
    if options.has("-w", "--wtmp-only"):
        return 0
    if options.has("--poweroff", "-p"):
        verb = "poweroff"
    elif options.has("--reboot"):
        verb = "reboot"
    return (yield from go_down(inv, verb, forced=int(options.has("-f", "--force"))))


def reboot(inv: Invocation) -> Run[int]:
    return (yield from _down(inv, "reboot"))


def poweroff(inv: Invocation) -> Run[int]:
    return (yield from _down(inv, "poweroff"))


def halt(inv: Invocation) -> Run[int]:
    return (yield from _down(inv, "halt"))


def shutdown(inv: Invocation) -> Run[int]:
    """Without a time, in a minute; -c calls it off."""
    options = parse(inv, "rhHPPkcft:", ("reboot", "poweroff", "halt", "no-wall", "show"))
    host = inv.host
    if inv.user != "root":
        raise Usage("Failed to schedule shutdown: Interactive authentication required.\n", 1)
    if options.has("-c"):
        if host.scheduled_shutdown is not None:
            host.scheduled_shutdown.cancel()
            host.scheduled_shutdown = None
        return 0
    verb = "reboot" if options.has("-r", "--reboot") else "poweroff"
    when = options.rest[0] if options.rest else "+1"
    minutes = _minutes(when)
    if minutes is None:
        raise Usage(f"Failed to parse time specification: {when}\n", 1)
    if minutes == 0:
        return (yield from go_down(inv, verb))
    action = host.server.host_reboot if verb == "reboot" else host.server.host_poweroff
    if host.scheduled_shutdown is not None:
        host.scheduled_shutdown.cancel()
    host.scheduled_shutdown = host.server.agenda.after(minutes * 60, action)
    moment = time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(host.calendar + minutes * 60))
    word = "Reboot" if verb == "reboot" else "Shutdown"
    inv.err(f"{word} scheduled for {moment}, use '{posixpath.basename(inv.argv[0])} -c' to cancel.\n")
    return 0


def _minutes(when: str) -> int | None:
    if when in ("now", "+0"):
        return 0
    return int(when.removeprefix("+")) if when.removeprefix("+").isdigit() else None

"""Writes the shell script that a patient person would type instead of `fwsim rehearse`: OpenSSH and ipmitool, by hand.

The commands are those of a rehearsal's own journal, in its order; the waits between them are the shell loops that such
a script has. So both do the same work on the same virtual server, and what differs is the engine.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path

from fwsim.events import CommandRan, Event

HEAD = """\
#!/bin/bash
set -u
S=(-o ControlMaster=auto -o ControlPath={scratch}/mux -o ControlPersist=120 -o ConnectTimeout=5 -o ServerAliveInterval=1
   -o ServerAliveCountMax=2 -o LogLevel=ERROR -o UserKnownHostsFile=/dev/null -o StrictHostKeyChecking=no)
export SSH_ASKPASS={scratch}/askpass SSH_ASKPASS_REQUIRE=force IPMI_PASSWORD={bmc_password}
host() {{ ssh "${{S[@]}}" -p {ssh_port} {ssh_user}@{ssh_host} "$1" </dev/null; }}
copy() {{ scp -q "${{S[@]}}" -P {ssh_port} "$1" {ssh_user}@{ssh_host}:"$2" </dev/null; }}
bmc() {{ ipmitool -I lanplus -H {bmc_host} -p {bmc_port} -U {bmc_user} -E "$@"; }}
"""
FLASHED = """\
until host 'systemctl show fwsim-flash --property=SubState' | grep -q exited; do sleep 0.1; done"""
BMC_BACK = """\
until host 'ipmitool mc info' >/dev/null 2>&1; do sleep 0.1; done
until bmc mc info >/dev/null 2>&1; do sleep 0.1; done"""
HOST_BACK = """\
ssh "${S[@]}" -O exit nowhere 2>/dev/null
until new=$(host 'cat /proc/sys/kernel/random/boot_id' 2>/dev/null) && [ -n "$new" ] && [ "$new" != "$boot" ]; do
    sleep 0.1
done"""
BOOT_ID = "boot=$(host 'cat /proc/sys/kernel/random/boot_id')"


def script(events: Iterable[Event], payloads: Iterable[Path], **where: object) -> str:
    """The whole script. `where`: scratch, ssh_host, ssh_port, ssh_user, bmc_host, bmc_port, bmc_user, bmc_password."""
    files, detached = list(payloads), ""
    lines = [HEAD.format(**{k: shlex.quote(str(v)) for k, v in where.items()})]
    for event in events:
        if not isinstance(event, CommandRan) or shlex.join(event.argv) in detached:
            continue  # what ran in the unit has an event of its own once it has ended
        detached = event.argv[-1] if event.argv[0] == "systemd-run" else detached
        lines += _typed(event, files)
    return "\n".join(lines) + "\nexit 0\n"


def _typed(command: CommandRan, payloads: list[Path]) -> list[str]:
    """A command as one types it, with the waiting that follows it."""
    line = shlex.join(command.argv)
    if command.where == "bmc":
        return [f"bmc {line}"]
    if command.where == "operator":
        return []
    typed = [f"host {shlex.quote(line)}"]
    match command.argv:
        case ("mkdir", *_, folder):
            return typed + [f"copy {shlex.quote(str(p))} {shlex.quote(f'{folder}/{p.name}')}" for p in payloads]
        case ("systemd-run", *_):
            return [*typed, FLASHED]
        case ("ipmitool", "mc", "reset", "cold"):
            return [*typed, BMC_BACK]
        case ("reboot", *_) | ("systemctl", "reboot", *_) | ("shutdown", "-r", *_):
            return [BOOT_ID, *typed, HOST_BACK]
        case _:
            return typed

"""systemctl: the units of this host, and the way down."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable
from functools import lru_cache
from typing import TypeAlias

from emulators.host.commands import power
from emulators.host.commands.journal import shown
from emulators.host.commands.options import Options, Usage, parse
from emulators.host.commands.running import signal_number
from emulators.host.process import Invocation, Run
from emulators.host.units import STANDING, Service, Unit, full_name

LONG = (
    "property=",
    "value",
    "quiet",
    "no-pager",
    "all",
    "full",
    "force",
    "no-legend",
    "plain",
    "lines=",
    "now",
    "no-block",
    "type=",
    "state=",
    "no-wall",
    "signal=",
    "kill-whom=",
    "no-ask-password",
    "output=",
    "message=",
    "failed",
    "system",
    "check-inhibitors=",
)
Verb: TypeAlias = Callable[[Invocation, Options, tuple[str, ...]], int]


def systemctl(inv: Invocation) -> Run[int]:
    options = parse(inv, "p:P:qalfn:t:s:io:", LONG)
    verb, *names = options.rest or ("list-units",)
    if verb in ("reboot", "poweroff", "halt"):
        return (
            yield from power.go_down(
                inv, verb, forced=[name for name, _ in options.given].count("-f") + options.has("--force")
            )
        )
    yield 0.01
    if verb not in VERBS:
        raise Usage(f"Unknown command verb {verb}.\n", 1)
    if not names and verb in NEED_NAME:
        raise Usage("Too few arguments.\n", 1)
    if verb in MANAGE and inv.user != "root":
        action = {"reset-failed": "reset failed state of unit"}.get(verb, verb)
        raise Usage(
            f"Failed to {action} {full_name(names[0]) if names else ''}: Interactive authentication required.\n", 1
        )
    return VERBS[verb](inv, options, tuple(names))


def _find(inv: Invocation, name: str) -> Unit | None:
    return inv.host.units.find(name) or inv.host.units.standing(name)


def _show(inv: Invocation, options: Options, names: tuple[str, ...]) -> int:
    """Properties come in systemd's order, whatever order they are asked in."""
    wanted = [p for item in options.all("-p", "--property", "-P") for p in item.split(",")]
    bare = options.has("--value", "-P")
    for number, name in enumerate(names):
        if number:
            inv.out("\n")
        rows = _properties(full_name(name), _find(inv, name)).items()
        inv.out("".join(f"{v}\n" if bare else f"{k}={v}\n" for k, v in rows if not wanted or k in wanted))
    return 0


def _properties(name: str, unit: Unit | None) -> dict[str, str]:
    if unit is None:
        blank = Unit(name, _NOTHING, "inactive", "dead")
        return {**_properties(name, blank), "LoadState": "not-found", "Transient": "no"}
    service = unit.service
    known = unit.process is not None
    return {
        "Type": service.kind,
        "RemainAfterExit": "yes" if service.remain else "no",
        "MainPID": str(unit.pid),
        "Result": unit.result,
        "ExecMainStartTimestamp": _stamp(unit.started) if known else "",
        "ExecMainExitTimestamp": _stamp(unit.ended) if unit.ended is not None else "",
        "ExecMainPID": str(unit.process.pid) if unit.process is not None else "0",
        "ExecMainCode": str(unit.code),
        "ExecMainStatus": str(unit.status),
        "Id": name,
        "Names": name,
        "Description": service.description or name,
        "LoadState": "loaded",
        "ActiveState": unit.active,
        "SubState": unit.sub,
        "FragmentPath": f"/run/systemd/transient/{name}" if known else "",
        "ActiveEnterTimestamp": _stamp(unit.started) if unit.active == "active" else "",
        "Transient": "yes" if known else "no",
    }


@lru_cache(maxsize=64)
def _stamp(at: float | None) -> str:
    return time.strftime("%a %Y-%m-%d %H:%M:%S UTC", time.gmtime(at)) if at else ""


def _is_active(inv: Invocation, options: Options, names: tuple[str, ...]) -> int:
    states = [unit.active if (unit := _find(inv, name)) else "inactive" for name in names]
    if not options.has("-q", "--quiet"):
        inv.out("".join(f"{state}\n" for state in states))
    return 0 if "active" in states else 3


def _is_failed(inv: Invocation, options: Options, names: tuple[str, ...]) -> int:
    states = [unit.active if (unit := _find(inv, name)) else "inactive" for name in names]
    if not options.has("-q", "--quiet"):
        inv.out("".join(f"{state}\n" for state in states))
    return 0 if "failed" in states else 1


def _status(inv: Invocation, options: Options, names: tuple[str, ...]) -> int:
    status = 0
    for name in names:
        unit = _find(inv, name)
        if unit is None:
            inv.err(f"Unit {full_name(name)} could not be found.\n")
            status = 4
            continue
        inv.out(_status_text(inv, unit))
        status = status or (0 if unit.active == "active" else 3)
    return status


def _status_text(inv: Invocation, unit: Unit) -> str:
    dot = {"active": "●", "failed": "×"}.get(unit.active, "○")
    result = f" (Result: {unit.result})" if unit.active == "failed" else ""
    lines = [f"{dot} {unit.name} - {unit.service.description}"]
    if unit.process is not None:
        lines.append(f"     Loaded: loaded (/run/systemd/transient/{unit.name}; transient)")
        lines.append("  Transient: yes")
    else:
        lines.append(f"     Loaded: loaded (/lib/systemd/system/{unit.name}; enabled; preset: enabled)")
    lines.append(f"     Active: {unit.active} ({unit.sub}){result} since {_stamp(unit.ended or unit.started)}")
    if unit.process is not None:
        program = posixpath.basename(unit.service.argv[0])
        ended = {1: "exited", 2: "killed"}.get(unit.code)
        if ended:
            word = "SUCCESS" if unit.status == 0 else "FAILURE"
            command = " ".join(unit.service.argv)
            how = f"code={ended}, status={unit.status}/{word}"
            lines.append(f"    Process: {unit.process.pid} ExecStart={command} ({how})")
        lines.append(
            f"   Main PID: {unit.process.pid} ({program if not ended else f'code={ended}, status={unit.status}'})"
        )
    journal = [shown(inv, line) for line in inv.host.journal.lines if line.unit == unit.name][-10:]
    return "\n".join([*lines, *([""] + journal if journal else [])]) + "\n"


def _stop(inv: Invocation, options: Options, names: tuple[str, ...]) -> int:
    status = 0
    for name in names:
        unit = inv.host.units.find(name)
        if unit is not None:
            inv.host.units.stop(unit)
        elif full_name(name) in STANDING:
            inv.host.units.stand(name, running=False)
        else:
            inv.err(f"Failed to stop {full_name(name)}: Unit {full_name(name)} not loaded.\n")
            status = 5
    return status


def _reset_failed(inv: Invocation, options: Options, names: tuple[str, ...]) -> int:
    units = inv.host.units
    if not names:
        for unit in list(units.loaded.values()):
            units.reset_failed(unit)
        return 0
    status = 0
    for name in names:
        found = units.find(name)
        if found is not None:
            units.reset_failed(found)
        elif full_name(name) not in STANDING:
            inv.err(f"Failed to reset failed state of unit {full_name(name)}: Unit {full_name(name)} not loaded.\n")
            status = 1
    return status


def _start(inv: Invocation, options: Options, names: tuple[str, ...]) -> int:
    status = 0
    for name in names:
        if full_name(name) in STANDING:
            inv.host.units.stand(name, running=True)
        elif inv.host.units.find(name) is None:
            inv.err(f"Failed to start {full_name(name)}: Unit {full_name(name)} not found.\n")
            status = 5
    return status


def _kill(inv: Invocation, options: Options, names: tuple[str, ...]) -> int:
    number = signal_number(options.last("-s", "--signal") or "TERM")
    for name in names:
        unit = inv.host.units.find(name)
        if unit is None or unit.process is None:
            inv.err(f"Failed to kill unit {full_name(name)}: Unit {full_name(name)} not loaded.\n")
            return 1
        unit.process.kill(number or 15)
    return 0


def _list_units(inv: Invocation, options: Options, names: tuple[str, ...]) -> int:
    standing = [inv.host.units.standing(name) for name in STANDING]
    units = [unit for unit in standing if unit] + list(inv.host.units.loaded.values())
    state = options.last("--state")
    units = [
        unit
        for unit in units
        if state in (None, unit.active, unit.sub) and (not options.has("--failed") or unit.active == "failed")
    ]
    width = max([len(unit.name) for unit in units], default=4)
    if not options.has("--no-legend"):
        inv.out(f"  {'UNIT':<{width}} LOAD   ACTIVE SUB     DESCRIPTION\n")
    for unit in sorted(units, key=lambda unit: unit.name):
        mark = "●" if unit.active == "failed" else " "
        inv.out(f"{mark} {unit.name:<{width}} loaded {unit.active:<6} {unit.sub:<7} {unit.service.description}\n")
    if not options.has("--no-legend"):
        inv.out(f"\n{len(units)} loaded units listed.\n")
    return 0


def _running(inv: Invocation, options: Options, names: tuple[str, ...]) -> int:
    degraded = any(unit.active == "failed" for unit in inv.host.units.loaded.values())
    state = "stopping" if inv.host.server.phase == "shutdown" else "degraded" if degraded else "running"
    inv.out(f"{state}\n")
    return int(state != "running")


def _nothing(inv: Invocation, options: Options, names: tuple[str, ...]) -> int:
    return 0


def _is_enabled(inv: Invocation, options: Options, names: tuple[str, ...]) -> int:
    unit = _find(inv, names[0])
    if unit is None:
        inv.err(f"Failed to get unit file state for {full_name(names[0])}: No such file or directory\n")
        return 1
    inv.out("transient\n" if unit.process is not None else "enabled\n")
    return 0 if unit.process is None else 1


_NOTHING = Service(())

VERBS: dict[str, Verb] = {
    "show": _show,
    "is-active": _is_active,
    "is-failed": _is_failed,
    "is-enabled": _is_enabled,
    "status": _status,
    "stop": _stop,
    "start": _start,
    "restart": _start,
    "reset-failed": _reset_failed,
    "kill": _kill,
    "list-units": _list_units,
    "is-system-running": _running,
    "daemon-reload": _nothing,
}
NEED_NAME = ("is-active", "is-failed", "is-enabled", "stop", "start", "restart", "kill")
MANAGE = ("stop", "start", "restart", "reset-failed", "kill", "daemon-reload")

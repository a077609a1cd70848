"""systemd-run: a command in a transient service of its own, which no dropped login ends."""

from __future__ import annotations

import re
from dataclasses import replace

from emulators.host import programs
from emulators.host.commands.options import Options, Usage, parse
from emulators.host.process import Exited, Invocation, Run
from emulators.host.units import Service, UnitExists, full_name

LONG = (
    "unit=",
    "description=",
    "property=",
    "collect",
    "quiet",
    "wait",
    "pipe",
    "pty",
    "remain-after-exit",
    "uid=",
    "gid=",
    "working-directory=",
    "same-dir",
    "setenv=",
    "service-type=",
    "no-block",
    "slice=",
    "scope",
    "user",
    "system",
    "nice=",
    "no-ask-password",
    "shell",
)
YES = ("yes", "true", "on", "1", "y", "t")
PROPERTIES = (
    "RemainAfterExit",
    "StandardOutput",
    "StandardError",
    "StandardInput",
    "WorkingDirectory",
    "Type",
    "User",
    "Description",
    "Environment",
    "CollectMode",
)
PASSED_OVER = re.compile(
    r"(Limit|Timeout|CPU|Memory|IO|Kill|OOM|Nice|Restart|Exec|Private|Protect|Success|Runtime|Conflicts|After|Before|Wants)"
)


def systemd_run(inv: Invocation) -> Run[int]:
    options = parse(inv, "u:p:Gqrt:PdE:S", LONG, in_order=True)
    if not options.rest:
        raise Usage("Command line to execute required.\n", 1)
    if inv.user != "root":
        raise Usage("Failed to start transient service unit: Interactive authentication required.\n", 1)
    command = _located(inv, options.rest)
    service = _service(inv, options, command)
    name = full_name(options.last("-u", "--unit") or f"run-r{inv.host.new_pid():032x}")
    try:
        unit = inv.host.units.start(name, service)
    except UnitExists as problem:
        raise Usage(f"Failed to start transient service unit: {refusal(inv, str(problem))}\n", 1) from problem
    except OSError as problem:
        raise Usage(f"Failed to start transient service unit: {problem.strerror}\n", 1) from problem
    if not options.has("-q", "--quiet"):
        inv.err(f"Running as unit: {name}\n")
    if options.has("--wait", "--pipe", "-P") and unit.process is not None:
        if unit.process.status is None:
            yield Exited(unit.process)
        return unit.process.status or 0
    yield 0.02
    return 0


def refusal(inv: Invocation, name: str) -> str:
    """What systemd says to a second unit of a name (since 246; before, "already exists")."""
    return f"Unit {name} was already loaded or has a fragment file."


def _located(inv: Invocation, argv: tuple[str, ...]) -> tuple[str, ...]:
    """systemd-run itself looks the program up, and passes its path on."""
    path = programs.find(inv.host, argv[0], inv.env, inv.cwd, inv.user)
    if path is None:
        raise Usage(f"Failed to find executable {argv[0]}: No such file or directory\n", 1)
    return (path, *argv[1:])


def _service(inv: Invocation, options: Options, command: tuple[str, ...]) -> Service:
    service = Service(command, remain=options.has("-r", "--remain-after-exit"), collect=options.has("-G", "--collect"))
    service.description = options.last("--description") or ""
    service.cwd = options.last("--working-directory") or (inv.cwd if options.has("-d", "--same-dir") else "/")
    service.user = options.last("--uid") or "root"
    service.kind = options.last("--service-type") or "simple"
    for item in options.all("-E", "--setenv"):
        name, equals, value = item.partition("=")
        service.env[name] = value if equals else inv.env.get(name, "")
    for item in options.all("-p", "--property"):
        _apply(service, item)
    if options.has("--pipe", "-P"):
        service = replace(service, stdin=inv.stdin, stdout=inv.stdout, stderr=inv.stderr)
    return service


def _apply(service: Service, assignment: str) -> None:
    name, equals, value = assignment.partition("=")
    if not equals:
        raise Usage(f"Not an assignment: {assignment}\n", 1)
    match name:
        case "RemainAfterExit":
            service.remain = value.lower() in YES
        case "StandardOutput":
            service.output = value
        case "StandardError":
            service.errors = value
        case "WorkingDirectory":
            service.cwd = value
        case "Type":
            service.kind = value
        case "User":
            service.user = value
        case "Description":
            service.description = value
        case "Environment":
            key, _, text = value.partition("=")
            service.env[key] = text
        case "CollectMode":
            service.collect = value == "inactive-or-failed"
        case _ if not (PASSED_OVER.search(name) or name in PROPERTIES):
            raise Usage(f"Unknown assignment: {assignment}\n", 1)

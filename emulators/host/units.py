"""systemd's units: transient services that run without a terminal, and a few that are always there.

States follow systemd 252: a service that succeeded is forgotten at once unless RemainAfterExit keeps it; one that
failed stays until `reset-failed`. A signal of SIGHUP, SIGINT, SIGTERM or SIGPIPE is a clean end.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from emulators.host import programs
from emulators.host.filesystem import FileSink
from emulators.host.journal import JournalSink
from emulators.host.process import SIGHUP, SIGINT, SIGPIPE, SIGTERM, Invocation, Process, Run, Sink, Stdin

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost

CLEAN_SIGNALS = (SIGHUP, SIGINT, SIGTERM, SIGPIPE)
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"
SSHD = "ssh.service"
STANDING = {
    SSHD: "OpenBSD Secure Shell server",
    "cron.service": "Regular background program processing daemon",
    "dbus.service": "D-Bus System Message Bus",
    "systemd-journald.service": "Journal Service",
    "systemd-logind.service": "User Login Management",
}


class UnitExists(Exception):
    """A unit of that name is loaded: nothing was started."""


@dataclass
class Service:
    """What is asked for: a command and how to keep it. `output` and `errors`: "journal", "null" or a file's path."""

    argv: tuple[str, ...]
    description: str = ""
    remain: bool = False
    collect: bool = False
    user: str = "root"
    cwd: str = "/"
    env: dict[str, str] = field(default_factory=dict)
    stdin: Stdin = field(default_factory=Stdin)
    stdout: Sink | None = None
    stderr: Sink | None = None
    output: str = "journal"
    errors: str = "inherit"
    kind: str = "simple"


@dataclass
class Unit:
    """A loaded unit. `code`: 0 not ended, 1 exited, 2 killed (as <sys/wait.h> numbers them)."""

    name: str
    service: Service
    active: Literal["active", "inactive", "failed"] = "active"
    sub: str = "running"
    result: str = "success"
    code: int = 0
    status: int = 0
    started: float = 0.0
    ended: float | None = None
    process: Process | None = None

    @property
    def pid(self) -> int:
        return self.process.pid if self.process is not None and self.process.status is None else 0


def full_name(name: str) -> str:
    """systemctl adds .service where a name has no type."""
    return name if "." in posixpath.basename(name) else f"{name}.service"


class Units:
    """All units of one host, by full name."""

    def __init__(self, host: VirtualHost) -> None:
        self._host = host
        self.loaded: dict[str, Unit] = {}
        self.stopped: set[str] = set()  # of those that every host runs, until its next start

    def find(self, name: str) -> Unit | None:
        """A transient unit by either form of its name."""
        return self.loaded.get(full_name(name))

    def standing(self, name: str) -> Unit | None:
        """One of the services that every host runs."""
        description = STANDING.get(full_name(name)) if self._host.up else None
        if description is None:
            return None
        unit = Unit(full_name(name), Service((), description), started=self._host.boots[-1][0] + 5)
        if unit.name in self.stopped:
            unit.active, unit.sub = "inactive", "dead"
        return unit

    def stand(self, name: str, *, running: bool) -> None:
        """Start or stop one of the services that every host runs. Without sshd nobody is let in; whoever is in stays,
        as KillMode=process of Debian's ssh.service has it."""
        (self.stopped.discard if running else self.stopped.add)(full_name(name))
        for action in list(self._host.on_link):
            action()

    def clear(self) -> None:
        """The host goes down: units are not kept anywhere."""
        self.loaded.clear()
        self.stopped.clear()

    def start(self, name: str, service: Service) -> Unit:
        """Start a transient service. Raises UnitExists."""
        name = full_name(name)
        if name in self.loaded or name in STANDING:
            raise UnitExists(name)
        service.description = service.description or " ".join(service.argv)
        unit = Unit(name, service, started=self._host.calendar)
        self.loaded[name] = unit
        sinks = self._sinks(unit)
        inv = Invocation(
            service.argv, self._host, service.stdin, *sinks, service.user, service.cwd,
            {**self._host.environment(service.user), "PATH": PATH, **service.env},
        )  # fmt: skip
        unit.process = self._host.prepare(" ".join(service.argv), _run(inv))
        for sink in sinks:
            if isinstance(sink, JournalSink):
                sink.pid = unit.process.pid
        unit.process.on_exit.append(lambda status: self._ended(unit, sinks))
        self._host.journal.write(f"Started {name} - {service.description}.", unit=name)
        unit.process.start()
        return unit

    def stop(self, unit: Unit) -> None:
        """SIGTERM if it runs; either way it is forgotten unless it has failed."""
        if unit.process is not None:
            unit.process.kill(SIGTERM)
        if self.loaded.get(unit.name) is unit and unit.active == "active":
            self._host.journal.write(f"Stopped {unit.name} - {unit.service.description}.", unit=unit.name)
            unit.active, unit.sub = "inactive", "dead"
            del self.loaded[unit.name]

    def reset_failed(self, unit: Unit) -> None:
        """Forget a failure."""
        if unit.active == "failed":
            del self.loaded[unit.name]

    def _sinks(self, unit: Unit) -> tuple[Sink, Sink]:
        service = unit.service
        if service.stdout is not None and service.stderr is not None:
            return service.stdout, service.stderr
        stdout = self._sink(unit, service.output)
        return stdout, stdout if service.errors == "inherit" else self._sink(unit, service.errors)

    def _sink(self, unit: Unit, target: str) -> Sink:
        kind, colon, path = target.partition(":")
        if colon and kind in ("file", "append", "truncate"):
            node = self._host.files.open(path, truncate=kind == "truncate")
            return FileSink(self._host.files, node)
        if target == "null":
            return FileSink(self._host.files, self._host.files.lookup("/dev/null"))
        return JournalSink(self._host.journal, unit.name, posixpath.basename(unit.service.argv[0]))

    def _ended(self, unit: Unit, sinks: tuple[Sink, Sink]) -> None:
        process = unit.process
        if not self._host.up or process is None or self.loaded.get(unit.name) is not unit:
            return
        for sink in sinks:
            if isinstance(sink, JournalSink):
                sink.flush()
        unit.ended = self._host.calendar
        unit.code, unit.status = (1, process.status or 0) if process.signal is None else (2, process.signal)
        clean = unit.status == 0 if unit.code == 1 else unit.status in CLEAN_SIGNALS
        if clean:
            self._succeeded(unit)
        else:
            self._failed(unit)

    def _succeeded(self, unit: Unit) -> None:
        if unit.service.remain:
            unit.sub = "exited"
            return
        unit.active, unit.sub = "inactive", "dead"
        self._host.journal.write(f"{unit.name}: Deactivated successfully.", unit=unit.name)
        del self.loaded[unit.name]

    def _failed(self, unit: Unit) -> None:
        unit.active, unit.sub = "failed", "failed"
        unit.result = "exit-code" if unit.code == 1 else "signal"
        how = (
            f"exited, status={unit.status}/{_words(unit)}"
            if unit.code == 1
            else f"killed, status={unit.status}/{_words(unit)}"
        )
        self._host.journal.write(f"{unit.name}: Main process exited, code={how}", unit=unit.name)
        self._host.journal.write(f"{unit.name}: Failed with result '{unit.result}'.", unit=unit.name)
        if unit.service.collect:
            del self.loaded[unit.name]


def _words(unit: Unit) -> str:
    if unit.code == 2:
        return {9: "KILL", 11: "SEGV", 6: "ABRT"}.get(unit.status, str(unit.status))
    return {1: "FAILURE", 2: "INVALIDARGUMENT", 203: "EXEC"}.get(unit.status, "n/a")


def _run(inv: Invocation) -> Run[int]:
    """The unit's command; a file that cannot be executed is systemd's status 203."""
    try:
        return (yield from programs.start(inv))
    except programs.CannotRun:
        return 203

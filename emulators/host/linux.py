"""The Linux on the server: processes, units, files, modules. No I/O and no clock of its own: all is on the agenda."""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from emulators.agenda import Entry
from emulators.host import hostwatchdog, install, limits, programs
from emulators.host.filesystem import Filesystem
from emulators.host.journal import Journal
from emulators.host.kcs import Kcs, KcsWire
from emulators.host.process import SIGKILL, Process, Run, RunExternal, Sink, Stdin
from emulators.host.shell import Shell, Streams
from emulators.host.units import Units

if TYPE_CHECKING:
    from emulators.server import VirtualServer
    from emulators.spec import Account

__all__ = ["Kcs", "VirtualHost"]

DISK_BYTES = 3584 * 1024**2  # a small root: what is written to it lies in our own memory
SYSTEM_BYTES = 3 * 1024**3
FIRST_PID = 1000


class VirtualHost:
    """One host. `boot()` and `halt()` are the server's to call; `on_boot` and `on_halt` tell whoever serves logins."""

    def __init__(self, server: VirtualServer) -> None:
        self.server = server
        self.hostname = server.spec.hostname
        self.distribution = install.DISTRIBUTIONS[server.spec.distribution]
        self.accounts: dict[str, Account] = {account.name: account for account in server.spec.accounts}
        self.up = False
        self.boot_id = ""
        self.booted_at = 0.0
        self.boots: list[tuple[float, float | None]] = []  # calendar times: up from, down at
        self.modules: set[str] = set()
        self.packages: set[str] = install.packages(self)
        self.lacks: set[str] = set(server.spec.missing)  # kernel modules that are not installed
        self.drops = 0  # how often all logins were cut
        self.processes: dict[int, Process] = {}
        self.scheduled_shutdown: Entry | None = None
        self.inhibitors: list[tuple[str, str, str, str, int]] = []  # who, what, why, mode, pid
        self.on_boot: list[Callable[[], None]] = []
        self.on_halt: list[Callable[[], None]] = []
        self.on_drop: list[Callable[[], None]] = []
        self.on_keys: list[Callable[[], None]] = []
        self.keys_made = 0  # how often sshd's keys have changed since the server was handed over
        self.on_link: list[Callable[[], None]] = []  # a cable has been moved: is it on its network?
        self.external: RunExternal | None = None
        self.kcs_wire: KcsWire | None = None
        self._pid = FIRST_PID
        self.processors = limits.Processors()
        self.kcs = Kcs(self)
        self.journal = Journal(self)
        self.units = Units(self)
        self.files = Filesystem(lambda: server.spec.epoch + server.agenda.now, DISK_BYTES, SYSTEM_BYTES)
        install.lay_out(self)
        hostwatchdog.attach(self)

    # -- its life

    def boot(self, *, at: float | None = None) -> None:
        """The kernel starts: a new boot id, no processes, no units, only the modules that load by themselves.

        `at`: when it did, if that was not now.
        """
        number = len(self.boots)
        self.boot_id = self._boot_id(number)
        self.booted_at = self.server.agenda.now if at is None else at
        self.boots.append((self.server.spec.epoch + self.booted_at, None))
        self.modules = set(install.BOOT_MODULES)
        self.kcs.unprobed = False
        if self.server.spec.autoload_ipmi:
            self.modules |= {"ipmi_si", "ipmi_devintf", "ipmi_msghandler"}
            self.kcs.probe()
        for path in ("/tmp", "/run"):  # noqa: S108 - the virtual host's
            self.files.empty(path)
        self.files.mkdir("/run/user", mode=0o755)
        self._pid = FIRST_PID
        self.units.clear()
        self.up = True
        for action in list(self.on_boot):
            action()

    def halt(self, *, at: float | None = None) -> None:
        """All ends: logins drop, every process and unit is gone. Nothing happens when it is down already.

        `at`: when it did, if that was not now.
        """
        if not self.up:
            return
        self.up = False
        self.boots[-1] = (self.boots[-1][0], self.calendar if at is None else self.server.spec.epoch + at)
        for action in list(self.on_halt):
            action()
        if self.scheduled_shutdown is not None:
            self.scheduled_shutdown.cancel()
            self.scheduled_shutdown = None
        self.units.clear()
        for process in list(self.processes.values()):
            process.kill(SIGKILL)
        self.processes.clear()
        self.inhibitors.clear()
        self.modules = set()

    def drop_logins(self) -> None:
        """Every connection is cut; what runs on their terminals is hung up by whoever serves them."""
        self.drops += 1
        self.server.note("logins-dropped")
        for action in list(self.on_drop):
            action()

    def make_keys(self) -> None:
        """Its sshd has other keys from now on, and shows them to whoever logs in; who is in stays."""
        self.keys_made += 1
        self.server.note("host-keys-made")
        for action in list(self.on_keys):
            action()

    # -- running things

    def execute(
        self,
        line: str,
        *,
        user: str = "root",
        stdin: Stdin | None = None,
        stdout: Sink,
        stderr: Sink,
        tty: bool = False,
    ) -> Process:
        """Run a shell line as sshd does. Raises ConnectionRefusedError while the host is down."""
        if not self.up:
            raise ConnectionRefusedError(f"{self.hostname} is down")
        shell = Shell(self, user, tty=tty)
        streams = Streams(stdin or Stdin(), stdout, stderr)
        if len(line) >= limits.ARGUMENT:
            return self.spawn("sshd", self._too_long(streams))
        process = self.prepare(line, shell.run(line, streams, title="bash: -c"))
        shell.pid = process.pid
        process.start()
        return process

    @staticmethod
    def _too_long(streams: Streams) -> Run[int]:
        """The line is one argument of bash -c: sshd says so, and ends (session.c, do_child)."""
        yield from ()
        streams.err(f"/bin/bash: {os.strerror(errno.E2BIG)}\n")
        return 1

    def prepare(self, name: str, run: Run[int]) -> Process:
        """A process that has not begun yet."""
        process = Process(self.new_pid(), name, run, self.server.agenda, self.external)
        self.processes[process.pid] = process
        process.on_exit.append(lambda status: self._forget(process))
        return process

    def spawn(self, name: str, run: Run[int]) -> Process:
        """A process that has run up to its first wait."""
        process = self.prepare(name, run)
        process.start()
        return process

    def turn(self, seconds: float) -> float:
        """How long a turn of a loop, or a start of a program, takes now."""
        return self.processors.turn(self.server.agenda.now, seconds)

    def _forget(self, process: Process) -> None:
        self.processes.pop(process.pid, None)

    def new_pid(self) -> int:
        self._pid += 1
        return self._pid

    # -- who and when

    @property
    def calendar(self) -> float:
        """Unix time."""
        return self.server.spec.epoch + self.server.agenda.now

    @property
    def uptime_s(self) -> float:
        return self.server.agenda.now - self.booted_at

    def home(self, user: str) -> str | None:
        """A user's home directory, None for a stranger."""
        if user == "root":
            return "/root"
        return f"/home/{user}" if user in self.accounts else None

    def environment(self, user: str) -> dict[str, str]:
        """What sshd gives a command."""
        home = self.home(user) or "/"
        return {
            "HOME": home,
            "LANG": "C.UTF-8",
            "LOGNAME": user,
            "PATH": programs.default_path(user),
            "SHELL": "/bin/bash",
            "USER": user,
        }

    def open_kcs_wire(
        self,
        host: str,
        port: int,
        user: str,
        password_file: Path,
        start: RunExternal,
        materialise: Callable[[str], str],
    ) -> None:
        """The home serves KCS on a wire: the machine's own ipmitool can be the host's."""
        self.kcs_wire = KcsWire(host, port, user, password_file, materialise)
        self.external = start

    def _boot_id(self, number: int) -> str:
        seed = f"{self.server.spec.seed}/{self.server.board.serial}/{self.hostname}/{number}"
        digest = hashlib.sha256(seed.encode()).digest()
        return str(uuid.UUID(bytes=digest[:16], version=4))

"""Processes of the virtual host: generators on the server's agenda.

A command is a function of an Invocation that returns a generator. The generator yields what it waits for, writes to
its sinks and returns the exit status:

    yield 2.5              two and a half simulated seconds
    yield Input(stdin)     until standard input has more data or has ended
    yield External(...)    a program of the machine, run by the home; the yield's value is its exit status
    yield Exited(process)  another process of this host; the yield's value is its exit status
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar

from emulators.agenda import Agenda, Entry

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost

T = TypeVar("T")
Run: TypeAlias = Generator["Wait", Any, T]

SIGHUP, SIGINT, SIGKILL, SIGSEGV, SIGPIPE, SIGTERM = 1, 2, 9, 11, 13, 15
PIPE_BYTES = 65536
HELD_BYTES = 256 << 20  # of input, for a program that reads all of it before it does anything
KEPT_BYTES = 64 << 20  # of output, for somebody who looks at it at the end


class Sink(Protocol):
    """Where output goes: a channel, a file, a pipe."""

    def write(self, data: bytes) -> None: ...


@dataclass
class Buffer:
    """A sink that keeps what it is given."""

    data: bytearray = field(default_factory=bytearray)

    def write(self, data: bytes) -> None:
        self.data += data

    @property
    def full(self) -> bool:
        """Whoever writes on and on waits, for good: nobody takes it away."""
        return len(self.data) >= KEPT_BYTES

    @property
    def text(self) -> str:
        return self.data.decode(errors="replace")


class Stdin:
    """Standard input: fed by whoever is at the other end, read by the command."""

    def __init__(self, data: bytes = b"", *, closed: bool = True) -> None:
        self.pending = bytearray(data)
        self.closed = closed
        self._waiters: list[Callable[[], None]] = []

    def feed(self, data: bytes) -> None:
        self.pending += data
        self._wake()

    def close(self) -> None:
        self.closed = True
        self._wake()

    def when_more(self, action: Callable[[], None]) -> None:
        """Call `action` once more data, or the end, has come."""
        if self.closed:
            action()
        else:
            self._waiters.append(action)

    def read_some(self) -> Run[bytes]:
        """What has come, as soon as anything has; b"" at the end."""
        while not self.pending and not self.closed:
            yield Input(self)
        data, self.pending = bytes(self.pending), bytearray()
        return data

    def read(self) -> Run[bytes]:
        """All input up to its end: `data = yield from inv.stdin.read()`."""
        while not self.closed:
            if len(self.pending) > HELD_BYTES:
                raise MemoryError
            yield Input(self)
        data, self.pending = bytes(self.pending), bytearray()
        return data

    def readline(self) -> Run[bytes]:
        """One line with its newline; the rest at the end of input; b"" after it."""
        while b"\n" not in self.pending and not self.closed:
            yield Input(self)
        cut = self.pending.find(b"\n") + 1 or len(self.pending)
        line, self.pending = bytes(self.pending[:cut]), self.pending[cut:]
        return line

    def _wake(self) -> None:
        waiters, self._waiters = self._waiters, []
        for action in waiters:
            action()


@dataclass(frozen=True)
class Input:
    """Wait for more data on a standard input, or for its end."""

    stdin: Stdin


@dataclass(frozen=True)
class External:
    """Run a program of the machine, supervised by the home. Only ever the machine's ipmitool."""

    argv: tuple[str, ...]
    stdin: Stdin
    stdout: Sink
    stderr: Sink


@dataclass(frozen=True)
class Exited:
    """Wait for another process of this host."""

    process: Process


Wait = float | int | Input | External | Exited


@dataclass
class Invocation:
    """One command about to run. `argv[0]` is the name it was called by."""

    argv: tuple[str, ...]
    host: VirtualHost
    stdin: Stdin
    stdout: Sink
    stderr: Sink
    user: str = "root"
    cwd: str = "/root"
    env: Mapping[str, str] = field(default_factory=dict)
    tty: bool = False

    def out(self, text: str) -> None:
        self.stdout.write(text.encode())

    def err(self, text: str) -> None:
        self.stderr.write(text.encode())


class Killed(Exception):
    """Thrown into a generator whose process is ended by a signal; raised by a pipe that nobody reads (SIGPIPE)."""

    def __init__(self, signal: int) -> None:
        super().__init__(f"signal {signal}")
        self.signal = signal


RunExternal = Callable[[External, Callable[[int], None]], Callable[[], None]]
"""Given a request and what to call with the exit status, starts the program and returns how to kill it."""


class Pipe:
    """Joins one process's output to another's input. Writing once the reader has gone ends the writer."""

    def __init__(self) -> None:
        self.reader = Stdin(closed=False)
        self.broken = False

    @property
    def full(self) -> bool:
        """Whoever writes on and on waits for its reader."""
        return len(self.reader.pending) >= PIPE_BYTES and not self.broken

    def write(self, data: bytes) -> None:
        if self.broken:
            raise Killed(SIGPIPE)
        self.reader.feed(data)


class Process:
    """A generator being run. `status` is None until it has ended (128 + signal when killed)."""

    def __init__(self, pid: int, name: str, run: Run[int], agenda: Agenda, external: RunExternal | None) -> None:
        self.pid, self.name, self.started = pid, name, agenda.now
        self.status: int | None = None
        self.signal: int | None = None  # what ended it, where a signal did
        self.on_exit: list[Callable[[int], None]] = []
        self._run, self._agenda, self._external = run, agenda, external
        self._timer: Entry | None = None
        self._kill_external: Callable[[], None] | None = None
        self._dying: int | None = None
        self._running = False

    def start(self) -> None:
        """Run up to the first wait."""
        self._resume(None)

    def kill(self, signal: int = SIGTERM) -> None:
        """End it now. Nothing happens when it has ended already.

        A process that ends itself (`ipmitool power off` on its own host) is gone at its next wait.
        """
        if self.status is not None:
            return
        if self._running:
            self._dying = signal
            return
        self._drop_wait()
        self.signal = signal
        self._running = True  # what it ends with itself must not wake it
        try:
            self._run.throw(Killed(signal))
        except (Killed, StopIteration):
            pass
        self._run.close()
        self._end(128 + signal)

    def _resume(self, value: object) -> None:
        if self.status is not None or self._running:
            return
        self._timer = self._kill_external = None
        try:
            self._running = True
            wait = self._run.send(value)
        except StopIteration as stop:
            self._end(int(stop.value or 0))
            return
        except Killed as killed:
            self.signal = killed.signal
            self._end(128 + killed.signal)
            return
        except (RecursionError, MemoryError) as problem:  # its stack has met its end, or no memory is left
            self.signal = SIGSEGV if isinstance(problem, RecursionError) else SIGKILL
            self._end(128 + self.signal)
            return
        finally:
            self._running = False
        if self._dying is not None:
            self.kill(self._dying)
            return
        self._await(wait)

    def _await(self, wait: Wait) -> None:
        match wait:
            case int() | float():
                self._timer = self._agenda.after(float(wait), self._go_on)
            case Input(stdin):
                stdin.when_more(self._resume_soon)
            case Exited(process):
                if process.status is not None:
                    self._agenda.after(0, lambda: self._resume(process.status))
                else:
                    process.on_exit.append(self._resume)
            case External():
                if self._external is None:
                    raise RuntimeError("this home runs no program of the machine")
                self._kill_external = self._external(wait, self._resume)

    def _resume_soon(self) -> None:
        self._agenda.after(0, self._go_on)

    def _go_on(self) -> None:
        self._resume(None)

    def _drop_wait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._kill_external is not None:
            self._kill_external()

    def _end(self, status: int) -> None:
        self.status = status
        for action in self.on_exit:
            action(status)

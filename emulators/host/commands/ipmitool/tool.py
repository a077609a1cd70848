"""One run of ipmitool: its options, its two streams and the open interface underneath.

The real tool writes text by printf to a buffered standard output and messages by lprintf to standard error
(facts/vendor-tools-and-boards.md section 0). Both matter to whoever follows a log that holds them, so standard output
is buffered here as libc does it: whole lines on a terminal, 4096 bytes elsewhere, and at the tool's own fflush().
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emulators.bmc.reply import Reply
from emulators.host.commands.ipmitool.values import completion_text
from emulators.host.process import Invocation, Run

if TYPE_CHECKING:
    from emulators.host.commands.ipmitool.sdr_repository import Repository

ERROR, WARNING, NOTICE, INFO, DEBUG = 3, 4, 5, 6, 7

READ_TIMEOUT_S = 15.0  # plugins/open: how long the open interface waits for the driver
MAX_REQUEST = 38  # plugins/open: data bytes of a KCS request
OUTPUT_BUFFER = 4096


@dataclass
class Options:
    """What the command line asked for before the subcommand."""

    verbose: int = 0
    csv: bool = False
    utc: bool = False
    lun: int = 0
    device: int = 0
    interface: str = "open"
    large_buffer: int = 0  # -z


@dataclass
class Tool:
    """What every subcommand works with."""

    inv: Invocation
    options: Options = field(default_factory=Options)
    no_answer: bool = False
    buffer: bytearray = field(default_factory=bytearray)
    user_header_printed: bool = False
    boot_progress: bool = True
    words: list[str] = field(default_factory=list)
    repository: Repository | None = None
    _maker: int | None = None

    @property
    def verbose(self) -> int:
        return self.options.verbose

    @property
    def max_request(self) -> int:
        """How many data bytes a request may have."""
        return self.options.large_buffer or MAX_REQUEST

    def out(self, text: str) -> None:
        """printf()."""
        self.buffer += text.encode("latin-1", errors="replace")
        if self.inv.tty:
            self._emit(self.buffer.rfind(b"\n") + 1)
        else:
            self._emit(len(self.buffer) // OUTPUT_BUFFER * OUTPUT_BUFFER)

    def line(self, text: str = "") -> None:
        """printf() of a whole line."""
        self.out(text + "\n")

    def flush(self) -> None:
        """fflush(stdout)."""
        self._emit(len(self.buffer))

    def _emit(self, size: int) -> None:
        if size:
            self.inv.stdout.write(bytes(self.buffer[:size]))
            del self.buffer[:size]

    def log(self, text: str, level: int = ERROR) -> None:
        """lprintf(): a line on standard error, when -v asks for its level."""
        if level <= NOTICE + self.options.verbose:
            self.inv.stderr.write((text + "\n").encode("latin-1", errors="replace"))

    def notice(self, text: str) -> None:
        self.log(text, NOTICE)

    def send(self, netfn: int, command: int, data: bytes = b"", *, lun: int = 0) -> Run[Reply | None]:
        """One IPMI message through the driver, and its reply. None: no answer, after the interface's own time-out."""
        reply = self.inv.host.kcs.request(netfn, lun, command, data)
        if self.no_answer:
            return None
        if reply is None:
            yield READ_TIMEOUT_S
            self.log("No data available")
            return None
        if reply.delay_s > 0:
            yield reply.delay_s
        return reply

    def ask(self, netfn: int, command: int, data: bytes, what: str, silent: str | None = None) -> Run[bytes | None]:
        """A request whose failure prints `what`, with the completion code's text when there was an answer.

        `silent` is the text for no answer where it differs. Returns the data, or None after printing.
        """
        reply = yield from self.send(netfn, command, data)
        if reply is None:
            self.log(what if silent is None else silent)
            return None
        if reply.completion_code:
            self.log(f"{what}: {completion_text(reply.completion_code)}")
            return None
        return reply.data

    def checked(self, code: int) -> bool:
        """The tool's common judgement of a completion code (negative: its own errors); prints what is wrong."""
        if code == -1:
            self.log("IPMI response is NULL.")
        elif code == -2:
            self.log("Unexpected data length received.")
        elif code > 0:
            self.log(f"IPMI command failed: {completion_text(code)}")
        return code == 0

    def exchange(self, netfn: int, command: int, data: bytes, length: int | None = None) -> Run[tuple[int, bytes]]:
        """A request as (code, data): code -1 for no answer, -2 for an answer of another length."""
        reply = yield from self.send(netfn, command, data)
        if reply is None:
            return -1, b""
        if reply.completion_code:
            return reply.completion_code, b""
        if length is not None and len(reply.data) != length:
            return -2, b""
        return 0, reply.data

    def pause(self, seconds: float) -> Run[None]:
        """sleep()."""
        yield seconds
        return None

    def now(self) -> float:
        """time() of the virtual host: simulated seconds."""
        return float(self.inv.host.server.agenda.now)

    def wall(self) -> float:
        """The virtual host's calendar: Unix time."""
        return float(self.inv.host.server.calendar)

    def read_file(self, name: str) -> bytes | None:
        """A file of the virtual host, relative to where the command was started; None where it cannot be read."""
        path = name if name.startswith("/") else f"{self.inv.cwd.rstrip('/')}/{name}"
        try:
            return bytes(self.inv.host.files.read(path))
        except OSError:
            return None

    def manufacturer(self) -> Run[int]:
        """The BMC's maker, asked once; 0 where it does not answer."""
        if self._maker is None:
            reply = yield from self.send(0x06, 0x01)
            if reply is None:
                self.log("Get Device ID command failed")
                return 0
            if reply.completion_code:
                code = reply.completion_code
                self.log(f"Get Device ID command failed: {code:#x} {completion_text(code)}")
                return 0
            self._maker = int.from_bytes(reply.data[6:9], "little") & 0x0FFFFF
        return self._maker

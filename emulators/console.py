"""The server's serial console: a stream of bytes that firmware and operating system write, and a place to type.

Nothing here does I/O. Whoever shows the console keeps an offset and reads on from there; what is older than the
scrollback is gone. Whoever reads what is typed is the console's `reader`: the login, or nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from emulators import console_text
from emulators.console_text import Timed
from emulators.host.getty import SerialLogin
from emulators.host.process import Process, Run

if TYPE_CHECKING:
    from emulators.images import Firmware
    from emulators.server import VirtualServer

SCROLLBACK = 65536


class Reader(Protocol):
    """The far end of the line: a terminal of the operating system."""

    def type(self, data: bytes) -> int:
        """Take characters; how many there was room for."""

    def send_break(self) -> None: ...


class Chunk(NamedTuple):
    """Bytes of the stream from `offset` on, which is later than asked for where the scrollback has lost some."""

    offset: int
    data: bytes


class _Question:
    """Takes what is typed until it answers."""

    def __init__(self, console: Console, text: str, answered: Callable[[bytes], bool], again: bytes) -> None:
        self._console, self._text, self._answered, self._again = console, text, answered, again
        self._typed = b""

    def type(self, data: bytes) -> int:
        self._typed += data
        if self._answered(self._typed):
            self._console.answered()
        elif self._again and self._again in data:
            self._console.say(self._text)
        return len(data)

    def send_break(self) -> None:
        """Nobody here knows what that would be."""


class Console:
    """The methods that name a phase are the server's to call when it enters that phase."""

    def __init__(self, server: VirtualServer) -> None:
        self._server = server
        self._kept = bytearray()
        self.end = 0  # how many bytes were ever written
        self.login = SerialLogin(server, self.write)
        self.reader: Reader | None = self.login
        self.asking = False  # does firmware or boot wait for an answer?
        self._script: Process | None = None
        self._up_since = 0.0

    # -- the two directions

    def read(self, offset: int, limit: int = SCROLLBACK) -> Chunk:
        """At most `limit` bytes from `offset` on."""
        start = max(offset, self.end - len(self._kept))
        first = start - (self.end - len(self._kept))
        return Chunk(start, bytes(self._kept[first : first + limit]))

    @property
    def text(self) -> str:
        """The whole scrollback."""
        return self._kept.decode(errors="replace")

    @property
    def powered(self) -> bool:
        """Is there anything at the far end of the line?"""
        return self._server.powered

    def write(self, data: bytes) -> None:
        """What the host sends."""
        self._kept += data
        self.end += len(data)
        del self._kept[:-SCROLLBACK]

    def type(self, data: bytes) -> int:
        """What comes from the other side; how many characters were taken. Firmware that does not read loses them."""
        return self.reader.type(data) if self.reader is not None else len(data)

    def send_break(self) -> None:
        """Hold the line, as a terminal's Break key does."""
        if self.reader is not None:
            self.reader.send_break()

    # -- what the phases of the host show

    def cut(self) -> None:
        """Power or reset: whatever was being written stops in the middle. The last screen stays."""
        self.login.stop()
        self.asking, self.reader = False, self.login
        if self._script is not None:
            self._script.kill()
            self._script = None

    def post(self) -> None:
        """The firmware that runs has found its console."""
        self.say(console_text.post(self._server))

    def ask(self, text: str, answered: Callable[[bytes], bool], again: bytes = b"") -> None:
        """Show a question, and go on `asking` until what was typed answers it. It is shown anew after `again`."""
        self.say(text)
        self.asking, self.reader = True, _Question(self, text, answered, again)

    def answered(self) -> None:
        """The question is answered: whoever comes next reads again."""
        self.asking, self.reader = False, self.login

    def stuck(self, firmware: Firmware | None) -> None:
        """POST goes no further: its code stands on the screen, unless what the chip holds is no BIOS at all."""
        if firmware is not None and firmware.kind == "bios":
            self.say(console_text.stuck(self._server.post_code))

    def setup(self) -> None:
        """The firmware's own menus."""
        self.say(console_text.SETUP[self._server.board.vendor])

    def no_boot(self) -> None:
        """No boot device holds a system."""
        self.say(console_text.NO_BOOT[self._server.board.vendor])

    def boot(self) -> None:
        """The boot loader starts."""
        self._play(console_text.boot(self._server), self._server.board.bios.os_boot_s)

    def up(self) -> None:
        """The operating system is up: it asks who is there."""
        self._up_since = self._server.now
        self.login.start()

    def boot_hangs(self) -> None:
        """The operating system never gets to its login prompt."""
        self.say(console_text.HANGS)

    def shut_down(self, *, restart: bool) -> None:
        """The operating system goes down: logins first."""
        self._server.agenda.after(0, self.login.stop)
        self._play(
            console_text.shutdown(self._server.now - self._up_since, restart=restart),
            self._server.board.bios.os_shutdown_s,
        )

    def say(self, text: str) -> None:
        """Write these lines."""
        self.write(text.replace("\n", "\r\n").encode())

    def _play(self, lines: Iterable[Timed], seconds: float) -> None:
        """Write each text when its share of `seconds` is over."""
        self.cut()

        def run() -> Run[int]:
            at = 0.0
            for share, text in lines:
                yield (share - at) * seconds
                at = share
                self.say(text)
            return 0

        self._script = Process(0, "console", run(), self._server.agenda, None)
        self._script.start()

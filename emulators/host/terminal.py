"""A terminal's line discipline in cooked mode (termios: ICANON, ECHO, ISIG, ICRNL, ONLCR), without I/O."""

from __future__ import annotations

from collections.abc import Callable

INTERRUPT, END, BACKSPACE, RETURN, NEWLINE, KILL_LINE, DELETE = 0x03, 0x04, 0x08, 0x0D, 0x0A, 0x15, 0x7F
ROOM = 4095  # characters of one line, as Linux's N_TTY takes


class Terminal:
    """Edits a line until Return and hands it on, newline included.

    `send` takes what is to appear at the other end. `on_line`, `on_interrupt` and `on_end` belong to whoever reads.
    """

    def __init__(
        self,
        send: Callable[[bytes], None],
        on_line: Callable[[bytes], None],
        on_interrupt: Callable[[], None],
        on_end: Callable[[], None],
    ) -> None:
        self._send, self._on_line, self._on_interrupt, self._on_end = send, on_line, on_interrupt, on_end
        self._line = bytearray()
        self.echo = True

    def write(self, data: bytes) -> None:
        """Output of a program: NL becomes CR NL."""
        self._send(data.replace(b"\n", b"\r\n"))

    def type(self, data: bytes) -> int:
        """Characters from the other end; how many were taken. A line that is full takes only what ends or edits it."""
        for count, byte in enumerate(data):
            if len(self._line) >= ROOM and byte >= 0x20 and byte != DELETE:
                return count
            self._key(byte)
        return len(data)

    def clear(self) -> None:
        """Forget what was typed of a line."""
        self._line.clear()

    def _key(self, byte: int) -> None:
        match byte:
            case 0x0D | 0x0A:
                self._return()
            case 0x08 | 0x7F:
                self._rub_out(1)
            case 0x15:
                self._rub_out(len(self._line))
            case 0x03:
                self._line.clear()
                self._on_interrupt()
            case 0x04:
                if not self._line:
                    self._on_end()
            case _ if byte >= 0x20 or byte == 0x09:
                self._line.append(byte)
                self._show(bytes([byte]))

    def _return(self) -> None:
        line = bytes(self._line) + b"\n"
        self._line.clear()
        self._show(b"\r\n")
        self._on_line(line)

    def _rub_out(self, count: int) -> None:
        count = min(count, len(self._line))
        if count:
            del self._line[-count:]
            self._show(b"\b \b" * count)

    def _show(self, data: bytes) -> None:
        if self.echo:
            self._send(data)

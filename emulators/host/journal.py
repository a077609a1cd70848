"""The system's journal: what units and systemd said, in order. It is on disk, so it survives reboots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost


@dataclass(frozen=True)
class Line:
    """`at`: Unix time. `unit`: "" where the line belongs to none. `boot`: the boot id it was written under."""

    at: float
    unit: str
    identifier: str
    pid: int
    text: str
    boot: str


class Journal:
    def __init__(self, host: VirtualHost) -> None:
        self._host = host
        self.lines: list[Line] = []

    def write(self, text: str, *, unit: str = "", identifier: str = "systemd", pid: int = 1) -> None:
        """Add a line as of now."""
        self.lines.append(Line(self._host.calendar, unit, identifier, pid, text, self._host.boot_id))


class JournalSink:
    """A unit's output: the journal takes it line by line."""

    def __init__(self, journal: Journal, unit: str, identifier: str) -> None:
        self._journal, self._unit, self._identifier = journal, unit, identifier
        self.pid = 0
        self._partial = b""

    def write(self, data: bytes) -> None:
        *lines, self._partial = (self._partial + data).split(b"\n")
        for line in lines:
            self._line(line)

    def flush(self) -> None:
        """What has no newline yet."""
        if self._partial:
            self._line(self._partial)
        self._partial = b""

    def _line(self, line: bytes) -> None:
        text = line.decode(errors="replace")
        self._journal.write(text, unit=self._unit, identifier=self._identifier, pid=self.pid)

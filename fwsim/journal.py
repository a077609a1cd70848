"""The journal of a run: events.jsonl, one event a line, only ever appended to.

Lifecycle events are on the disk before `write` returns, so that whatever kills this process, the journal says what was
begun and what was known. Progress is only handed to the system: losing it loses nothing. A line is an event once its
newline is there; on opening, what follows the last newline is cut off.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from fwsim.events import Event, Progress, from_json, to_json

_CHUNK = 65536


class Busy(Exception):
    """Another fwsim is working on this run. The message says so."""


class Journal:
    """An open journal. `write` is the engine's first subscriber: displays come after it.

    It is locked while it is open, so that no two engines go on with one run; a kill frees the lock. Raises Busy.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = not path.exists()
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            raise Busy(f"another fwsim is working on the run {path.parent.name}; wait for its end") from error
        os.ftruncate(self._file, _whole_length(self._file))
        if fresh:
            _sync_directory(path.parent)

    def write(self, event: Event) -> None:
        """Append the event; a lifecycle event is on the disk when this returns."""
        line = (to_json(event) + "\n").encode("utf-8", "backslashreplace")
        while line:
            line = line[os.write(self._file, line) :]
        if not isinstance(event, Progress):
            os.fsync(self._file)

    def close(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def read(path: Path) -> list[Event]:
    """The events of a journal; a torn last line is left out. Raises OSError, ValueError for what is no journal."""
    lines = whole(path.read_bytes()).split(b"\n")[:-1]
    return [from_json(line.decode("utf-8")) for line in lines]


def whole(data: bytes) -> bytes:
    """A journal up to and with its last newline."""
    return data[: data.rfind(b"\n") + 1]


def _whole_length(file: int) -> int:
    """The file's length up to and with its last newline."""
    end = os.fstat(file).st_size
    while end > 0:
        start = max(0, end - _CHUNK)
        newline = os.pread(file, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0


def _sync_directory(path: Path) -> None:
    """A new file's name is on the disk only once its directory is."""
    directory = os.open(path, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)

"""The virtual servers that somebody has started and named: a folder each, for this user alone.

A folder holds server.json (whose it is: pid and start time), the control socket, world.jsonl and scratch files. Who
started the server takes it away at the end; what a kill has left behind, the next one who looks takes away.
"""

from __future__ import annotations

import contextlib
import difflib
import fcntl
import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Literal

from platformdirs import user_state_path
from pydantic import BaseModel, ValidationError

from emulators.home.alive import alive, start_time
from emulators.home.config import Ready
from emulators.home.control import NAME as SOCKET

Where = Literal["process", "docker"]
RECORD, LOCK = "server.json", ".lock"
NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


class BadName(ValueError):
    """No server can be called that."""


class NameTaken(Exception):
    """A server of that name runs already."""


class UnknownServer(LookupError):
    """No server of that name runs."""


class Entry(BaseModel):
    """A server: the process that it is, or whose container it is, and how it is reached once it is ready. `wall`: when
    it was started."""

    name: str
    board: str
    pid: int
    started: str
    wall: float
    home: Where = "process"
    ready: Ready | None = None

    @property
    def alive(self) -> bool:
        return alive(self.pid, self.started)


def default_root() -> Path:
    """The platform's state directory, e.g. ~/.local/state/fwsim/servers."""
    return user_state_path("fwsim", appauthor=False) / "servers"


@dataclass
class Place:
    """A server's folder, from when its name is claimed until it is given back."""

    path: Path
    entry: Entry

    def announce(self, ready: Ready) -> None:
        """It can be reached."""
        self.entry = self.entry.model_copy(update={"ready": ready})
        _write(self.path, self.entry)

    def release(self) -> None:
        """Take the folder away."""
        shutil.rmtree(self.path, ignore_errors=True)


class Registry:
    """All servers under one directory."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or default_root()

    @property
    def estates(self) -> Path:
        """Where what whole estates share lies."""
        return self.root.parent / "estates"

    def claim(self, name: str | None, board: str, *, home: Where = "process") -> Place:
        """A folder for a new server. Without a name it is called after its board, with a number where that is taken.

        Raises BadName, NameTaken, OSError.
        """
        if name is not None and not NAME.fullmatch(name):
            raise BadName(f"expected a name of lower-case letters, digits, dots and dashes, not {name!r}")
        with self._locked():
            self._clean()
            taken = set(os.listdir(self.root))
            if name is not None and name in taken:
                raise NameTaken(f"a server called {name!r} runs already; choose another name or `down {name}` it first")
            chosen = name or next(each for each in _numbered(board) if each not in taken)
            path = self.root / chosen
            path.mkdir(mode=0o700)
            pid = os.getpid()
            entry = Entry(name=chosen, board=board, pid=pid, started=start_time(pid), wall=time.time(), home=home)
            _write(path, entry)
        return Place(path, entry)

    def lend(self, name: str, ready: Ready, directory: Path) -> None:
        """A server that is another's to end, and listens in that directory, is found by that name while it runs.

        Raises OSError.
        """
        with self._locked():
            self._clean()
            path = self.root / name
            path.mkdir(mode=0o700, exist_ok=True)
            (path / SOCKET).unlink(missing_ok=True)
            (path / SOCKET).symlink_to((directory / SOCKET).absolute())
            entry = Entry(
                name=name,
                board=ready.board,
                pid=ready.pid,
                started=start_time(ready.pid),
                wall=time.time(),
                ready=ready,
            )
            _write(path, entry)

    def take_back(self, name: str) -> None:
        """It is found no more."""
        if (self.root / name / SOCKET).is_symlink():
            with self._locked():
                shutil.rmtree(self.root / name, ignore_errors=True)

    def all(self) -> list[Entry]:
        """Every server that runs, by name. What dead ones have left is taken away."""
        if not self.root.is_dir():
            return []
        with self._locked():
            self._clean()
        return [entry for path in sorted(self.root.iterdir()) if (entry := _read(path)) is not None]

    def find(self, name: str) -> Entry:
        """The server of that name. Raises UnknownServer."""
        running = {entry.name: entry for entry in self.all()}
        if name in running:
            return running[name]
        close = difflib.get_close_matches(name, running, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        there = f"running: {', '.join(running)}" if running else "none runs; `fwsim emulator up BOARD` starts one"
        raise UnknownServer(f"no virtual server is called {name!r}; {hint}{there}")

    def socket(self, entry: Entry) -> Path:
        """Where its home is asked."""
        return self.root / entry.name / SOCKET

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Nobody else claims or cleans meanwhile."""
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.root / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _clean(self) -> None:
        for path in self.root.iterdir():
            entry = _read(path)
            if path.is_dir() and (entry is None or not entry.alive):
                shutil.rmtree(path, ignore_errors=True)


def _numbered(board: str) -> Iterator[str]:
    yield board
    for number in count(2):
        yield f"{board}-{number}"


def _write(path: Path, entry: Entry) -> None:
    new = path / f"{RECORD}.new"
    new.touch(mode=0o600)
    new.write_text(entry.model_dump_json() + "\n", "utf-8")
    new.replace(path / RECORD)


def _read(path: Path) -> Entry | None:
    try:
        return Entry.model_validate_json((path / RECORD).read_bytes())
    except (OSError, ValidationError):
        return None

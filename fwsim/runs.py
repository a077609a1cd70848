"""Where runs live: a directory each, named by its moment and board, under the state directory or --runs DIR.

A run's directory holds its journal (events.jsonl) and whatever else the run leaves behind: backups, the virtual
server's record. The directory's name is the run's id. A matrix (`--every-fault`) is many rehearsals: its directory has
no journal, but matrix.json.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

JOURNAL = "events.jsonl"
MATRIX = "matrix.json"
LATEST = "latest"
_ID = re.compile(r"\d{8}-\d{6}-[a-z0-9-]+-[0-9a-f]{4}")


class UnknownRun(LookupError):
    """No run of that name. `close` are those whose names are like it."""

    def __init__(self, name: str, root: Path, close: tuple[str, ...]) -> None:
        text = f"there is no run yet in {root}" if name == LATEST else f"no run is called {name!r} in {root}"
        if name == LATEST and close:
            text += f"; {close[-1]} is no run but a matrix: `fwsim show {close[-1]}`"
        elif close:
            text += f"; did you mean {' or '.join(close)}?"
        elif name != LATEST:
            text += "; `fwsim runs` lists them"
        super().__init__(text)
        self.name, self.root, self.close = name, root, close


class RunsUnusable(Exception):
    """No run can be kept there."""


@dataclass(frozen=True)
class Run:
    """One run's directory."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def journal(self) -> Path:
        return self.path / JOURNAL

    @property
    def is_matrix(self) -> bool:
        return (self.path / MATRIX).is_file()


def default_root() -> Path:
    """The platform's state directory, e.g. ~/.local/state/fwsim/runs."""
    from platformdirs import user_state_path

    return user_state_path("fwsim", appauthor=False) / "runs"


class Runs:
    """All runs under one directory."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or default_root()

    def new(self, board: str, moment: datetime | None = None) -> Run:
        """A directory for a new run; no two calls get the same one. Raises RunsUnusable."""
        try:
            return self._made(board, moment)
        except OSError as error:
            why = f"no run can be kept in {self.root}: {error.strerror}; --runs DIR names another directory"
            raise RunsUnusable(why) from error

    def _made(self, board: str, moment: datetime | None) -> Run:
        self.root.mkdir(parents=True, exist_ok=True)
        stamp = (moment or datetime.now(UTC)).astimezone(UTC).strftime("%Y%m%d-%H%M%S")
        plain = re.sub(r"[^a-z0-9]+", "-", board.lower()).strip("-") or "board"
        while True:
            path = self.root / f"{stamp}-{plain}-{secrets.token_hex(2)}"
            try:
                path.mkdir(mode=0o700)
            except FileExistsError:
                continue
            return Run(path)

    def all(self) -> list[Run]:
        """Every run, the oldest first. Directories of other names are none of ours."""
        try:
            entries = sorted(os.listdir(self.root))
        except FileNotFoundError:
            return []
        return [Run(self.root / name) for name in entries if _ID.fullmatch(name) and (self.root / name).is_dir()]

    def find(self, name: str) -> Run:
        """The run of that id, `latest`, or the only one whose id begins or ends with `name`. Raises UnknownRun."""
        runs = self.all()
        if name == LATEST:
            return self._latest(runs)
        fitting = [r for r in runs if r.id == name] or [
            r for r in runs if name and (r.id.startswith(name) or r.id.endswith(name))
        ]
        if not fitting:  # a rehearsal in memory has a name of its own, the same each time: its latest is meant
            fitting = [r for r in runs if name and _said(r) == name][-1:]
        if len(fitting) == 1:
            return fitting[0]
        ids = [r.id for r in fitting or runs]
        close = ids[-3:] if fitting else difflib.get_close_matches(name, ids, n=3, cutoff=0.6)
        raise UnknownRun(name, self.root, tuple(close))

    def _latest(self, runs: list[Run]) -> Run:
        """The last with a journal; one that has not begun where no other has, but never a matrix."""
        begun = [r for r in runs if r.journal.is_file()] or [r for r in runs if not r.is_matrix]
        if not begun:
            raise UnknownRun(LATEST, self.root, tuple(r.id for r in runs[-1:]))
        return max(begun, key=_began)


def _said(run: Run) -> str | None:
    """The name that the run's own journal and report give it."""
    try:
        with run.journal.open(encoding="utf-8") as lines:
            first = json.loads(next(lines))
    except (OSError, StopIteration, ValueError):
        return None
    return first.get("run") if isinstance(first, dict) else None


def _began(run: Run) -> tuple[str, int]:
    """Two runs may begin in the same second: then the directory's own time tells them apart."""
    return run.id[:15], run.path.stat().st_ctime_ns

"""Folders for rehearsals of which nothing is kept: in memory, where the system keeps files there.

Making and removing a dozen files on a disk takes as long as a tenth of a rehearsal in virtual time.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - nothing but folders of a random name, for this user alone
_place: Path | None = None


def use(place: Path) -> None:
    """Make this process's folders in that one, which who started it removes."""
    global _place
    _place = place


@contextmanager
def folder() -> Iterator[Path]:
    """One, until the end of the block."""
    where = _place or (SHARED_MEMORY if os.access(SHARED_MEMORY, os.W_OK) else None)
    with tempfile.TemporaryDirectory(prefix="fwsim-cell-", dir=where, ignore_cleanup_errors=True) as name:
        yield Path(name)

"""Whether anybody still wants an estate: whoever does holds a lock on a file of it, and a kill lets go of that.

The lock is the kernel's, so that it is the same inside of the containers and outside.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from emulators.docker.told import LOCK


class Lifeline:
    """Keeps an estate alive until it is closed, or its process ends."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._file, fcntl.LOCK_SH)

    def close(self) -> None:
        os.close(self._file)


def wanted(folder: Path) -> bool:
    """Does anybody hold that estate's lock? Also True where it cannot be told."""
    try:
        file = os.open(folder / LOCK, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False

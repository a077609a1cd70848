"""Unix sockets wherever their folder lies: the system takes about a hundred bytes of a path, and folders are longer."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

LONGEST = 100  # bytes; sockaddr_un has 108 on Linux and 104 elsewhere


@contextlib.contextmanager
def _short(path: Path) -> Iterator[str]:
    """The same path in few enough bytes: by way of its folder's descriptor, where the system has such a way."""
    plain = os.fspath(path)
    if len(os.fsencode(plain)) <= LONGEST:
        yield plain
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def listening(path: Path) -> socket.socket:
    """A socket that listens there, for this user alone; one that a dead process left there is replaced. OSError."""
    path.unlink(missing_ok=True)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with _short(path) as name:
            made.bind(name)
        path.chmod(0o600)
        made.listen()
        made.setblocking(False)
    except OSError:
        made.close()
        raise
    return made


def connected(path: Path, timeout_s: float) -> socket.socket:
    """A connection to who listens there. Raises OSError."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        made.settimeout(timeout_s)
        with _short(path) as name:
            made.connect(name)
    except OSError:
        made.close()
        raise
    return made

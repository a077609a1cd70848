"""How commands read the files that are named on their command lines."""

from __future__ import annotations

import posixpath

from emulators.host.limits import LINES, OutOfMemory, moved
from emulators.host.process import Invocation, Run

STDIN = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


def place(inv: Invocation, path: str) -> str:
    """A path of the command line as an absolute one."""
    return posixpath.join(inv.cwd, path) if path else ""


def contents(inv: Invocation, path: str) -> Run[bytes]:
    """All bytes of a named file, or of standard input for `-` and its other names. Raises OSError."""
    if path in STDIN:
        return (yield from inv.stdin.read())
    data = inv.host.files.read(place(inv, path), inv.user)
    yield from moved(inv.host, len(data))
    return data


def size_below(inv: Invocation, path: str) -> int:
    """Bytes of a file, or of all files below it; 0 where there is none."""
    try:
        return sum(len(node.data) for _, node in inv.host.files.walk(place(inv, path)))
    except OSError:
        return 0


def lines_fit(size: int) -> None:
    """Raises OutOfMemory where text of that many bytes cannot be held as lines."""
    if size > LINES:
        raise OutOfMemory(size)


def lines_of(data: bytes) -> list[str]:
    """The lines of a text."""
    lines_fit(len(data))
    return data.decode(errors="surrogateescape").splitlines()


def read_or_say(inv: Invocation, path: str, words: str) -> Run[bytes | None]:
    """Like contents; where it fails, says so on standard error. `words` has {name}, {path} and {reason}."""
    try:
        return (yield from contents(inv, path))
    except OSError as problem:
        name = posixpath.basename(inv.argv[0])
        inv.err(words.format(name=name, path=path, reason=problem.strerror) + "\n")
        return None

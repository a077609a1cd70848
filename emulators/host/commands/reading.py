"""How commands read the files that are named on their command lines."""

from __future__ import annotations

import posixpath

from emulators.host.process import Invocation, Run

STDIN = ("-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0")


def place(inv: Invocation, path: str) -> str:
    """A path of the command line as an absolute one."""
    return posixpath.join(inv.cwd, path) if path else ""


def contents(inv: Invocation, path: str) -> Run[bytes]:
    """All bytes of a named file, or of standard input for `-` and its other names. Raises OSError."""
    if path in STDIN:
        return (yield from inv.stdin.read())
    return inv.host.files.read(place(inv, path), inv.user)


def read_or_say(inv: Invocation, path: str, words: str) -> Run[bytes | None]:
    """Like contents; where it fails, says so on standard error. `words` has {name}, {path} and {reason}."""
    try:
        return (yield from contents(inv, path))
    except OSError as problem:
        name = posixpath.basename(inv.argv[0])
        inv.err(words.format(name=name, path=path, reason=problem.strerror) + "\n")
        return None

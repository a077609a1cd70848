"""Programs as files: what a name on the command line finds, and what runs then.

A program's file holds a short header with its name in our command table, so copying, moving, deleting or damaging the
file has the consequence it has on a real host. Nothing here ever starts a program of the machine.
"""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from emulators.host import commands
from emulators.host.commands.options import Usage
from emulators.host.filesystem import SEARCH, may
from emulators.host.limits import ARGUMENT, ARGUMENTS
from emulators.host.process import SIGSEGV, Invocation, Run

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost

MAGIC = b"\x7fELF\x02\x01\x01\x00fwsim program:"
LAUNCH_S = 0.004
ROOT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
USER_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/games"


def binary(name: str) -> bytes:
    """The bytes of the program called `name` in the command table."""
    return MAGIC + name.encode() + b"\n"


def name_in(data: bytes) -> str | None:
    """Which program these bytes are, or None."""
    return _name_in(data[: len(MAGIC) + 64])


@lru_cache(maxsize=1024)
def _name_in(head: bytes) -> str | None:
    if not head.startswith(MAGIC) or b"\n" not in head:
        return None
    name = head[len(MAGIC) : head.index(b"\n", len(MAGIC))].decode(errors="replace")
    return name if name in commands.TABLE else None


@dataclass
class CannotRun(Exception):
    """There is no such program, or it cannot be started. `code` is an errno; `path` whether a path was given."""

    name: str
    code: int
    path: bool

    @property
    def status(self) -> int:
        """What a shell exits with."""
        return 127 if self.code == errno.ENOENT else 126

    @property
    def reason(self) -> str:
        return os.strerror(self.code)


def default_path(user: str) -> str:
    """PATH as sshd sets it."""
    return ROOT_PATH if user == "root" else USER_PATH


def absolute(cwd: str, path: str) -> str:
    """`path` seen from `cwd`."""
    return posixpath.join(cwd, path)


def find(host: VirtualHost, name: str, env: Mapping[str, str], cwd: str, user: str) -> str | None:
    """The file that `name` means: itself when it has a slash, else the first executable on PATH."""
    if "/" in name:
        path = absolute(cwd, name)
        return path if host.files.exists(path, user) else None
    for path in _candidates(name, env.get("PATH", default_path(user)), cwd):
        node = host.files.find(path, user)
        if node is not None and node.kind == "file" and may(node, user, SEARCH) and node.mode & 0o111:
            return path
    return None


@lru_cache(maxsize=1024)
def _candidates(name: str, path: str, cwd: str) -> tuple[str, ...]:
    """Where that command may lie."""
    return tuple(posixpath.join(absolute(cwd, directory or "."), name) for directory in path.split(":"))


def start(inv: Invocation) -> Run[int]:
    """The run of `inv.argv`. Raises CannotRun at once."""
    name = inv.argv[0]
    size = sum(map(len, inv.argv))
    if size >= ARGUMENT and (size > ARGUMENTS or max(map(len, inv.argv)) >= ARGUMENT):
        raise CannotRun(name, errno.E2BIG, True)
    path = find(inv.host, name, inv.env, inv.cwd, inv.user)
    if path is None:
        raise CannotRun(name, errno.ENOENT, "/" in name)
    node = inv.host.files.lookup(path, inv.user)
    if node.kind == "dir":
        raise CannotRun(name, errno.EISDIR, True)
    if not (node.mode & 0o111 and may(node, inv.user, SEARCH)):
        raise CannotRun(name, errno.EACCES, True)
    data = node.bytes()
    program = name_in(data)
    if program is not None:
        return _launched(commands.load(program), inv)
    if data[:4] == b"\x7fELF" or b"\0" in data[:128]:
        raise CannotRun(name, errno.ENOEXEC, True)
    return _script(inv, path, data)


def _launched(command: commands.Command, inv: Invocation) -> Run[int]:
    """A new process takes a moment: what the program before it has set off (a BMC's reset) has begun by then."""
    yield inv.host.turn(LAUNCH_S)
    server = inv.host.server
    server.command_starts(posixpath.basename(inv.argv[0]))
    if server.watch is None:
        return (yield from guarded(command, inv))
    ended = server.watch.command(inv.argv, inv.user)
    status = yield from guarded(command, inv)
    ended(status)
    return status


def guarded(command: commands.Command, inv: Invocation) -> Run[int]:
    """Run it; output that a full disk does not take ends it as the C library's tools end."""
    try:
        return (yield from command(inv))
    except Usage as problem:
        inv.err(problem.text)
        return problem.status
    except OSError as problem:
        with suppress(OSError):
            inv.err(f"{posixpath.basename(inv.argv[0])}: write error: {problem.strerror}\n")
        return 1
    except MemoryError:
        inv.err(f"{posixpath.basename(inv.argv[0])}: memory exhausted\n")
        return 1
    except RecursionError:  # its stack has met its end
        inv.err("Segmentation fault\n")
        return 128 + SIGSEGV
    except (ValueError, ArithmeticError) as problem:  # words that no program takes
        with suppress(OSError):
            inv.err(f"{posixpath.basename(inv.argv[0])}: invalid argument: {str(problem) or type(problem).__name__}\n")
        return 1


def _script(inv: Invocation, path: str, data: bytes) -> Run[int]:
    """A text file: its #! line names the interpreter, sh without one."""
    first = data.split(b"\n", 1)[0].decode(errors="replace")
    interpreter = first[2:].split() if first.startswith("#!") else ["/bin/sh"]
    if not interpreter or find(inv.host, interpreter[0], inv.env, inv.cwd, inv.user) is None:
        raise CannotRun(inv.argv[0], errno.ENOENT, True)
    given = inv.argv[0] if "/" in inv.argv[0] else path
    return start(replace(inv, argv=(*interpreter, given, *inv.argv[1:])))

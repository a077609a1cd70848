"""The virtual host's files, in memory: directories, bytes, modes, owners, links, a disk that can be full.

Nothing here ever opens a file of the machine. Errors are the OSErrors that a POSIX system raises, so that their
`strerror` is the text which real tools print.
"""

from __future__ import annotations

import errno
import os
import posixpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

Kind = Literal["file", "dir", "link", "device"]
READ, WRITE, SEARCH = 4, 2, 1
TYPE_BITS: dict[Kind, int] = {"file": 0o100000, "dir": 0o040000, "link": 0o120000, "device": 0o020000}
MAX_LINKS = 40
PATH_MAX = 4096  # bytes of a path, its end included


@dataclass(eq=False)
class Node:
    """An inode. `content` computes what a /proc file says; `sink` takes what is written to a device.

    `present` says whether the entry exists at all: a package can be removed, a device node comes with its driver.
    """

    kind: Kind
    mode: int
    owner: str = "root"
    group: str = "root"
    mtime: float = 0.0
    number: int = 0
    data: bytearray = field(default_factory=bytearray)
    entries: dict[str, Node] = field(default_factory=dict)
    target: str = ""
    content: Callable[[], bytes] | None = None
    sink: Callable[[bytes], None] | None = None
    present: Callable[[], bool] | None = None

    @property
    def here(self) -> bool:
        return self.present is None or self.present()

    @property
    def size(self) -> int:
        """What stat shows: a directory occupies a block, computed files say 0 as /proc does."""
        return 4096 if self.kind == "dir" else len(self.target) if self.kind == "link" else len(self.data)

    @property
    def st_mode(self) -> int:
        return TYPE_BITS[self.kind] | self.mode

    def bytes(self, offset: int = 0, size: int | None = None) -> bytes:
        """All of it, or so much from there on."""
        data = self.data if self.content is None else self.content()
        return bytes(data) if size is None else bytes(data[offset : offset + size])


def failure(code: int, path: str) -> OSError:
    """The OSError of that errno, with the system's own text."""
    return OSError(code, os.strerror(code), path)


class Filesystem:
    """One disk. Paths are absolute or relative to `/`; `user` is whose permissions count."""

    def __init__(self, clock: Callable[[], float], capacity: int, occupied: int = 0) -> None:
        self.clock, self.occupied = clock, occupied
        self.capacity = capacity
        self._numbers = 1
        self._known: dict[str, tuple[tuple[Node, str, Node | None], tuple[Node, ...]]] = {}  # until the tree changes
        self._missed: list[str] = []  # those of them that lead to nothing
        self.root = self._new("dir", 0o755)

    # -- looking

    def lookup(self, path: str, user: str = "root", *, follow: bool = True) -> Node:
        """The node at `path`. Raises FileNotFoundError, NotADirectoryError, PermissionError."""
        node = self._walk(path, user, follow)[2]
        if node is None:
            raise failure(errno.ENOENT, path)
        return node

    def find(self, path: str, user: str = "root") -> Node | None:
        """The node at `path`, None where there is none or the way there is barred."""
        try:
            return self._walk(path, user, True)[2]
        except OSError:
            return None

    def exists(self, path: str, user: str = "root") -> bool:
        try:
            self.lookup(path, user)
        except OSError:
            return False
        return True

    def is_dir(self, path: str, user: str = "root") -> bool:
        return self.exists(path, user) and self.lookup(path, user).kind == "dir"

    def real_path(self, path: str, user: str = "root") -> str:
        """The path without links or dots; the last part need not exist."""
        return self._walk(path, user, True)[1]

    def listdir(self, path: str, user: str = "root") -> list[str]:
        """Names in a directory, in byte order."""
        node = self.lookup(path, user)
        if node.kind != "dir":
            raise failure(errno.ENOTDIR, path)
        self.check(node, user, READ, path)
        return sorted(name for name, entry in node.entries.items() if entry.here)

    def check(self, node: Node, user: str, wanted: int, path: str) -> None:
        """Raise PermissionError unless `user` has these rights."""
        if not may(node, user, wanted):
            raise failure(errno.EACCES, path)

    @property
    def capacity(self) -> int:
        """The disk's size. Setting it to less than is used makes the disk full."""
        return self._capacity

    @capacity.setter
    def capacity(self, size: int) -> None:
        self._capacity = size
        self._credit = 0

    @property
    def used(self) -> int:
        """Bytes taken on the disk, the system's own included."""
        total, todo = self.occupied, [self.root]
        while todo:
            node = todo.pop()
            total += len(node.data)
            todo += [entry for entry in node.entries.values() if entry.here]
        return total

    def walk(self, path: str) -> Iterator[tuple[str, Node]]:
        """Every node below `path`, itself included, parents first."""
        todo = [(path, self.lookup(path, follow=False))]
        while todo:
            path, node = todo.pop()
            yield path, node
            names = sorted((name for name, entry in node.entries.items() if entry.here), reverse=True)
            todo += [(posixpath.join(path, name), node.entries[name]) for name in names]

    # -- reading and writing

    def read(self, path: str, user: str = "root") -> bytes:
        node = self.lookup(path, user)
        if node.kind == "dir":
            raise failure(errno.EISDIR, path)
        self.check(node, user, READ, path)
        return node.bytes()

    def write(self, path: str, data: bytes, user: str = "root", *, mode: int = 0o644) -> Node:
        """Replace a file's bytes, or create it."""
        node = self.open(path, user, mode=mode, truncate=True)
        self.extend(node, data)
        return node

    def append(self, path: str, data: bytes, user: str = "root") -> None:
        self.extend(self.open(path, user), data)

    def open(self, path: str, user: str = "root", *, mode: int = 0o644, truncate: bool = False) -> Node:
        """A file for writing; it is created where it is absent."""
        parent, real, node = self._walk(path, user, True)
        if node is None:
            if path.endswith("/"):
                raise failure(errno.EISDIR, path)
            node = self._new("file", mode, user)
            self._enter(parent, posixpath.basename(real), node, user, path)
            return node
        if node.kind == "dir":
            raise failure(errno.EISDIR, path)
        self.check(node, user, WRITE, path)
        if truncate and node.sink is None:
            node.data = bytearray()
            node.mtime = self.clock()
        return node

    def extend(self, node: Node, data: bytes) -> None:
        """Append to an open file. A full disk takes what fits and raises ENOSPC."""
        self.put(node, len(node.data), data)

    def lengthen(self, node: Node, size: int) -> None:
        """Zeros up to that size. Raises ENOSPC, with nothing made, where the disk has no room for them."""
        if size - len(node.data) > max(0, self.capacity - self.used):
            raise failure(errno.ENOSPC, "")
        self.put(node, len(node.data), bytes(size - len(node.data)))

    def put(self, node: Node, offset: int, data: bytes) -> None:
        """Write at an offset of an open file; a gap reads as zeros."""
        if node.sink is not None:
            node.sink(data)
            return
        if node.content is not None:
            raise failure(errno.EACCES, "")
        growth = max(0, offset + len(data) - len(node.data))
        if growth > self._credit:
            self._credit = max(0, self.capacity - self.used)
        fits = data if growth <= self._credit else data[: max(0, len(data) - (growth - self._credit))]
        self._credit = max(0, self._credit - growth)  # what is known to be free: removing files only adds to it
        if fits and offset > len(node.data):
            node.data += bytes(offset - len(node.data))
        node.data[offset : offset + len(fits)] = fits
        node.mtime = self.clock()
        if len(fits) < len(data):
            raise failure(errno.ENOSPC, "")

    # -- changing the tree

    def mkdir(self, path: str, user: str = "root", *, mode: int = 0o755, parents: bool = False) -> None:
        if parents:
            above = path.rstrip("/")
            missing = []
            while not self.exists(above := posixpath.dirname(above) or "/", user):
                missing.append(above)
            for directory in reversed(missing):
                self.mkdir(directory, user)
            if self.is_dir(path, user):
                return
        parent, real, node = self._walk(path.rstrip("/") or "/", user, True)
        if node is not None:
            raise failure(errno.EEXIST, path)
        self._enter(parent, posixpath.basename(real), self._new("dir", mode, user), user, path)

    def remove(self, path: str, user: str = "root") -> None:
        """Unlink a file or a link."""
        parent, name, node = self._entry(path, user)
        if node.kind == "dir":
            raise failure(errno.EISDIR, path)
        self.check(parent, user, WRITE, path)
        self._not_the_systems(node, path)
        del parent.entries[name]
        self._known.clear()

    def rmdir(self, path: str, user: str = "root") -> None:
        parent, name, node = self._entry(path, user)
        if node.kind != "dir":
            raise failure(errno.ENOTDIR, path)
        if any(entry.here for entry in node.entries.values()):
            raise failure(errno.ENOTEMPTY, path)
        self.check(parent, user, WRITE, path)
        del parent.entries[name]
        self._known.clear()

    def remove_tree(self, path: str, user: str = "root") -> None:
        """What `rm -r` does, children first."""
        for below, node in reversed(list(self.walk(path))):
            (self.rmdir if node.kind == "dir" else self.remove)(below, user)

    def empty(self, path: str) -> None:
        """Forget all that is in a directory: /tmp and /run at a boot."""
        self.lookup(path).entries.clear()
        self._known.clear()

    def rename(self, old: str, new: str, user: str = "root") -> None:
        parent, name, node = self._entry(old, user)
        target_parent, real, target = self._walk(new, user, False)
        if target is node:
            return
        if target is not None and target.kind == "dir" and node.kind != "dir":
            raise failure(errno.EISDIR, new)
        if target is not None and target.kind == "dir" and target.entries:
            raise failure(errno.ENOTEMPTY, new)
        if node.kind == "dir" and (real + "/").startswith(self.real_path(old, user) + "/"):
            raise failure(errno.EINVAL, new)
        self.check(parent, user, WRITE, old)
        self._not_the_systems(node, old)
        self._enter(target_parent, posixpath.basename(real), node, user, new)
        del parent.entries[name]
        self._known.clear()

    def symlink(self, target: str, path: str, user: str = "root") -> None:
        parent, real, node = self._walk(path, user, False)
        if node is not None:
            raise failure(errno.EEXIST, path)
        link = self._new("link", 0o777, user)
        link.target = target
        self._enter(parent, posixpath.basename(real), link, user, path)

    def chmod(self, path: str, mode: int, user: str = "root") -> None:
        node = self.lookup(path, user)
        if user not in ("root", node.owner):
            raise failure(errno.EPERM, path)
        node.mode = mode & 0o7777

    def touch(self, path: str, user: str = "root", mtime: float | None = None) -> None:
        """Make it if it is not there; set its time."""
        node = self.lookup(path, user) if self.is_dir(path, user) else self.open(path, user)
        node.mtime = self.clock() if mtime is None else mtime

    def install(
        self,
        path: str,
        data: bytes = b"",
        *,
        mode: int = 0o644,
        content: Callable[[], bytes] | None = None,
        sink: Callable[[bytes], None] | None = None,
        present: Callable[[], bool] | None = None,
    ) -> Node:
        """Put a file of the system in place, with its directories."""
        place, name = posixpath.split(path)
        directory = self.find(place)
        if directory is None:
            self.mkdir(place, parents=True)
            directory = self.lookup(place)
        node = self._new("device" if sink is not None else "file", mode)
        node.data, node.content, node.sink, node.present = bytearray(data), content, sink, present
        self._put(directory, name, node)
        return node

    # -- inside

    def _new(self, kind: Kind, mode: int, owner: str = "root") -> Node:
        self._numbers += 1
        return Node(kind, mode, owner, owner, self.clock(), self._numbers)

    def _enter(self, parent: Node, name: str, node: Node, user: str, path: str) -> None:
        if not name:
            raise failure(errno.ENOENT, path)
        if len(name.encode()) > 255:
            raise failure(errno.ENAMETOOLONG, path)
        self.check(parent, user, WRITE, path)
        self._put(parent, name, node)
        parent.mtime = self.clock()

    def _put(self, directory: Node, name: str, node: Node) -> None:
        """What was looked for in vain may be there now; what was found stays, unless it is replaced."""
        if directory.entries.get(name) is not None:
            self._known.clear()
        elif self._missed:
            for path in self._missed:
                self._known.pop(path, None)
            self._missed.clear()
        directory.entries[name] = node

    def _entry(self, path: str, user: str) -> tuple[Node, str, Node]:
        """An existing entry that can be taken away: its directory, its name there, itself."""
        parent, real, node = self._walk(path.rstrip("/") or "/", user, False)
        if node is None:
            raise failure(errno.ENOENT, path)
        if node is self.root:
            raise failure(errno.EBUSY, path)
        return parent, posixpath.basename(real), node

    def _not_the_systems(self, node: Node, path: str) -> None:
        if node.content is not None:
            raise failure(errno.EPERM, path)

    def _walk(self, path: str, user: str, follow: bool) -> tuple[Node, str, Node | None]:
        """Directory, path without links, and node of the last part (None: not there, but its directory is)."""
        if len(path) >= PATH_MAX:
            raise failure(errno.ENAMETOOLONG, path[:64])
        if user != "root":
            return self._walk_any(path, user, follow)
        known = self._known.get(path)
        if known is not None and (not known[1] or all(node.here for node in known[1])):
            return known[0]
        return self._walk_plainly(path) or self._walk_any(path, user, follow)

    def _walk_plainly(self, path: str) -> tuple[Node, str, Node | None] | None:
        """For root, on a path that meets no links; None where it is none. What is found is known until the tree
        changes, but for entries that come and go by themselves."""
        directory = node = self.root
        moods: tuple[Node, ...] = ()
        parts = _plain_parts(path)
        for number, name in enumerate(parts, 1):
            entry = node.entries.get(name)
            if entry is None or not entry.here:
                if number < len(parts) or node.kind != "dir":
                    return None
                if entry is None:
                    self._known[path] = (node, path, None), moods
                    self._missed.append(path)
                return node, path, None
            if entry.kind == "link":
                return None
            if entry.present is not None:
                moods += (entry,)
            directory, node = node, entry
        if not parts:
            return None
        self._known[path] = (directory, path, node), moods
        return directory, path, node

    def _walk_any(self, path: str, user: str, follow: bool) -> tuple[Node, str, Node | None]:
        """The same for every path: with links, dots, and permissions."""
        stack: list[tuple[str, Node]] = [("", self.root)]
        todo = [part for part in reversed(path.split("/")) if part not in ("", ".")]
        links = 0
        while todo:
            name = todo.pop()
            if stack[-1][1].kind != "dir":
                raise failure(errno.ENOTDIR, path)
            self.check(stack[-1][1], user, SEARCH, path)
            if name == "..":
                del stack[max(1, len(stack) - 1) :]
                continue
            node = stack[-1][1].entries.get(name)
            if node is None or not node.here:
                if todo:
                    raise failure(errno.ENOENT, path)
                return stack[-1][1], _joined(stack, name), None
            if node.kind == "link" and (todo or follow):
                links += 1
                if links > MAX_LINKS:
                    raise failure(errno.ELOOP, path)
                if node.target.startswith("/"):
                    del stack[1:]
                todo += [part for part in reversed(node.target.split("/")) if part not in ("", ".")]
                continue
            stack.append((name, node))
        if path.endswith("/") and stack[-1][1].kind not in ("dir", "link"):
            raise failure(errno.ENOTDIR, path)
        return stack[max(0, len(stack) - 2)][1], _joined(stack), stack[-1][1]


@lru_cache(maxsize=4096)
def _plain_parts(path: str) -> tuple[str, ...]:
    """The names on a path that needs no thought: absolute, without dots or doubled slashes; () for any other."""
    parts = tuple(path.split("/"))[1:]
    plain = path.startswith("/") and all(part not in ("", ".", "..") for part in parts)
    return parts if plain else ()


def _joined(stack: list[tuple[str, Node]], *more: str) -> str:
    return "/" + "/".join([name for name, _ in stack[1:]] + list(more))


def may(node: Node, user: str, wanted: int) -> bool:
    """Classic permission bits. A user's only group has the user's name; root may do everything."""
    if user == "root":
        return True
    shift = 6 if user == node.owner else 3 if user == node.group else 0
    return (node.mode >> shift) & wanted == wanted


class FileSink:
    """An open file as a command's output: it grows while the command writes, also when it was renamed or removed."""

    def __init__(self, files: Filesystem, node: Node) -> None:
        self.files, self.node = files, node

    def write(self, data: bytes) -> None:
        self.files.extend(self.node, data)

"""SFTP (and scp, which asyncssh serves on top of it) on the virtual host's disk.

Every method that asyncssh's SFTPServer would carry out on the machine is overridden; a test names them all. Paths are
looked up in the virtual filesystem alone, so `..` and links lead nowhere else.
"""

from __future__ import annotations

import posixpath
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import asyncssh

from emulators.host.filesystem import Node, failure
from emulators.host.linux import VirtualHost

AS_OPENSSH = ("OpenSSH", "paramiko")  # clients for which asyncssh itself takes SYMLINK's arguments in OpenSSH's order


@dataclass
class OpenFile:
    """A file handle."""

    node: Node
    appending: bool = False
    path: str = ""
    written: bool = False


class VirtualSftp(asyncssh.SFTPServer):
    """One SFTP session of one user. `before` is called ahead of every request, so that the server lives up to now."""

    def __init__(self, chan: Any, host: VirtualHost, user: str, before: Callable[[], None]) -> None:
        super().__init__(chan)
        self._host, self._user, self._before = host, user, before
        self._home = host.home(user) or "/"
        client = str(chan.get_extra_info("client_version", ""))
        self._swapped = not any(name in client for name in AS_OPENSSH)

    # -- paths

    def _at(self, path: bytes) -> str:
        """A client's path as one of the virtual disk; relative ones start at the user's home."""
        self._before()
        return posixpath.join(self._home, path.decode(errors="surrogateescape"))

    def map_path(self, path: bytes) -> bytes:
        return self._at(path).encode(errors="surrogateescape")

    def reverse_map_path(self, path: bytes) -> bytes:
        return path

    def realpath(self, path: bytes) -> bytes:
        text = self._at(path)
        try:
            text = self._host.files.real_path(text, self._user)
        except OSError:
            text = posixpath.normpath(text)
        return text.encode(errors="surrogateescape")

    # -- files

    def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
        text = self._at(path)
        writing = pflags & (asyncssh.FXF_WRITE | asyncssh.FXF_APPEND)
        exists = self._host.files.exists(text, self._user)
        if exists and pflags & asyncssh.FXF_CREAT and pflags & asyncssh.FXF_EXCL:
            raise failure(17, text)
        if not writing or (not exists and not pflags & asyncssh.FXF_CREAT):
            return self._for_reading(text)
        mode = 0o644 if attrs.permissions is None else attrs.permissions & 0o777
        node = self._host.files.open(text, self._user, mode=mode, truncate=bool(pflags & asyncssh.FXF_TRUNC))
        return OpenFile(node, bool(pflags & asyncssh.FXF_APPEND), text)

    def open56(self, path: bytes, desired_access: int, flags: int, attrs: asyncssh.SFTPAttrs) -> object:
        """SFTP version 5 and 6 name the same things differently."""
        pflags = asyncssh.FXF_READ if not desired_access & 0x2 else asyncssh.FXF_WRITE
        disposition = flags & 0x7
        pflags |= {
            0: asyncssh.FXF_CREAT | asyncssh.FXF_EXCL,
            1: asyncssh.FXF_CREAT | asyncssh.FXF_TRUNC,
            2: 0,
            3: asyncssh.FXF_CREAT,
            4: asyncssh.FXF_TRUNC,
        }.get(disposition, 0)
        return self.open(path, pflags, attrs)

    def _for_reading(self, text: str) -> OpenFile:
        node = self._host.files.lookup(text, self._user)
        if node.kind == "dir":
            raise failure(21, text)
        self._host.files.check(node, self._user, 4, text)
        return OpenFile(node)

    def close(self, file_obj: object) -> None:
        self._before()
        if not isinstance(file_obj, OpenFile) or not file_obj.written:
            return
        sent = file_obj.node.bytes()
        arrived = self._host.server.arrived(sent)
        if arrived != sent:
            self._host.files.put(file_obj.node, 0, arrived)
        if self._host.server.watch is not None:
            self._host.server.watch.transfer(file_obj.path, arrived, self._user)

    def read(self, file_obj: object, offset: int, size: int) -> bytes:
        self._before()
        return self._node(file_obj).bytes(offset, size)

    def write(self, file_obj: object, offset: int, data: bytes) -> int:
        self._before()
        node = self._node(file_obj)
        assert isinstance(file_obj, OpenFile)
        file_obj.written = True
        self._host.files.put(node, len(node.data) if file_obj.appending else offset, data)
        return len(data)

    def fsync(self, file_obj: object) -> None:
        self._before()

    def lock(self, file_obj: object, offset: int, length: int, flags: int) -> None:
        raise asyncssh.SFTPOpUnsupported("no byte range locks here")

    def unlock(self, file_obj: object, offset: int, length: int) -> None:
        raise asyncssh.SFTPOpUnsupported("no byte range locks here")

    def _node(self, file_obj: object) -> Node:
        assert isinstance(file_obj, OpenFile)
        return file_obj.node

    # -- attributes

    def stat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self._attributes(self._host.files.lookup(self._at(path), self._user))

    def lstat(self, path: bytes) -> asyncssh.SFTPAttrs:
        return self._attributes(self._host.files.lookup(self._at(path), self._user, follow=False))

    def fstat(self, file_obj: object) -> asyncssh.SFTPAttrs:
        self._before()
        return self._attributes(self._node(file_obj))

    def setstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self._set(self._host.files.lookup(self._at(path), self._user), attrs)

    def lsetstat(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        self._set(self._host.files.lookup(self._at(path), self._user, follow=False), attrs)

    def fsetstat(self, file_obj: object, attrs: asyncssh.SFTPAttrs) -> None:
        self._before()
        self._set(self._node(file_obj), attrs)

    def _set(self, node: Node, attrs: asyncssh.SFTPAttrs) -> None:
        if self._user not in ("root", node.owner):
            raise failure(1, "")
        if attrs.permissions is not None:
            node.mode = attrs.permissions & 0o7777
        if attrs.size is not None and node.content is None:
            if attrs.size > len(node.data):
                self._host.files.lengthen(node, attrs.size)
            del node.data[attrs.size :]
        if attrs.mtime is not None:
            node.mtime = float(attrs.mtime)

    def _attributes(self, node: Node) -> asyncssh.SFTPAttrs:
        uid = 0 if node.owner == "root" else 1000
        return asyncssh.SFTPAttrs(
            type={"file": 1, "dir": 2, "link": 3, "device": 4}[node.kind],
            size=node.size,
            uid=uid,
            gid=uid,
            owner=node.owner,
            group=node.group,
            permissions=node.st_mode,
            atime=int(node.mtime),
            mtime=int(node.mtime),
            nlink=1,
        )

    def format_user(self, uid: int | None) -> str:
        return "root" if not uid else next((name for name in self._host.accounts if name != "root"), str(uid))

    def format_group(self, gid: int | None) -> str:
        return self.format_user(gid)

    # -- directories

    async def scandir(self, path: bytes) -> AsyncIterator[asyncssh.SFTPName]:
        text = self._at(path)
        for name in [".", "..", *self._host.files.listdir(text, self._user)]:
            node = self._host.files.lookup(posixpath.join(text, name), self._user, follow=False)
            yield asyncssh.SFTPName(name.encode(errors="surrogateescape"), attrs=self._attributes(node))

    def mkdir(self, path: bytes, attrs: asyncssh.SFTPAttrs) -> None:
        mode = 0o755 if attrs.permissions is None else attrs.permissions & 0o777
        self._host.files.mkdir(self._at(path), self._user, mode=mode)

    def rmdir(self, path: bytes) -> None:
        self._host.files.rmdir(self._at(path), self._user)

    def remove(self, path: bytes) -> None:
        self._host.files.remove(self._at(path), self._user)

    def rename(self, oldpath: bytes, newpath: bytes) -> None:
        """The first SFTP versions do not replace an existing file."""
        if self._host.files.exists(self._at(newpath), self._user):
            raise asyncssh.SFTPFailure("File already exists")
        self.posix_rename(oldpath, newpath)

    def posix_rename(self, oldpath: bytes, newpath: bytes) -> None:
        self._host.files.rename(self._at(oldpath), self._at(newpath), self._user)

    def readlink(self, path: bytes) -> bytes:
        node = self._host.files.lookup(self._at(path), self._user, follow=False)
        if node.kind != "link":
            raise failure(22, "")
        return node.target.encode(errors="surrogateescape")

    def symlink(self, oldpath: bytes, newpath: bytes) -> None:
        """OpenSSH, which we say we are, takes these two the other way round than the protocol has them."""
        oldpath, newpath = (newpath, oldpath) if self._swapped else (oldpath, newpath)
        self._host.files.symlink(oldpath.decode(errors="surrogateescape"), self._at(newpath), self._user)

    def link(self, oldpath: bytes, newpath: bytes) -> None:
        raise asyncssh.SFTPOpUnsupported("the virtual disk has no hard links")

    # -- the disk

    def statvfs(self, path: bytes) -> asyncssh.SFTPVFSAttrs:
        self._at(path)
        files = self._host.files
        total, free = files.capacity // 4096, max(0, files.capacity - files.used) // 4096
        return asyncssh.SFTPVFSAttrs(
            bsize=4096,
            frsize=4096,
            blocks=total,
            bfree=free,
            bavail=free,
            files=1 << 20,
            ffree=1 << 19,
            favail=1 << 19,
            fsid=0,
            flags=0,
            namemax=255,
        )

    def fstatvfs(self, file_obj: object) -> asyncssh.SFTPVFSAttrs:
        return self.statvfs(b"/")

    def exit(self) -> None:
        """The client has gone. OpenSSH's scp takes a subsystem that ends without a status for a failure."""
        self._before()
        if self.channel.get_subsystem() == "sftp" and not self.channel.is_closing():
            self.channel.exit(0)

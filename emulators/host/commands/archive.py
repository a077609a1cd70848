"""tar: unpack (-x), list (-t) and make (-c) archives of the virtual disk; gzip, bzip2 and xz by themselves."""

from __future__ import annotations

import io
import posixpath
import tarfile
from typing import Literal

from emulators.host.commands.options import Usage, parse
from emulators.host.commands.reading import contents, place, size_below
from emulators.host.filesystem import Filesystem
from emulators.host.limits import moved
from emulators.host.process import Invocation, Run

LONG = (
    "extract",
    "get",
    "list",
    "create",
    "file=",
    "gzip",
    "verbose",
    "directory=",
    "xz",
    "bzip2",
    "strip-components=",
    "no-same-owner",
    "auto-compress",
)
BYTES_A_SECOND = 200e6
LATE = "tar: Exiting with failure status due to previous errors\n"


def tar(inv: Invocation) -> Run[int]:
    words = inv.argv
    if len(words) > 1 and not words[1].startswith("-"):
        words = (words[0], f"-{words[1]}", *words[2:])
    inv = Invocation(words, inv.host, inv.stdin, inv.stdout, inv.stderr, inv.user, inv.cwd, inv.env, inv.tty)
    options = parse(inv, "xtcf:zvC:jJapoh", LONG, status=64)
    directory = place(inv, options.last("-C", "--directory") or ".")
    if not inv.host.files.is_dir(directory, inv.user):
        raise Usage(
            f"tar: {options.last('-C', '--directory')}: Cannot open: No such file or directory\n"
            "tar: Error is not recoverable: exiting now\n",
            2,
        )
    file = options.last("-f", "--file") or "-"
    verbose = options.has("-v", "--verbose")
    if options.has("-c", "--create"):
        size = sum(size_below(inv, posixpath.join(directory, name)) for name in options.rest)
        yield from moved(inv.host, size)
        return _create(inv, file, options.rest, directory, "gz" if options.has("-z", "--gzip") else "")
    if not options.has("-x", "-t", "--extract", "--get", "--list"):
        raise Usage(
            "tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\n"
            "Try 'tar --help' or 'tar --usage' for more information.\n",
            2,
        )
    archive = yield from _open(inv, file)
    strip = int(options.last("--strip-components") or 0)
    for member in archive.getmembers():
        if options.rest and not any(
            member.name == w or member.name.startswith(w.rstrip("/") + "/") for w in options.rest
        ):
            continue
        name = member.name + ("/" if member.isdir() else "")
        if options.has("-t", "--list") or verbose:
            inv.out(f"{name}\n")
        if options.has("-t", "--list"):
            continue
        yield member.size / BYTES_A_SECOND
        _extract(inv, archive, member, directory, strip)
    return 0


def _open(inv: Invocation, file: str) -> Run[tarfile.TarFile]:
    try:
        data = yield from contents(inv, file)
        return tarfile.open(fileobj=io.BytesIO(data))
    except OSError as problem:
        raise Usage(
            f"tar: {file}: Cannot open: {problem.strerror}\ntar: Error is not recoverable: exiting now\n", 2
        ) from problem
    except (tarfile.TarError, EOFError) as problem:
        raise Usage(f"tar: This does not look like a tar archive\n{LATE}", 2) from problem


def _extract(inv: Invocation, archive: tarfile.TarFile, member: tarfile.TarInfo, directory: str, strip: int) -> None:
    """Nothing leaves the directory: absolute names lose their slash and dots are refused, as GNU tar does."""
    files: Filesystem = inv.host.files
    parts = [part for part in member.name.split("/") if part not in ("", ".")][strip:]
    if not parts:
        return
    if ".." in parts:
        raise Usage(f"tar: {member.name}: Member name contains '..'\n{LATE}", 2)
    path = posixpath.join(directory, *parts)
    try:
        if member.isdir():
            files.mkdir(path, inv.user, parents=True)
            return
        files.mkdir(posixpath.dirname(path), inv.user, parents=True)
        if member.issym():
            files.symlink(member.linkname, path, inv.user)
        elif (source := archive.extractfile(member)) is not None:
            node = files.write(path, source.read(), inv.user, mode=member.mode & 0o777)
            node.mode, node.mtime = member.mode & 0o777, member.mtime
    except OSError as problem:
        words = "Cannot write" if problem.errno == 28 else "Cannot open"
        raise Usage(f"tar: {member.name}: {words}: {problem.strerror}\n{LATE}", 2) from problem


def _create(inv: Invocation, file: str, names: tuple[str, ...], directory: str, how: Literal["", "gz"]) -> int:
    buffer = io.BytesIO()
    files = inv.host.files
    with tarfile.open(fileobj=buffer, mode="w:gz" if how else "w") as archive:
        for name in names:
            base = posixpath.join(directory, name)
            if not files.exists(base, inv.user):
                raise Usage(f"tar: {name}: Cannot stat: No such file or directory\n{LATE}", 2)
            for path, node in files.walk(base):
                if path == place(inv, file):
                    inv.err(f"tar: {path}: file is the archive; not dumped\n")
                    continue
                entry = tarfile.TarInfo(
                    posixpath.normpath(posixpath.join(name, posixpath.relpath(path, base))).lstrip("/")
                )
                entry.mode, entry.mtime = node.mode, int(node.mtime)
                entry.type = tarfile.DIRTYPE if node.kind == "dir" else tarfile.REGTYPE
                entry.size = 0 if node.kind == "dir" else len(node.bytes())
                archive.addfile(entry, io.BytesIO(node.bytes()) if node.kind == "file" else None)
    if file == "-":
        inv.stdout.write(buffer.getvalue())
        return 0
    try:
        files.write(place(inv, file), buffer.getvalue(), inv.user)
    except OSError as problem:
        raise Usage(
            f"tar: {file}: Cannot open: {problem.strerror}\ntar: Error is not recoverable: exiting now\n", 2
        ) from problem
    return 0

"""coreutils that make, move and remove files: cat, cp, mv, rm, mkdir, touch, chmod, tee, ..."""

from __future__ import annotations

import errno
import posixpath
import re

from emulators.host.commands.options import Usage, hint, parse
from emulators.host.commands.reading import STDIN, place, read_or_say, size_below
from emulators.host.filesystem import FileSink, Filesystem, Node
from emulators.host.limits import moved, room
from emulators.host.process import Invocation, Run, Sink


def cat(inv: Invocation) -> Run[int]:
    options = parse(inv, "nAbeEstTuv", ("number",))
    status, line = 0, 0
    for path in options.rest or ("-",):
        if path in STDIN:
            while data := (yield from inv.stdin.read_some()):
                inv.stdout.write(data)
                yield from room(inv.stdout)
            continue
        found = yield from read_or_say(inv, path, "{name}: {path}: {reason}")
        if found is None:
            status = 1
            continue
        if options.has("-n", "--number"):
            for row in found.splitlines(keepends=True):
                line += 1
                inv.stdout.write(b"%6d\t" % line + row)
        else:
            inv.stdout.write(found)
    return status


def rm(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "fiIrRdv", ("force", "recursive", "verbose", "dir"))
    force = options.has("-f", "--force")
    if not options.rest and not force:
        raise Usage(f"rm: missing operand\n{hint('rm')}", 1)
    status = 0
    for path in options.rest:
        try:
            _remove(inv, path, tree=options.has("-r", "-R", "--recursive"))
        except OSError as problem:
            if not (force and problem.errno == errno.ENOENT):
                inv.err(f"rm: cannot remove '{path}': {problem.strerror}\n")
                status = 1
        else:
            if options.has("-v", "--verbose"):
                inv.out(f"removed '{path}'\n")
    return status


def _remove(inv: Invocation, path: str, *, tree: bool) -> None:
    full = place(inv, path)
    if tree and inv.host.files.lookup(full, inv.user, follow=False).kind == "dir":
        inv.host.files.remove_tree(full, inv.user)
    else:
        inv.host.files.remove(full, inv.user)


def rmdir(inv: Invocation) -> Run[int]:
    yield from ()
    status = 0
    for path in parse(inv, "pv").rest:
        try:
            inv.host.files.rmdir(place(inv, path), inv.user)
        except OSError as problem:
            inv.err(f"rmdir: failed to remove '{path}': {problem.strerror}\n")
            status = 1
    return status


def mkdir(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "pvm:", ("parents", "verbose", "mode="))
    if not options.rest:
        raise Usage(f"mkdir: missing operand\n{hint('mkdir')}", 1)
    mode = int(options.last("-m", "--mode") or "755", 8)
    status = 0
    for path in options.rest:
        try:
            parents = options.has("-p", "--parents")
            inv.host.files.mkdir(place(inv, path), inv.user, mode=mode, parents=parents)
        except OSError as problem:
            inv.err(f"mkdir: cannot create directory '{path}': {problem.strerror}\n")
            status = 1
    return status


def mv(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "fnivT", ("force", "no-clobber", "verbose"))
    sources, target = _operands(inv, options.rest)
    status = 0
    for source in sources:
        goal = _goal(inv, source, target)
        try:
            inv.host.files.rename(place(inv, source), place(inv, goal), inv.user)
        except OSError as problem:
            missing = not inv.host.files.exists(place(inv, source), inv.user)
            words = f"cannot stat '{source}'" if missing else f"cannot move '{source}' to '{goal}'"
            inv.err(f"mv: {words}: {problem.strerror}\n")
            status = 1
    return status


def cp(inv: Invocation) -> Run[int]:
    options = parse(inv, "afprRvT", ("archive", "force", "recursive", "preserve", "verbose"))
    sources, target = _operands(inv, options.rest)
    tree = options.has("-a", "-r", "-R", "--recursive", "--archive")
    statuses = []
    for source in sources:
        statuses.append(_copy(inv, source, _goal(inv, source, target), tree))
        yield from moved(inv.host, size_below(inv, source))
    return max(statuses)


def _copy(inv: Invocation, source: str, goal: str, tree: bool) -> int:
    files = inv.host.files
    try:
        node = files.lookup(place(inv, source), inv.user)
    except OSError as problem:
        inv.err(f"cp: cannot stat '{source}': {problem.strerror}\n")
        return 1
    if node.kind == "dir":
        if not tree:
            inv.err(f"cp: -r not specified; omitting directory '{source}'\n")
            return 1
        if not files.is_dir(place(inv, goal), inv.user):
            files.mkdir(place(inv, goal), inv.user, mode=node.mode)
        names = files.listdir(place(inv, source), inv.user)
        return max([_copy(inv, f"{source}/{name}", f"{goal}/{name}", tree) for name in names], default=0)
    try:
        data = files.read(place(inv, source), inv.user)
    except OSError as problem:
        inv.err(f"cp: cannot open '{source}' for reading: {problem.strerror}\n")
        return 1
    try:
        files.write(place(inv, goal), data, inv.user, mode=node.mode)
    except OSError as problem:
        if problem.errno == errno.ENOSPC:
            inv.err(f"cp: error writing '{goal}': {problem.strerror}\n")
        else:
            inv.err(f"cp: cannot create regular file '{goal}': {problem.strerror}\n")
        return 1
    return 0


def _operands(inv: Invocation, rest: tuple[str, ...]) -> tuple[tuple[str, ...], str]:
    name = posixpath.basename(inv.argv[0])
    if not rest:
        raise Usage(f"{name}: missing file operand\n{hint(name)}", 1)
    if len(rest) == 1:
        raise Usage(f"{name}: missing destination file operand after '{rest[0]}'\n{hint(name)}", 1)
    if len(rest) > 2 and not inv.host.files.is_dir(place(inv, rest[-1]), inv.user):
        raise Usage(f"{name}: target '{rest[-1]}' is not a directory\n", 1)
    return rest[:-1], rest[-1]


def _goal(inv: Invocation, source: str, target: str) -> str:
    if not inv.host.files.is_dir(place(inv, target), inv.user):
        return target
    return posixpath.join(target, posixpath.basename(source.rstrip("/")))


def ln(inv: Invocation) -> Run[int]:
    """Symbolic links alone: the disk has no hard ones."""
    yield from ()
    options = parse(inv, "sfnv", ("symbolic", "force"))
    (source, *_), target = _operands(inv, options.rest)
    goal = _goal(inv, source, target)
    try:
        if options.has("-f", "--force") and inv.host.files.exists(place(inv, goal), inv.user):
            inv.host.files.remove(place(inv, goal), inv.user)
        if not options.has("-s", "--symbolic"):
            raise OSError(errno.EPERM, "Operation not permitted")
        inv.host.files.symlink(source, place(inv, goal), inv.user)
    except OSError as problem:
        kind = "symbolic" if options.has("-s", "--symbolic") else "hard"
        inv.err(f"ln: failed to create {kind} link '{goal}': {problem.strerror}\n")
        return 1
    return 0


def touch(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "acmd:r:t:", ("no-create", "date="))
    if not options.rest:
        raise Usage(f"touch: missing file operand\n{hint('touch')}", 1)
    status = 0
    for path in options.rest:
        if options.has("-c", "--no-create") and not inv.host.files.exists(place(inv, path), inv.user):
            continue
        try:
            inv.host.files.touch(place(inv, path), inv.user)
        except OSError as problem:
            inv.err(f"touch: cannot touch '{path}': {problem.strerror}\n")
            status = 1
    return status


def chmod(inv: Invocation) -> Run[int]:
    yield from ()
    wanted, *paths = [word for word in inv.argv[1:] if word not in ("-R", "-v", "-f", "--recursive")] or [""]
    if not wanted or not paths:
        after = f" after '{wanted}'" if wanted else ""
        raise Usage(f"chmod: missing operand{after}\n{hint('chmod')}", 1)
    status = 0
    for path in paths:
        try:
            node = inv.host.files.lookup(place(inv, path), inv.user)
            inv.host.files.chmod(place(inv, path), new_mode(wanted, node.mode), inv.user)
        except ValueError as problem:
            raise Usage(f"chmod: invalid mode: '{wanted}'\n{hint('chmod')}", 1) from problem
        except OSError as problem:
            what = f"cannot access '{path}'" if problem.errno == errno.ENOENT else f"changing permissions of '{path}'"
            inv.err(f"chmod: {what}: {problem.strerror}\n")
            status = 1
    return status


def new_mode(wanted: str, mode: int) -> int:
    """`755` or `u+x,go-w` applied to a mode. Raises ValueError."""
    if re.fullmatch("[0-7]{1,4}", wanted):
        return int(wanted, 8)
    for clause in wanted.split(","):
        match = re.fullmatch(r"([ugoa]*)([-+=])([rwxX]*)", clause)
        if match is None:
            raise ValueError(wanted)
        who, how, what = match.groups()
        bits = sum({"r": 4, "w": 2, "x": 1, "X": 1}[letter] for letter in set(what))
        shifts = {"u": 6, "g": 3, "o": 0}
        mask = sum(bits << shifts[w] for w in set(who.replace("a", "ugo") or "ugo"))
        whole = sum(7 << shifts[w] for w in set(who.replace("a", "ugo") or "ugo"))
        mode = mode | mask if how == "+" else mode & ~mask if how == "-" else mode & ~whole | mask
    return mode


def chown(inv: Invocation) -> Run[int]:
    yield from ()
    owner, *paths = [word for word in inv.argv[1:] if word not in ("-R", "-v", "-h")] or [""]
    user = owner.partition(":")[0]
    if user and inv.host.home(user) is None:
        raise Usage(f"chown: invalid user: '{owner}'\n", 1)
    for path in paths:
        try:
            node = inv.host.files.lookup(place(inv, path), inv.user)
        except OSError as problem:
            raise Usage(f"chown: cannot access '{path}': {problem.strerror}\n", 1) from problem
        if inv.user != "root":
            raise Usage(f"chown: changing ownership of '{path}': Operation not permitted\n", 1)
        node.owner = node.group = user or node.owner
    return 0


def tee(inv: Invocation) -> Run[int]:
    options = parse(inv, "aip", ("append", "ignore-interrupts"))
    sinks: list[Sink] = [inv.stdout]
    status = 0
    for path in options.rest:
        try:
            truncate = not options.has("-a", "--append")
            sinks.append(_sink(inv.host.files, inv.host.files.open(place(inv, path), inv.user, truncate=truncate)))
        except OSError as problem:
            inv.err(f"tee: {path}: {problem.strerror}\n")
            status = 1
    while data := (yield from inv.stdin.read_some()):
        for sink in sinks:
            sink.write(data)
        yield from room(inv.stdout)
    return status


def _sink(files: Filesystem, node: Node) -> FileSink:
    return FileSink(files, node)


def readlink(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "fenmqsz", ("canonicalize",))
    for path in options.rest:
        full = place(inv, path)
        try:
            node = inv.host.files.lookup(full, inv.user, follow=False)
        except OSError:
            node = None
        if options.has("-f", "-e", "-m", "--canonicalize"):
            inv.out(inv.host.files.real_path(full, inv.user) + "\n")
        elif node is None or node.kind != "link":
            return 1
        else:
            inv.out(node.target + "\n")
    return 0


def realpath(inv: Invocation) -> Run[int]:
    yield from ()
    for path in parse(inv, "emqsz").rest:
        try:
            inv.out(inv.host.files.real_path(place(inv, path), inv.user) + "\n")
        except OSError as problem:
            inv.err(f"realpath: {path}: {problem.strerror}\n")
            return 1
    return 0


def mktemp(inv: Invocation) -> Run[int]:
    """A name that nobody has; the same world gives the same names."""
    yield from ()
    options = parse(inv, "dqup:t", ("directory", "tmpdir="))
    directory = options.last("-p", "--tmpdir") or "/tmp"  # noqa: S108 - the virtual host's
    template = options.rest[0] if options.rest else f"{directory}/tmp.XXXXXXXXXX"  # noqa: S108
    if not template.endswith("XXX"):
        raise Usage(f"mktemp: too few X's in template '{template}'\n", 1)
    stem = template.rstrip("X")
    width, number = len(template) - len(stem), inv.host.new_pid()
    path = stem + f"{number * 7919 % 36**6:x}".rjust(width, "k")[-width:]
    try:
        if options.has("-d", "--directory"):
            inv.host.files.mkdir(place(inv, path), inv.user, mode=0o700)
        else:
            inv.host.files.write(place(inv, path), b"", inv.user, mode=0o600)
    except OSError as problem:
        kind = "directory" if options.has("-d", "--directory") else "file"
        raise Usage(f"mktemp: failed to create {kind} via template '{template}': {problem.strerror}\n", 1) from problem
    inv.out(path + "\n")
    return 0


def truncate(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "cs:", ("size=", "no-create"))
    size = at_most(byte_count(options.last("-s", "--size") or "0"))
    for path in options.rest:
        try:
            node = inv.host.files.open(place(inv, path), inv.user)
            yield from moved(inv.host, size - len(node.data))
            if size > len(node.data):
                inv.host.files.put(node, len(node.data), bytes(size - len(node.data)))
            del node.data[size:]
        except OSError as problem:
            inv.err(f"truncate: cannot open '{path}' for writing: {problem.strerror}\n")
            return 1
    return 0


MOST = 1 << 29  # bytes that a program makes of nothing: they lie in the memory of the machine that we run on


def byte_count(text: str) -> int:
    """`32K`, `1M`, `512`. Raises ValueError."""
    units = {"K": 1024, "M": 1024**2, "G": 1024**3}
    return int(text[:-1]) * units[text[-1].upper()] if text[-1:].upper() in units else int(text)


def at_most(count: int) -> int:
    """Raises ValueError for more than is made here."""
    if count > MOST:
        raise ValueError(f"{count} bytes; at most {MOST} are made here")
    return count


def dd(inv: Invocation) -> Run[int]:
    """if=, of=, bs=, count=: enough to make and copy files."""
    words = dict(word.split("=", 1) for word in inv.argv[1:] if "=" in word)
    size = byte_count(words.get("bs", "512"))
    count = int(words["count"]) if "count" in words else None
    data = yield from read_or_say(inv, words.get("if", "-"), "dd: failed to open '{path}': {reason}")
    if data is None:
        return 1
    if words.get("if") == "/dev/zero":
        data = bytes(at_most(size * (count or 1)))
        yield from moved(inv.host, len(data))
    data = data if count is None else data[: size * count]
    whole, rest = divmod(len(data), size)
    try:
        if "of" in words:
            inv.host.files.write(place(inv, words["of"]), data, inv.user)
        else:
            inv.stdout.write(data)
    except OSError as problem:
        inv.err(f"dd: error writing '{words.get('of', 'standard output')}': {problem.strerror}\n")
        return 1
    inv.err(f"{whole}+{int(rest > 0)} records in\n{whole}+{int(rest > 0)} records out\n{len(data)} bytes copied\n")
    return 0


def sync(inv: Invocation) -> Run[int]:
    yield 0.05
    return 0

"""coreutils that look at files: ls, stat, du."""

from __future__ import annotations

import posixpath
import stat as modes
import time

from emulators.host.commands.options import Options, Usage, hint, parse
from emulators.host.commands.reading import place
from emulators.host.filesystem import Node
from emulators.host.process import Invocation, Run

BLOCK = 4096
HALF_A_YEAR = 15_778_476
KINDS = {"file": "regular file", "dir": "directory", "link": "symbolic link", "device": "character special file"}


def ls(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "1aAdhilnrRstSFpq", ("all", "almost-all", "color=?", "full-time", "human-readable"), status=2)
    status = 0
    singles: list[tuple[str, Node]] = []
    directories: list[str] = []
    for path in sorted(options.rest or (".",)):
        try:
            node = inv.host.files.lookup(place(inv, path), inv.user, follow=not options.has("-l", "-d"))
            if node.kind == "link" and not options.has("-d") and inv.host.files.is_dir(place(inv, path), inv.user):
                node = inv.host.files.lookup(place(inv, path), inv.user)
        except OSError as problem:
            inv.err(f"ls: cannot access '{path}': {problem.strerror}\n")
            status = 2
            continue
        if node.kind == "dir" and not options.has("-d"):
            directories.append(path)
        else:
            singles.append((path, node))
    _print(inv, options, _sorted(options, singles))
    for number, path in enumerate(directories):
        if len(directories) > 1 or singles or status:
            inv.out(("\n" if singles or number else "") + f"{path}:\n")
        try:
            names = inv.host.files.listdir(place(inv, path), inv.user)
        except OSError as problem:
            inv.err(f"ls: cannot open directory '{path}': {problem.strerror}\n")
            status = 2
            continue
        _directory(inv, options, path, names)
    return status


def _directory(inv: Invocation, options: Options, path: str, names: list[str]) -> None:
    if options.has("-a", "--all"):
        names = [".", "..", *names]
    elif not options.has("-A", "--almost-all"):
        names = [name for name in names if not name.startswith(".")]
    entries = [(name, _entry(inv, posixpath.join(place(inv, path), name))) for name in names]
    if options.has("-l", "-n"):
        inv.out(f"total {sum(_blocks(node) for _, node in entries) // 2}\n")
    _print(inv, options, _sorted(options, entries))


def _entry(inv: Invocation, path: str) -> Node:
    return inv.host.files.lookup(path, follow=False)


def _sorted(options: Options, entries: list[tuple[str, Node]]) -> list[tuple[str, Node]]:
    if options.has("-t"):
        entries = sorted(entries, key=lambda entry: -entry[1].mtime)
    elif options.has("-S"):
        entries = sorted(entries, key=lambda entry: -entry[1].size)
    return entries[::-1] if options.has("-r") else entries


def _print(inv: Invocation, options: Options, entries: list[tuple[str, Node]]) -> None:
    if not entries:
        return
    if not options.has("-l", "-n"):
        if inv.tty and not options.has("-1"):
            inv.out("  ".join(name for name, _ in entries) + "\n")
        else:
            inv.out("".join(f"{name}\n" for name, _ in entries))
        return
    sizes = [human(node.size) if options.has("-h", "--human-readable") else str(node.size) for _, node in entries]
    widths = [
        max(len(column) for column in columns)
        for columns in zip(
            *(
                (str(_links(node)), node.owner, node.group, size)
                for (_, node), size in zip(entries, sizes, strict=True)
            ),
            strict=True,
        )
    ]
    for (name, node), size in zip(entries, sizes, strict=True):
        shown = f"{name} -> {node.target}" if node.kind == "link" else name
        inv.out(
            f"{modes.filemode(node.st_mode)} {_links(node):>{widths[0]}} {node.owner:<{widths[1]}} "
            f"{node.group:<{widths[2]}} {size:>{widths[3]}} {_when(inv, node)} {shown}\n"
        )


def _when(inv: Invocation, node: Node) -> str:
    moment = time.gmtime(node.mtime)
    recent = 0 <= inv.host.calendar - node.mtime < HALF_A_YEAR
    return f"{time.strftime('%b', moment)} {moment.tm_mday:2d} " + time.strftime("%H:%M" if recent else " %Y", moment)


def _links(node: Node) -> int:
    return 2 + sum(1 for entry in node.entries.values() if entry.kind == "dir") if node.kind == "dir" else 1


def _blocks(node: Node) -> int:
    """Blocks of 512 bytes."""
    return -(-node.size // BLOCK) * 8 if node.kind in ("file", "dir") and node.content is None else 0


def human(size: int, base: int = 1024) -> str:
    """`12K`, `1.5G`, rounded up as coreutils does."""
    if size < base:
        return str(size)
    value, letters = float(size), iter("KMGTP")
    letter = ""
    while value >= base:
        value, letter = value / base, next(letters)
    if value < 10:
        tenths = -int(-value * 10 // 1)
        return f"{tenths / 10:.1f}{letter}" if tenths < 100 else f"10{letter}"
    return f"{-int(-value // 1)}{letter}"


def stat(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "c:fLt", ("format=", "printf=", "dereference"))
    if not options.rest:
        raise Usage(f"stat: missing operand\n{hint('stat')}", 1)
    status = 0
    for path in options.rest:
        try:
            follow = options.has("-L", "--dereference")
            node = inv.host.files.lookup(place(inv, path), inv.user, follow=follow)
        except OSError as problem:
            inv.err(f"stat: cannot statx '{path}': {problem.strerror}\n")
            status = 1
            continue
        form = options.last("-c", "--format")
        if form is not None:
            inv.out(_formatted(inv, form, path, node) + "\n")
        elif (form := options.last("--printf")) is not None:
            inv.out(_formatted(inv, form, path, node).replace("\\n", "\n").replace("\\t", "\t"))
        else:
            inv.out(_formatted(inv, _LONG, path, node))
    return status


_LONG = (
    "  File: %N\n  Size: %-10s\tBlocks: %-10b IO Block: 4096   %F\nDevice: 8,2\tInode: %-10i  Links: %h\n"
    "Access: (%04a/%A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w\n"
)


def _formatted(inv: Invocation, form: str, path: str, node: Node) -> str:
    moment = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(node.mtime)) + f".{node.mtime % 1 * 1e9:09.0f} +0000"
    values = {
        "s": node.size,
        "n": path,
        "N": f"{path} -> {node.target}" if node.kind == "link" else path,
        "a": f"{node.mode:o}",
        "A": modes.filemode(node.st_mode),
        "U": node.owner,
        "G": node.group,
        "u": _number(inv, node.owner),
        "g": _number(inv, node.group),
        "h": _links(node),
        "i": node.number,
        "b": _blocks(node),
        "B": 512,
        "F": _kind(node),
        "Y": int(node.mtime),
        "X": int(node.mtime),
        "Z": int(node.mtime),
        "W": int(node.mtime),
        "y": moment,
        "x": moment,
        "z": moment,
        "w": moment,
        "f": f"{node.st_mode:x}",
        "o": BLOCK,
        "d": 2050,
        "m": "/",
        "%": "%",
    }
    text, at = "", 0
    while at < len(form):
        if form[at] != "%":
            text, at = text + form[at], at + 1
            continue
        end = at + 1
        while end < len(form) and form[end] in "-0123456789.":
            end += 1
        flags, letter = form[at + 1 : end], form[end : end + 1]
        value = str(values.get(letter, "?"))
        width = int(flags.lstrip("-0") or 0)
        padded = (
            value.ljust(width) if flags.startswith("-") else value.rjust(width, "0" if flags.startswith("0") else " ")
        )
        text, at = text + padded, end + 1
    return text


def _kind(node: Node) -> str:
    return "regular empty file" if node.kind == "file" and not node.size else KINDS[node.kind]


def _number(inv: Invocation, owner: str) -> int:
    return 0 if owner == "root" else 1000 + [name for name in inv.host.accounts if name != "root"].index(owner)


def du(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "abchksmd:", ("apparent-size", "summarize", "human-readable"))
    for path in options.rest or (".",):
        try:
            nodes = [node for _, node in inv.host.files.walk(place(inv, path))]
        except OSError as problem:
            inv.err(f"du: cannot access '{path}': {problem.strerror}\n")
            return 1
        count = sum(node.size if options.has("-b", "--apparent-size") else _blocks(node) * 512 for node in nodes)
        shown = human(count) if options.has("-h") else str(count if options.has("-b") else count // 1024)
        inv.out(f"{shown}\t{path}\n")
    return 0

"""Commands that act on the shell itself: cd, export, exit, exec, ..."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from emulators.host import programs
from emulators.host.limits import text_fits
from emulators.host.process import Run

if TYPE_CHECKING:
    from emulators.host.shell import Shell, Streams

Builtin: TypeAlias = "Callable[[Shell, list[str], Streams, int, Mapping[str, str]], Run[int]]"
OWN = ("echo", "printf", "test", "[", "true", "false", "kill", "pwd")
OPTIONS = {"e": "errexit", "u": "nounset", "x": "xtrace"}


def cd(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    yield from ()
    if len(argv) > 2:
        shell.complain(streams, line, "cd: too many arguments")
        return 1
    target = argv[1] if len(argv) == 2 else shell.variables.get("HOME", "/")
    if target == "-":
        target = shell.variables.get("OLDPWD", shell.cwd)
        streams.stdout.write(target.encode() + b"\n")
    path = posixpath.normpath(posixpath.join(shell.cwd, target)) if target else shell.cwd
    try:
        node = shell.host.files.lookup(path, shell.user)
        shell.host.files.check(node, shell.user, 1, path)
        reason = "" if node.kind == "dir" else "Not a directory"
    except OSError as problem:
        reason = problem.strerror or ""
    if reason:
        text = f"cd: {target}: {reason}" if shell.dialect == "bash" else f"cd: can't cd to {target}"
        shell.complain(streams, line, text)
        return 1 if shell.dialect == "bash" else 2
    shell.variables["OLDPWD"], shell.cwd = shell.cwd, path
    shell.variables["PWD"] = path
    return 0


def exit_(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    from emulators.host.shell import ShellExit

    yield from ()
    if len(argv) > 1 and not argv[1].lstrip("+-").isdigit():
        shell.complain(streams, line, f"{argv[0]}: {argv[1]}: numeric argument required")
        raise ShellExit(2)
    raise ShellExit(int(argv[1]) & 0xFF if len(argv) > 1 else shell.status)


def exec_(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    from emulators.host.shell import ShellExit

    if len(argv) == 1:
        return 0
    if programs.find(shell.host, argv[1], shell.variables, shell.cwd, shell.user) is None:
        text = (
            "not found"
            if "/" not in argv[1] or shell.dialect == "dash"
            else "cannot execute: No such file or directory"
        )
        shell.complain(streams, line, f"exec: {argv[1]}: {text}" if "/" not in argv[1] else f"{argv[1]}: {text}")
        raise ShellExit(127)
    raise ShellExit((yield from shell.external(argv[1:], streams, line, values)))


def export(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    yield from ()
    status = 0
    for item in argv[1:]:
        name, equals, value = item.partition("=")
        if not name.isidentifier():
            shell.complain(streams, line, f"export: `{item}': not a valid identifier")
            status = 1
            continue
        shell.exported.add(name)
        if equals:
            shell.keep(name, value)
    if len(argv) == 1 or argv[1:] == ["-p"]:
        for name in sorted(shell.exported & set(shell.variables)):
            streams.stdout.write(f'declare -x {name}="{shell.variables[name]}"\n'.encode())
    return status


def unset(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    yield from ()
    for name in argv[1:]:
        shell.variables.pop(name, None)
        shell.exported.discard(name)
    return 0


def set_(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    """Options -e -u -x, -o pipefail; after --, the positional parameters."""
    yield from ()
    rest = argv[1:]
    while rest and rest[0][:1] in "+-" and rest[0] not in ("--", "-", "+"):
        flags = rest.pop(0)
        change = shell.options.add if flags[0] == "-" else shell.options.discard
        for letter in flags[1:]:
            change(rest.pop(0) if letter == "o" and rest else OPTIONS.get(letter, letter))
    if rest:
        shell.arguments = rest[1:] if rest[0] == "--" else rest
    return 0


def command(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    """`command -v NAME` says what a name is, `command NAME ...` runs it."""
    rest = argv[1:]
    if not rest or rest[0] not in ("-v", "-V"):
        if not rest:
            return 0
        builtin = TABLE.get(rest[0])
        if builtin is not None:
            return (yield from builtin(shell, rest, streams, line, values))
        return (yield from shell.external(rest, streams, line, values))
    status = 1
    for name in rest[1:]:
        found = name if name in TABLE or name in OWN else _path(shell, name)
        if found is not None:
            text = found if rest[0] == "-v" else _described(name, found)
            streams.stdout.write(f"{text}\n".encode())
            status = 0
        elif rest[0] == "-V":
            shell.complain(streams, line, f"command: {name}: not found")
    return status


def type_(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    yield from ()
    status = 0
    for name in argv[1:]:
        found = name if name in TABLE or name in OWN else _path(shell, name)
        if found is None:
            shell.complain(streams, line, f"type: {name}: not found")
            status = 1
        else:
            streams.stdout.write(f"{_described(name, found)}\n".encode())
    return status


def eval_(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    return (yield from shell.run_here(" ".join(argv[1:]), streams))


def source(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    try:
        text = shell.host.files.read(posixpath.join(shell.cwd, argv[1]), shell.user).decode(errors="replace")
    except IndexError:
        shell.complain(streams, line, f"{argv[0]}: filename argument required")
        return 2
    except OSError as problem:
        shell.complain(streams, line, f"{argv[1]}: {problem.strerror}")
        return 1
    return (yield from shell.run_here(text, streams, title=argv[1]))


def wait(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    from emulators.host.shell import wait_for

    statuses = yield from wait_for(shell.jobs)
    return statuses[-1] if statuses and len(argv) > 1 else 0


def read(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    """`read [-r] NAME...`: a line of input, split; the last name takes the rest."""
    names = [name for name in argv[1:] if not name.startswith("-")] or ["REPLY"]
    data = yield from streams.stdin.readline()
    words = data.decode(errors="replace").strip().split(None, len(names) - 1)
    for index, name in enumerate(names):
        text_fits(len(words[index]) if index < len(words) else 0)
        shell.keep(name, words[index] if index < len(words) else "")
    return 0 if data.endswith(b"\n") else 1


def shift(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    yield from ()
    count = argv[1] if len(argv) > 1 else "1"
    if not (count.isascii() and count.isdigit()):
        shell.complain(streams, line, f"shift: {count}: numeric argument required")
        return 1
    del shell.arguments[: int(count)]
    return 0


def umask(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    yield from ()
    if len(argv) == 1:
        streams.stdout.write(b"0022\n")
    return 0


def nothing(shell: Shell, argv: list[str], streams: Streams, line: int, values: Mapping[str, str]) -> Run[int]:
    """`:`, and what changes nothing here: trap, hash, ulimit, jobs, disown."""
    yield from ()
    return 0


def _path(shell: Shell, name: str) -> str | None:
    return programs.find(shell.host, name, shell.variables, shell.cwd, shell.user)


def _described(name: str, found: str) -> str:
    return f"{name} is a shell builtin" if found == name else f"{name} is {found}"


TABLE: dict[str, Builtin] = {
    "cd": cd,
    "exit": exit_,
    "return": exit_,
    "logout": exit_,
    "exec": exec_,
    "export": export,
    "unset": unset,
    "set": set_,
    "command": command,
    "type": type_,
    "eval": eval_,
    ".": source,
    "source": source,
    "wait": wait,
    "read": read,
    "shift": shift,
    "umask": umask,
    ":": nothing,
    "trap": nothing,
    "hash": nothing,
    "ulimit": nothing,
    "jobs": nothing,
    "disown": nothing,
}

"""How bash 5.2 and dash 0.5.12 word what goes wrong. Read off the real shells; a test compares."""

from __future__ import annotations

import errno
from typing import Literal

from emulators.host.programs import CannotRun
from emulators.host.shell_syntax import ShellSyntaxError

Dialect = Literal["bash", "dash"]


def redirection(dialect: Dialect, target: str, code: int, reason: str, made: bool) -> str:
    """A file that could not be opened; `made`: for writing."""
    if dialect == "bash":
        return f"{target}: {reason}"
    if code == errno.ENOENT:
        reason = "Directory nonexistent" if made else "No such file"
    return f"cannot {'create' if made else 'open'} {target}: {reason}"


def cannot_run(dialect: Dialect, problem: CannotRun) -> str:
    """A command that is not there or cannot be started."""
    if problem.code == errno.ENOENT and (not problem.path or dialect == "dash"):
        return f"{problem.name}: " + ("command not found" if dialect == "bash" else "not found")
    if problem.code == errno.ENOEXEC and dialect == "bash":
        return f"{problem.name}: cannot execute binary file: {problem.reason}"
    if problem.code == errno.EISDIR and dialect == "dash":
        return f"{problem.name}: Permission denied"
    return f"{problem.name}: {problem.reason}"


def syntax(dialect: Dialect, problem: ShellSyntaxError, text: str, title: str, *, interactive: bool) -> str:
    """All lines about text that is no command. `title`: what the shell calls the text."""
    if dialect == "dash":
        line = problem.line - (problem.token is None and not problem.opened)
        return f"{title.removesuffix(': -c')}: {line}: Syntax error: {_dash(problem)}\n"
    place = f"{title}: " if interactive else f"{title}: line {problem.line}: "
    if problem.opened:
        later = f"{title}: line {problem.line + 1}: " if problem.opened == ")" and not interactive else place
        return f"{later}unexpected EOF while looking for matching `{problem.opened}'\n"
    if problem.token is None:
        return f"{place}syntax error: unexpected end of file\n"
    source = (text.split("\n") + [""])[problem.line - 1]
    shown = "" if interactive else f"{place}`{source}'\n"
    return f"{place}syntax error near unexpected token `{problem.token}'\n{shown}"


def _dash(problem: ShellSyntaxError) -> str:
    if problem.opened in ("'", '"'):
        return "Unterminated quoted string"
    if problem.opened == "`":
        return "EOF in backquote substitution"
    if problem.opened == "}":
        return "Missing '}'"
    if problem.token is None or problem.opened:
        return "end of file unexpected"
    return "newline unexpected" if problem.token in ("newline",) else f'"{problem.token}" unexpected'

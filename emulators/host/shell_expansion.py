"""Turns a shell word into arguments: variables, command output, splitting, file name patterns."""

from __future__ import annotations

import ast
import fnmatch
import operator
import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulators.host import shell_trimming
from emulators.host.limits import expanded, text_fits
from emulators.host.process import Run
from emulators.host.shell_syntax import Arithmetic, Substitution, Text, Variable, Word

if TYPE_CHECKING:
    from emulators.host.shell import Shell, Streams

Field = list[tuple[str, bool]]  # pieces of one argument: text, and whether it is protected from patterns
WORD = 16  # characters that an argument counts for besides its own
PATTERN = re.compile(r"[*?[]")


class ExpansionFailed(Exception):
    """A word that cannot be expanded: an unset variable under `set -u`, ${x:?...}, bad arithmetic."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status  # bash's


def arguments(shell: Shell, words: tuple[Word, ...], streams: Streams) -> Run[list[str]]:
    """The arguments that these words stand for."""
    found: list[str] = []
    size = 0
    for word in words:
        names = [name for field in (yield from _fields(shell, word, streams)) for name in _names(shell, field)]
        if word.literal is None:
            length = sum(map(len, names)) + WORD * len(names)
            size += length
            text_fits(size)
            yield from expanded(shell.host, length)
        found += names
    return found


def single(shell: Shell, word: Word, streams: Streams) -> Run[str]:
    """One text, neither split nor matched against files: the value of an assignment."""
    text = ""
    for index, part in enumerate(word.parts):
        if isinstance(part, Text):
            text += _tilde(shell, part.text) if index == 0 and not part.quoted else part.text
        else:
            text += yield from _value(shell, part, streams)
            yield from expanded(shell.host, len(text))
    return text


def _fields(shell: Shell, word: Word, streams: Streams) -> Run[list[Field]]:
    fields: list[Field] = []
    joined = False  # does the next piece go on with the last field?
    size = 0
    for index, part in enumerate(word.parts):
        if isinstance(part, Text):
            text = _tilde(shell, part.text) if index == 0 and not part.quoted else part.text
            pieces, first, last = [text], True, True
            quoted = part.quoted
        elif isinstance(part, Variable) and part.name == "@" and not part.operator:
            pieces, first, last, quoted = list(shell.arguments), True, True, part.quoted
        else:
            value = yield from _value(shell, part, streams)
            quoted = part.quoted
            size += len(value)
            text_fits(size)
            pieces = [value] if quoted else value.split()
            first = quoted or not value[:1].isspace()
            last = quoted or not value[-1:].isspace()
        if not pieces:
            joined = joined and first
            continue
        for number, piece in enumerate(pieces):
            if number == 0 and joined and first:
                fields[-1].append((piece, quoted))
            else:
                fields.append([(piece, quoted)])
        joined = last
    return fields


def _names(shell: Shell, field: Field) -> list[str]:
    """The files that the field matches where it is a pattern and some do, else itself."""
    text = "".join(piece for piece, _ in field)
    if not any(not quoted and PATTERN.search(piece) for piece, quoted in field):
        return [text]
    pattern = "".join(re.sub(r"([*?[])", r"[\1]", piece) if quoted else piece for piece, quoted in field)
    return glob(shell, pattern) or [text]


def glob(shell: Shell, pattern: str) -> list[str]:
    """Paths that match, in order. Hidden names only where the pattern says so."""
    found = ["/"] if pattern.startswith("/") else [""]
    for part in [part for part in pattern.split("/") if part]:
        deeper: list[str] = []
        for base in found:
            where = posixpath.join(shell.cwd, base)
            if not PATTERN.search(part):
                path = posixpath.join(base, part)
                deeper += [path] if shell.host.files.exists(posixpath.join(shell.cwd, path), shell.user) else []
            elif shell.host.files.is_dir(where, shell.user):
                deeper += [posixpath.join(base, name) for name in _listed(shell, where) if _fits(name, part)]
                text_fits(len(deeper) * len(pattern))
        found = deeper
    return sorted(found)


def _listed(shell: Shell, path: str) -> list[str]:
    try:
        return shell.host.files.listdir(path, shell.user)
    except PermissionError:
        return []


def _fits(name: str, pattern: str) -> bool:
    return (not name.startswith(".") or pattern.startswith(".")) and fnmatch.fnmatchcase(name, pattern)


def _tilde(shell: Shell, text: str) -> str:
    if not text.startswith("~"):
        return text
    name, slash, rest = text[1:].partition("/")
    home = shell.variables.get("HOME", "/") if not name else shell.host.home(name)
    return text if home is None else home + slash + rest


def _value(shell: Shell, part: Variable | Substitution | Arithmetic, streams: Streams) -> Run[str]:
    if isinstance(part, Substitution):
        return (yield from shell.substitute(part.text, streams))
    if isinstance(part, Arithmetic):
        return str(arithmetic(shell, part.text))
    value = shell.parameter(part.name)
    if not part.operator:
        if value is None and "nounset" in shell.options and part.name not in "@*":
            raise ExpansionFailed(f"{part.name}: unbound variable", 127)
        return value or ""
    if part.operator == "length":
        return str(len(value or ""))
    if part.operator == "bad" or part.word is None:
        raise ExpansionFailed(f"${{{part.word.source if part.word else ''}}}: bad substitution")
    return (yield from _operated(shell, part.name, value, part.operator, part.word, streams))


def _operated(shell: Shell, name: str, value: str | None, op: str, word: Word, streams: Streams) -> Run[str]:
    other = yield from single(shell, word, streams)
    if op[0] in "#%":
        return shell_trimming.trimmed(value or "", op, other)
    lacking = value is None or (op[0] == ":" and value == "")
    match op[-1]:
        case "+":
            return "" if lacking else other
        case "?" if lacking:
            raise ExpansionFailed(f"{name}: {other or 'parameter null or not set'}", 127)
        case "=" if lacking:
            shell.keep(name, other)
    return other if lacking else value or ""


OPERATIONS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: lambda a, b: _divided(a, b),
    ast.Div: lambda a, b: _divided(a, b),
    ast.Mod: lambda a, b: a - _divided(a, b) * b,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Not: lambda a: int(not a),
}


def _divided(a: int, b: int) -> int:
    """Towards zero, as C does it."""
    return a // b if (a < 0) == (b < 0) else -(-a // b)


def _wrapped(number: int) -> int:
    """As 64 bits hold it."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)


def arithmetic(shell: Shell, text: str) -> int:
    """$((text)): whole numbers, variables, + - * / % and comparisons."""
    clean = re.sub(r"\$\{?(\w+)\}?", r"\1", text).strip() or "0"
    clean = re.sub(r"(?<![\w.])0+(?=\d)", "", clean)
    try:
        return int(_calculated(shell, ast.parse(clean, mode="eval").body))
    except ZeroDivisionError:
        raise ExpansionFailed(f"{text}: division by 0") from None
    except (SyntaxError, KeyError, ValueError, MemoryError):  # the last one: brackets too deep for the parser
        raise ExpansionFailed(f'{text}: syntax error: operand expected (error token is "{text}")') from None


def _calculated(shell: Shell, node: ast.AST) -> Any:
    match node:
        case ast.Constant(value=int() as value):
            return _wrapped(value)
        case ast.Name(id=name):
            return _wrapped(int(shell.parameter(name) or 0))
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            return _wrapped(int(OPERATIONS[type(op)](_calculated(shell, left), _calculated(shell, right))))
        case ast.UnaryOp(op=op, operand=operand):
            return OPERATIONS[type(op)](_calculated(shell, operand))
        case _:
            raise ValueError(type(node).__name__)

"""Turns a shell word into arguments: variables, command output, splitting, file name patterns."""

from __future__ import annotations

import ast
import fnmatch
import operator
import posixpath
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from emulators.host.process import Run
from emulators.host.shell_syntax import Arithmetic, Substitution, Text, Variable, Word

if TYPE_CHECKING:
    from emulators.host.shell import Shell, Streams

Field = list[tuple[str, bool]]  # pieces of one argument: text, and whether it is protected from patterns
PATTERN = re.compile(r"[*?[]")


class ExpansionFailed(Exception):
    """A word that cannot be expanded: an unset variable under `set -u`, ${x:?...}, bad arithmetic."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status  # bash's


def arguments(shell: Shell, words: tuple[Word, ...], streams: Streams) -> Run[list[str]]:
    """The arguments that these words stand for."""
    found: list[str] = []
    for word in words:
        for field in (yield from _fields(shell, word, streams)):
            found += _names(shell, field)
    return found


def single(shell: Shell, word: Word, streams: Streams) -> Run[str]:
    """One text, neither split nor matched against files: the value of an assignment."""
    text = ""
    for index, part in enumerate(word.parts):
        if isinstance(part, Text):
            text += _tilde(shell, part.text) if index == 0 and not part.quoted else part.text
        else:
            text += yield from _value(shell, part, streams)
    return text


def _fields(shell: Shell, word: Word, streams: Streams) -> Run[list[Field]]:
    fields: list[Field] = []
    joined = False  # does the next piece go on with the last field?
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
        return trimmed(value or "", op, other)
    lacking = value is None or (op[0] == ":" and value == "")
    match op[-1]:
        case "+":
            return "" if lacking else other
        case "?" if lacking:
            raise ExpansionFailed(f"{name}: {other or 'parameter null or not set'}", 127)
        case "=" if lacking:
            shell.variables[name] = other
    return other if lacking else value or ""


def trimmed(value: str, op: str, pattern: str) -> str:
    """${value#pattern} and its kin."""
    cuts = range(len(value) + 1)
    if op[0] == "#":
        order = cuts if op == "#" else reversed(cuts)
        return next((value[cut:] for cut in order if fnmatch.fnmatchcase(value[:cut], pattern)), value)
    order = reversed(cuts) if op == "%" else cuts
    return next((value[:cut] for cut in order if fnmatch.fnmatchcase(value[cut:], pattern)), value)


OPERATIONS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: lambda a, b: int(a / b),
    ast.Div: lambda a, b: int(a / b),
    ast.Mod: lambda a, b: a - int(a / b) * b,
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


def arithmetic(shell: Shell, text: str) -> int:
    """$((text)): whole numbers, variables, + - * / % and comparisons."""
    clean = re.sub(r"\$\{?(\w+)\}?", r"\1", text).strip() or "0"
    clean = re.sub(r"(?<![\w.])0+(?=\d)", "", clean)
    try:
        return int(_calculated(shell, ast.parse(clean, mode="eval").body))
    except ZeroDivisionError:
        raise ExpansionFailed(f"{text}: division by 0") from None
    except (SyntaxError, KeyError, ValueError):
        raise ExpansionFailed(f'{text}: syntax error: operand expected (error token is "{text}")') from None


def _calculated(shell: Shell, node: ast.AST) -> Any:
    match node:
        case ast.Constant(value=int() as value):
            return value
        case ast.Name(id=name):
            return int(shell.parameter(name) or 0)
        case ast.BinOp(left=left, op=op, right=right) | ast.Compare(left=left, ops=[op], comparators=[right]):
            return int(OPERATIONS[type(op)](_calculated(shell, left), _calculated(shell, right)))
        case ast.UnaryOp(op=op, operand=operand):
            return OPERATIONS[type(op)](_calculated(shell, operand))
        case _:
            raise ValueError(type(node).__name__)

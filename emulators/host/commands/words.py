"""What a shell has built in and the disk has too: echo, printf, test, true, false, pwd."""

from __future__ import annotations

import posixpath
import re

from emulators.host.commands.reading import place
from emulators.host.filesystem import Node, may
from emulators.host.limits import text_fits
from emulators.host.process import Invocation, Run

ESCAPES = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "\\": "\\",
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    '"': '"',
    "e": "\x1b",
}


def true(inv: Invocation) -> Run[int]:
    yield from ()
    return 0


def false(inv: Invocation) -> Run[int]:
    yield from ()
    return 1


def pwd(inv: Invocation) -> Run[int]:
    yield from ()
    inv.out(inv.cwd + "\n")
    return 0


def echo(inv: Invocation) -> Run[int]:
    yield from ()
    words, newline, escapes = list(inv.argv[1:]), True, False
    while words and re.fullmatch("-[neE]+", words[0]):
        flags = words.pop(0)
        newline = newline and "n" not in flags
        escapes = ("e" in flags or escapes) and "E" not in flags
    text = " ".join(words)
    text = unescaped(text) if escapes else text
    inv.stdout.write((text + ("\n" if newline else "")).encode(errors="surrogateescape"))
    return 0


def unescaped(text: str) -> str:
    r"""\n, \t, \xHH, \0NNN."""

    def one(match: re.Match[str]) -> str:
        body = match[1]
        if body[0] == "x" and len(body) > 1:
            return chr(int(body[1:], 16))
        if body[0] in "01234567":
            return chr(int(body, 8) & 0xFF)
        return ESCAPES.get(body, "\\" + body)

    return re.sub(r"\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,4}|.)", one, text, flags=re.DOTALL)


def printf(inv: Invocation) -> Run[int]:
    yield from ()
    words = list(inv.argv[1:])
    if words[:1] == ["--"]:
        words.pop(0)
    if not words:
        inv.err("printf: usage: printf [-v var] format [arguments]\n")
        return 2
    form, values = words[0], words[1:]
    status, text = 0, ""
    while True:
        before = len(values)
        piece, failed = _printed(inv, form, values)
        text += piece
        text_fits(len(text))
        status |= failed
        if not values or len(values) == before:
            break
    inv.stdout.write(text.encode("latin-1") if _is_binary(form, text) else text.encode(errors="surrogateescape"))
    return status


def _is_binary(form: str, text: str) -> bool:
    """Bytes written as \\xHH are bytes, not characters."""
    return bool(re.search(r"\\(x[89a-fA-F]|[23]\d\d)", form)) and all(ord(c) < 256 for c in text)


def _printed(inv: Invocation, form: str, values: list[str]) -> tuple[str, int]:
    status = 0

    def one(match: re.Match[str]) -> str:
        nonlocal status
        if match[0].startswith("\\"):
            return unescaped(match[0])
        flags, letter = match[1], match[2]
        text_fits(max(map(int, re.findall(r"\d+", flags)), default=0))
        if letter == "%":
            return "%"
        value = values.pop(0) if values else ""
        if letter in "sbqc":
            shown = unescaped(value) if letter == "b" else value[:1] if letter == "c" else value
            return f"%{flags}s" % shown
        try:
            number = ord(value[1]) if value[:1] in ("'", '"') and len(value) > 1 else int(value or "0", 0)
        except ValueError:
            inv.err(f"printf: {value}: invalid number\n")
            number, status = 0, 1
        return f"%{flags}{letter}" % number

    return re.sub(
        r"%([-+ #0]*\d*(?:\.\d+)?)([sbqcdiouxXeEfgG%])|\\(?:x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)", one, form
    ), status


def test(inv: Invocation) -> Run[int]:
    """`test` and `[`. Status 2 for an expression that makes no sense."""
    yield from ()
    words = list(inv.argv[1:])
    name = posixpath.basename(inv.argv[0])
    if name == "[" and (not words or words.pop() != "]"):
        inv.err("[: missing `]'\n")
        return 2
    try:
        return int(not Expression(inv, words).value())
    except Nonsense as problem:
        inv.err(f"{name}: {problem}\n")
        return 2


class Nonsense(Exception):
    """An expression that test refuses, in bash's words."""


class Expression:
    """or := and {-o and}; and := not {-a not}; not := ! not | ( or ) | primary."""

    def __init__(self, inv: Invocation, words: list[str]) -> None:
        self.inv, self.words, self.at = inv, words, 0

    def value(self) -> bool:
        if not self.words:
            return False
        result = self._or()
        if self.at < len(self.words):
            rest = self.words[self.at :]
            raise Nonsense(f"{rest[0]}: binary operator expected" if len(self.words) == 3 else "too many arguments")
        return result

    def _or(self) -> bool:
        result = self._and()
        while self._next("-o"):
            right = self._and()
            result = result or right
        return result

    def _and(self) -> bool:
        result = self._not()
        while self._next("-a"):
            right = self._not()
            result = result and right
        return result

    def _not(self) -> bool:
        left = len(self.words) - self.at
        if left > 1 and self.words[self.at] == "!" and self.words[self.at + 1 : self.at + 2] not in (["="], ["!="]):
            self.at += 1
            return not self._not()
        if left > 2 and self.words[self.at] == "(" and ")" in self.words[self.at :]:
            self.at += 1
            result = self._or()
            if not self._next(")"):
                raise Nonsense("`)' expected")
            return result
        return self._primary()

    def _primary(self) -> bool:
        rest = self.words[self.at :]
        if not rest:
            raise Nonsense("argument expected")
        if len(rest) >= 3 and rest[1] in BINARY:
            self.at += 3
            return self._binary(rest[0], rest[1], rest[2])
        if len(rest) >= 2 and rest[0] in UNARY and rest[1] not in ("-a", "-o", ")"):
            self.at += 2
            return self._unary(rest[0], rest[1])
        if len(rest) == 2 and len(self.words) == 2:
            raise Nonsense(f"{rest[0]}: unary operator expected")
        self.at += 1
        return rest[0] != ""

    def _next(self, word: str) -> bool:
        if self.at < len(self.words) and self.words[self.at] == word:
            self.at += 1
            return True
        return False

    def _binary(self, left: str, operator: str, right: str) -> bool:
        if operator in ("=", "==", "!=", "<", ">"):
            return {"=": left == right, "==": left == right, "!=": left != right, "<": left < right, ">": left > right}[
                operator
            ]
        if operator in ("-nt", "-ot", "-ef"):
            return self._compared(left, operator, right)
        a, b = self._number(left), self._number(right)
        return {"-eq": a == b, "-ne": a != b, "-lt": a < b, "-le": a <= b, "-gt": a > b, "-ge": a >= b}[operator]

    def _number(self, text: str) -> int:
        if not re.fullmatch(r"\s*[-+]?\d+\s*", text):
            raise Nonsense(f"{text}: integer expression expected")
        return int(text)

    def _compared(self, left: str, operator: str, right: str) -> bool:
        a, b = self._node(left), self._node(right)
        if operator == "-ef":
            return a is not None and a is b
        times = (a.mtime if a else -1, b.mtime if b else -1)
        return times[0] > times[1] if operator == "-nt" else times[0] < times[1]

    def _node(self, path: str, follow: bool = True) -> Node | None:
        try:
            return self.inv.host.files.lookup(place(self.inv, path), self.inv.user, follow=follow)
        except OSError:
            return None

    def _unary(self, operator: str, value: str) -> bool:
        if operator in ("-n", "-z"):
            return (value != "") == (operator == "-n")
        if operator == "-t":
            return self.inv.tty
        node = self._node(value, follow=operator not in ("-h", "-L")) if value else None
        if node is None:
            return False
        rights = {"-r": 4, "-w": 2, "-x": 1}
        if operator in rights:
            executable = operator != "-x" or node.kind == "dir" or bool(node.mode & 0o111)
            return executable and may(node, self.inv.user, rights[operator])
        kinds = {"-f": "file", "-d": "dir", "-c": "device", "-h": "link", "-L": "link"}
        if operator == "-s":
            return node.size > 0
        return operator in ("-e", "-a") or kinds.get(operator) == node.kind


UNARY = ("-e", "-f", "-d", "-s", "-r", "-w", "-x", "-n", "-z", "-h", "-L", "-c", "-b", "-p", "-S", "-t", "-a")
BINARY = ("=", "==", "!=", "<", ">", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-nt", "-ot", "-ef")

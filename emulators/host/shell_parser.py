"""Reads shell text into commands. Our own grammar, a part of POSIX's; what it does not know is a syntax error.

script   := list { newline list }        list     := and_or { (";" | "&") and_or }
and_or   := pipeline { ("&&" | "||") pipeline }
pipeline := ["!"] command { "|" command }
command  := simple | "(" script ")" | "{" script "}" | if | while | until | for      each with redirections
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Literal

from emulators.host.shell_quoting import WordReader
from emulators.host.shell_syntax import (
    NAME,
    NAME_START,
    AndOr,
    For,
    Group,
    If,
    Loop,
    Node,
    Pipeline,
    Redirect,
    Script,
    ShellSyntaxError,
    Simple,
    Text,
    Word,
)

RESERVED = {"if", "then", "elif", "else", "fi", "while", "until", "for", "do", "done", "{", "}", "!", "case", "esac"}
OPERATORS = (
    "&>>",
    "<<<",
    "&&",
    "||",
    ";;",
    ">>",
    "2>",
    "<<",
    "&>",
    ">&",
    "<&",
    "|&",
    "|",
    "&",
    ";",
    "<",
    ">",
    "(",
    ")",
)
REDIRECTIONS = ("&>>", "<<<", ">>", "<<", "&>", ">&", "<&", "<", ">")
META = " \t\n|&;<>()"


def scripts(text: str) -> Iterable[Script]:
    """The text line by line: what is wrong later does not stop what is before. Raises ShellSyntaxError at that line."""
    return _whole(text) or Parser(text).lists()


@lru_cache(maxsize=1024)
def _whole(text: str) -> tuple[Script, ...]:
    """A text in which nothing is wrong, read once: polls send the same line again and again. () for any other."""
    try:
        return tuple(Parser(text).lists())
    except ShellSyntaxError:
        return ()


@lru_cache(maxsize=1024)
def only_command(text: str) -> Simple | None:
    """The command where the text is one plain command, words alone, as polls are; None for any other text."""
    whole = _whole(text)
    if len(whole) != 1 or len(whole[0]) != 1 or whole[0][0].background or len(whole[0][0].steps) != 1:
        return None
    _, pipeline = whole[0][0].steps[0]
    command = pipeline.commands[0]
    alone = len(pipeline.commands) == 1 and not pipeline.negated
    if not alone or not isinstance(command, Simple) or not command.literal:
        return None
    return command if not command.assignments and not command.redirects else None


class Parser:
    """Reads one text. `lists()` yields line by line: what is wrong later does not stop what is before."""

    def __init__(self, text: str) -> None:
        self.text, self.at = text, 0
        self._counted, self._line = 0, 1  # up to where newlines are counted, and the line there
        self._documents: list[tuple[int, str, bool]] = []

    # -- lists

    def lists(self) -> Iterator[Script]:
        while True:
            self._skip_lines()
            if self._end:
                return
            items = self._list(())
            if not self._end and not self._take("\n"):
                raise self._unexpected()
            yield items

    def _list(self, closers: tuple[str, ...]) -> Script:
        """and_or's up to a newline (or a closer), which is left."""
        items = [self._and_or()]
        while True:
            if self._take(";;"):
                raise ShellSyntaxError(self.line, ";;")
            background = bool(self._take("&", unless=("&&", "&>")))
            if background:
                items[-1] = AndOr(items[-1].steps, True)
            if not background and not self._take(";"):
                return tuple(items)
            if self._end or self._peek("\n") or self._at_closer(closers):
                return tuple(items)
            items.append(self._and_or())

    def _body(self, closers: tuple[str, ...]) -> Script:
        """A compound command's inside, up to one of these closing words."""
        items: list[AndOr] = []
        self._skip_lines()
        while not self._at_closer(closers):
            if self._end:
                raise ShellSyntaxError(self.line + 1, None)
            items += self._list(closers)
            if not self._peek("\n") and not self._at_closer(closers):
                if self._end:
                    raise ShellSyntaxError(self.line + 1, None)
                raise self._unexpected()
            self._skip_lines()
        if not items:
            raise self._unexpected()
        return tuple(items)

    def _and_or(self) -> AndOr:
        steps: list[tuple[Literal["", "&&", "||"], Pipeline]] = [("", self._pipeline())]
        while operator := self._take("&&") or self._take("||"):
            self._skip_lines()
            steps.append(("&&" if operator == "&&" else "||", self._pipeline()))
        return AndOr(tuple(steps), False)

    def _pipeline(self) -> Pipeline:
        negated = bool(self._keyword("!"))
        commands = [self._command()]
        while self._take("|", unless=("||", "|&")):
            self._skip_lines()
            commands.append(self._command())
        return Pipeline(tuple(commands), negated)

    # -- commands

    def _command(self) -> Node:
        self._blank()
        if self._end:
            raise ShellSyntaxError(self.line + 1, None)
        if self._take("("):
            body = self._body((")",))
            self._take(")")
            return Group(body, True, self._redirects())
        if self._keyword("{"):
            body = self._body(("}",))
            self._keyword("}")
            return Group(body, False, self._redirects())
        if self._keyword("if"):
            return self._if()
        if word := self._keyword("while") or self._keyword("until"):
            condition = self._body(("do",))
            return Loop(word == "until", condition, self._do(), self._redirects())
        if self._keyword("for"):
            return self._for()
        return self._simple()

    def _if(self) -> If:
        branches = []
        otherwise: Script = ()
        while True:
            condition = self._body(("then",))
            self._keyword("then")
            branches.append((condition, self._body(("elif", "else", "fi"))))
            if self._keyword("elif"):
                continue
            if self._keyword("else"):
                otherwise = self._body(("fi",))
            self._keyword("fi")
            return If(tuple(branches), otherwise, self._redirects())

    def _for(self) -> For:
        name = self._word()
        if name is None or name.plain is None:
            raise self._unexpected()
        words: list[Word] = []
        self._skip_lines()
        if self._keyword("in"):
            while (word := self._word()) is not None:
                words.append(word)
        self._take(";")
        self._skip_lines()
        return For(name.plain, tuple(words), self._do(), self._redirects())

    def _do(self) -> Script:
        if not self._keyword("do"):
            raise self._unexpected()
        body = self._body(("done",))
        self._keyword("done")
        return body

    def _simple(self) -> Simple:
        assignments: list[tuple[str, Word]] = []
        words: list[Word] = []
        redirects: list[Redirect] = []
        line = self.line
        while True:
            if (redirect := self._redirect()) is not None:
                redirects.append(redirect)
            elif not words and (assignment := self._assignment()) is not None:
                assignments.append(assignment)
            elif (word := self._word()) is not None:
                if not words and not assignments and word.plain in RESERVED:
                    raise ShellSyntaxError(line, word.plain)
                words.append(word)
            else:
                break
        if not words and not assignments and not redirects:
            raise self._unexpected()
        return Simple(tuple(assignments), tuple(words), tuple(redirects), line)

    def _assignment(self) -> tuple[str, Word] | None:
        self._blank()
        end = self.at
        while end < len(self.text) and self.text[end] in NAME:
            end += 1
        if end == self.at or self.text[self.at] not in NAME_START or self.text[end : end + 1] != "=":
            return None
        name, self.at = self.text[self.at : end], end + 1
        at_value = self.at < len(self.text) and self.text[self.at] not in META
        return name, (self._word() if at_value else None) or Word((), "")

    def _redirects(self) -> tuple[Redirect, ...]:
        found = []
        while (redirect := self._redirect()) is not None:
            found.append(redirect)
        return tuple(found)

    def _redirect(self) -> Redirect | None:
        self._blank()
        start, fd = self.at, None
        if self.text[start : start + 1].isdigit() and self.text[start + 1 : start + 2] in ("<", ">"):
            fd, self.at = int(self.text[start]), start + 1
        operator = next((op for op in REDIRECTIONS if self._peek(op)), None)
        if operator is None:
            self.at = start
            return None
        self.at += len(operator)
        strip = operator == "<<" and bool(self._take("-"))
        target = self._word()
        if target is None:
            raise self._unexpected()
        if operator == "<<":
            target = self._document(target, strip)
        return Redirect(fd, operator, target)

    def _document(self, delimiter: Word, strip: bool) -> Word:
        """A here-document: cut out of the text behind this line."""
        end_mark = "".join(part.text for part in delimiter.parts if isinstance(part, Text))
        start = self.text.find("\n", self.at) + 1 or len(self.text)
        lines, position = [], start
        while position < len(self.text):
            stop = self.text.find("\n", position) + 1 or len(self.text)
            line, position = self.text[position:stop], stop
            line = line.lstrip("\t") if strip else line
            if line.rstrip("\n") == end_mark:
                break
            lines.append(line)
        self.text = self.text[:start] + self.text[position:]
        body = "".join(lines)
        if delimiter.plain is None:
            return Word((Text(body, True),), body)
        return Word(tuple(WordReader(body, 0, self.line).quoted_text(None)), body)

    # -- tokens

    def _word(self) -> Word | None:
        self._blank()
        if self._end or self.text[self.at] in META:
            return None
        reader = WordReader(self.text, self.at, self.line)
        parts = tuple(reader.parts(META))
        start, self.at = self.at, reader.at
        return Word(parts, self.text[start : self.at])

    @property
    def line(self) -> int:
        if self.at < self._counted:
            self._counted, self._line = 0, 1
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    @property
    def _end(self) -> bool:
        self._blank()
        return self.at >= len(self.text)

    def _blank(self) -> None:
        """Skip spaces, continued lines and comments."""
        while self.at < len(self.text):
            if self.text[self.at] in " \t":
                self.at += 1
            elif self.text.startswith("\\\n", self.at):
                self.at += 2
            elif self.text[self.at] == "#" and (self.at == 0 or self.text[self.at - 1] in META):
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                return

    def _skip_lines(self) -> None:
        while self._take("\n"):
            pass

    def _peek(self, token: str) -> bool:
        self._blank()
        return self.text.startswith(token, self.at)

    def _take(self, token: str, unless: tuple[str, ...] = ()) -> str:
        if not self._peek(token) or any(self._peek(other) for other in unless):
            return ""
        if self._peek(";;") and len(token) == 1:
            return ""
        self.at += len(token)
        return token

    def _keyword(self, name: str) -> str:
        """Take a reserved word if it stands here as a word of its own."""
        if not self._peek(name) or (self.text[self.at + len(name) : self.at + len(name) + 1] or " ") not in META:
            return ""
        self.at += len(name)
        return name

    def _at_closer(self, closers: tuple[str, ...]) -> bool:
        start = self.at
        found = any(self._take(")") if closer == ")" else self._keyword(closer) for closer in closers)
        self.at = start
        return found

    def _unexpected(self) -> ShellSyntaxError:
        self._blank()
        line = self.line
        if self.at >= len(self.text) or self.text[self.at] == "\n":
            return ShellSyntaxError(line, "newline")
        operator = next((op for op in OPERATORS if self.text.startswith(op, self.at)), None)
        if operator is None:
            word = self._word()
            return ShellSyntaxError(line, word.source if word else "newline")
        return ShellSyntaxError(line, operator)

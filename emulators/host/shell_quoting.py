"""Reads the parts of one shell word: quotes, backslashes, expansions."""

from __future__ import annotations

from collections.abc import Iterator

from emulators.host.shell_syntax import (
    NAME,
    NAME_START,
    Arithmetic,
    Part,
    ShellSyntaxError,
    Substitution,
    Text,
    Variable,
    Word,
)

BRACED = (":-", ":=", ":+", ":?", "##", "%%", "-", "=", "+", "?", "#", "%")


class WordReader:
    """Reads the parts of one word: quotes, backslashes, expansions."""

    def __init__(self, text: str, at: int, line: int) -> None:
        self.text, self.at, self.line = text, at, line

    def parts(self, stops: str) -> Iterator[Part]:
        """Parts up to an unquoted character of `stops`."""
        plain = ""
        while self.at < len(self.text) and self.text[self.at] not in stops:
            character = self.text[self.at]
            if character not in "'\"\\$`":
                plain += character
                self.at += 1
                continue
            if plain:
                yield Text(plain, False)
                plain = ""
            yield from self._special(character)
        if plain:
            yield Text(plain, False)

    def _special(self, character: str) -> Iterator[Part]:
        self.at += 1
        match character:
            case "'":
                yield Text(self._until("'"), True)
            case '"':
                yield Text("", True)
                yield from self.quoted_text('"')
            case "\\":
                taken = self.text[self.at : self.at + 1]
                self.at += 1
                if taken != "\n":
                    yield Text(taken or "\\", True)
            case _:
                yield self._expansion(character, False)

    def quoted_text(self, end: str | None) -> Iterator[Part]:
        """The inside of double quotes (or of a here-document, which ends with the text)."""
        plain = ""
        while True:
            if self.at >= len(self.text):
                if end is None:
                    break
                raise ShellSyntaxError(self.line, None, '"')
            character = self.text[self.at]
            self.at += 1
            if character == end:
                break
            if character == "\\" and self.text[self.at : self.at + 1] in tuple('$`"\\\n'):
                taken = self.text[self.at]
                self.at += 1
                plain += "" if taken == "\n" else taken
            elif character in "$`":
                if plain:
                    yield Text(plain, True)
                    plain = ""
                yield self._expansion(character, True)
            else:
                plain += character
        if plain:
            yield Text(plain, True)

    def _until(self, end: str) -> str:
        stop = self.text.find(end, self.at)
        if stop < 0:
            raise ShellSyntaxError(self.line, None, end)
        taken, self.at = self.text[self.at : stop], stop + 1
        return taken

    def _expansion(self, character: str, quoted: bool) -> Part:
        if character == "`":
            return Substitution(self._until("`").replace("\\`", "`"), quoted, self.line)
        rest = self.text[self.at : self.at + 2]
        if rest.startswith("(("):
            start, close = self.at + 2, self._matching("(", ")")
            if self.text[close - 1 : close + 1] == "))":
                return Arithmetic(self.text[start : close - 1], quoted)
            return Substitution(self.text[start - 1 : close], quoted, self.line)
        if rest.startswith("("):
            start = self.at + 1
            return Substitution(self.text[start : self._matching("(", ")")], quoted, self.line)
        if rest.startswith("{"):
            start = self.at + 1
            return self._braced(self.text[start : self._matching("{", "}")], quoted)
        if rest[:1] and rest[0] in NAME_START:
            end = self.at
            while end < len(self.text) and self.text[end] in NAME:
                end += 1
            name, self.at = self.text[self.at : end], end
            return Variable(name, quoted)
        if rest[:1] and rest[0] in "?$#@*!-0123456789":
            self.at += 1
            return Variable(rest[0], quoted)
        return Text("$", quoted)

    def _matching(self, opening: str, closing: str) -> int:
        """The place of the bracket that closes the one here; reading goes on behind it."""
        depth, position = 0, self.at
        while position < len(self.text):
            character = self.text[position]
            if character == "\\":
                position += 1
            elif character in "'\"":
                position = self._skip_quotes(position, character)
            elif character == opening:
                depth += 1
            elif character == closing:
                depth -= 1
                if depth == 0:
                    self.at = position + 1
                    return position
            position += 1
        raise ShellSyntaxError(self.line, None, closing)

    def _skip_quotes(self, position: int, quote: str) -> int:
        position += 1
        while position < len(self.text) and self.text[position] != quote:
            position += 2 if quote == '"' and self.text[position] == "\\" else 1
        return position

    def _braced(self, inside: str, quoted: bool) -> Variable:
        if inside.startswith("#") and len(inside) > 1:
            return Variable(inside[1:], quoted, "length")
        end = 0
        while end < len(inside) and inside[end] in NAME:
            end += 1
        end = end or min(1, len(inside))
        name, rest = inside[:end], inside[end:]
        if not rest:
            return Variable(name, quoted)
        operator = next((op for op in BRACED if rest.startswith(op)), "")
        word = rest[len(operator) :]
        parts = tuple(WordReader(word, 0, self.line).parts(""))
        return Variable(name, quoted, operator or "bad", Word(parts, word if operator else inside))

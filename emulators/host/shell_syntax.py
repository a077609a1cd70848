"""What shell text means once it is read: commands, words and their parts. Data alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

NAME_START = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
NAME = NAME_START + "0123456789"


class ShellSyntaxError(Exception):
    """Text that is no command. `token` is what was seen: an operator, a word, "newline", or None at the end.

    `opened` is the quote or bracket that was not closed, where that is what is wrong.
    """

    def __init__(self, line: int, token: str | None, opened: str = "") -> None:
        super().__init__(token or opened or "end of file")
        self.line, self.token, self.opened = line, token, opened


@dataclass(frozen=True)
class Text:
    text: str
    quoted: bool


@dataclass(frozen=True)
class Variable:
    """$NAME, ${NAME}, ${#NAME} or ${NAME<operator><word>}, operators :- - := :+ + # ## % %%."""

    name: str
    quoted: bool
    operator: str = ""
    word: Word | None = None


@dataclass(frozen=True)
class Substitution:
    """$(...) or `...`, as text that is read when it runs."""

    text: str
    quoted: bool
    line: int


@dataclass(frozen=True)
class Arithmetic:
    """$((...))."""

    text: str
    quoted: bool


Part: TypeAlias = Text | Variable | Substitution | Arithmetic


@dataclass(frozen=True)
class Word:
    parts: tuple[Part, ...]
    source: str

    @property
    def plain(self) -> str | None:
        """The word where nothing in it is quoted or expanded, else None: only such words are reserved."""
        if all(isinstance(part, Text) and not part.quoted for part in self.parts):
            return self.source
        return None

    @cached_property
    def literal(self) -> str | None:
        """The one argument that it always is, None where something in it is expanded or may match files."""
        text = ""
        for part in self.parts:
            if not isinstance(part, Text) or (not part.quoted and any(c in "~*?[" for c in part.text)):
                return None
            text += part.text
        return text if self.parts else None


@dataclass(frozen=True)
class Redirect:
    """`fd` None: as the operator has it. For `<<` the target is the document."""

    fd: int | None
    operator: str
    target: Word


@dataclass(frozen=True)
class Simple:
    assignments: tuple[tuple[str, Word], ...]
    words: tuple[Word, ...]
    redirects: tuple[Redirect, ...]
    line: int

    @cached_property
    def literal(self) -> tuple[str, ...] | None:
        """The arguments where nothing in the words is to be expanded, else None."""
        texts = [word.literal for word in self.words]
        return None if None in texts else tuple(text for text in texts if text is not None)


@dataclass(frozen=True)
class Group:
    """( ) runs in a copy of the shell, { } in the shell itself."""

    body: Script
    subshell: bool
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class If:
    branches: tuple[tuple[Script, Script], ...]
    otherwise: Script
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class Loop:
    until: bool
    condition: Script
    body: Script
    redirects: tuple[Redirect, ...]


@dataclass(frozen=True)
class For:
    name: str
    words: tuple[Word, ...]
    body: Script
    redirects: tuple[Redirect, ...]


Node: TypeAlias = Simple | Group | If | Loop | For


@dataclass(frozen=True)
class Pipeline:
    commands: tuple[Node, ...]
    negated: bool


@dataclass(frozen=True)
class AndOr:
    """Pipelines, each but the first with what joins it to the one before."""

    steps: tuple[tuple[Literal["", "&&", "||"], Pipeline], ...]
    background: bool


Script: TypeAlias = tuple[AndOr, ...]

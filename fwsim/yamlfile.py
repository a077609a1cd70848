"""Reads YAML files that people write into pydantic models, and says what is wrong with them: file, line, field.

Every problem of a file comes in one FileError, one line each: `plan.yaml:12: host.addres: unknown key; did you mean
address?`. Values are never quoted back: a password written in the wrong place must not end in a terminal or a log.
The one exception is a value that YAML took for a number or a date where text is wanted; there the fix needs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from fwsim import yamlerrors
from fwsim.yamlerrors import FileError, Location, Problem

__all__ = ["Document", "FileError", "Problem", "load", "read"]

MAXIMUM_BYTES = 1 << 20
MAXIMUM_DEPTH = 30
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Document:
    """What a YAML file says, and on which line it says it. `lines` has every key and item; `raw` scalars as written."""

    path: Path
    data: Any
    lines: Mapping[Location, int]
    raw: Mapping[Location, str]

    def problem(self, location: Location, message: str) -> Problem:
        """A problem at that field, or at the innermost part of it that the file has."""
        return Problem(self.path, self.line(location), yamlerrors.dotted(location), message)

    def line(self, location: Location) -> int:
        while location and location not in self.lines:
            location = location[:-1]
        return self.lines.get(location, 1)

    def build(self, model: type[Model], context: Mapping[str, Any] | None = None) -> Model:
        """The model that this document describes. Raises FileError."""
        try:
            return model.model_validate(self.data, context=dict(context or {}))
        except ValidationError as error:
            problems = FileError(self._problems(error, model))
        raise problems  # outside of the handler: pydantic's error quotes values, and one may be a password

    def _problems(self, error: ValidationError, model: type[BaseModel]) -> Iterator[Problem]:
        for detail in error.errors(include_url=False):
            location = tuple(detail["loc"])
            message = yamlerrors.message(detail, model, self.raw.get(location))
            yield self.problem(location, message)


def load(path: Path, model: type[Model], context: Mapping[str, Any] | None = None) -> Model:
    """Read a file into a model. Raises FileError."""
    return read(path).build(model, context)


def read(path: Path) -> Document:
    """Read a file's YAML. Raises FileError where it is no file, no text, no YAML, or has a key twice."""
    reader = _Reader(path)
    data = reader.value(_compose(path, _text(path)), ())
    if not isinstance(data, dict):
        reader.problems.append(Problem(path, 1, "", "expected keys with values, e.g. `board: x11ssh-f`"))
    if reader.problems:
        raise FileError(reader.problems)
    return Document(path, data, reader.lines, reader.raw)


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAXIMUM_BYTES + 1)
    except FileNotFoundError as error:
        raise FileError([Problem(path, None, "", "there is no such file")]) from error
    except IsADirectoryError as error:
        raise FileError([Problem(path, None, "", "is a directory; expected a YAML file")]) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise FileError([Problem(path, None, "", f"cannot be read: {reason}")]) from error
    if len(data) > MAXIMUM_BYTES:
        raise FileError([Problem(path, None, "", "is larger than 1 MiB; expected a YAML file that a person wrote")])
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise FileError([Problem(path, line, "", "is no UTF-8 text; save it as UTF-8")]) from error


def _compose(path: Path, text: str) -> yaml.Node:
    try:
        _survey(path, text)
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise FileError([Problem(path, _line(mark) if mark else None, "", _syntax(error))]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise FileError([Problem(path, line, "", "has a control character, which YAML does not allow")]) from error
    if node is None:
        raise FileError([Problem(path, 1, "", "is empty")])
    return node


def _survey(path: Path, text: str) -> None:
    """Refuse what would take PyYAML for ever, or make it build a value many times over."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAXIMUM_DEPTH:
            raise FileError([Problem(path, _line(event.start_mark), "", "is nested too deeply")])
        if isinstance(event, yaml.AliasEvent):
            message = "a word that begins with * is a YAML alias, which is not taken here; write the value out"
            raise FileError([Problem(path, _line(event.start_mark), "", message)])


def _line(mark: Any) -> int:
    """A PyYAML mark's line, counted from one."""
    return int(mark.line) + 1


def _syntax(error: yaml.MarkedYAMLError) -> str:
    """PyYAML's words, without those that quote the file."""
    text = error.problem or "cannot be read"
    if "found a tab" in text or "'\\t'" in text:
        return "is no YAML here: a tab; indent with spaces"
    return f"is no YAML here: {text.split('!')[0].split(' but ')[0].rstrip(', ')}"


@dataclass
class _Reader:
    """Turns nodes into values, and remembers where each stood."""

    path: Path
    lines: dict[Location, int] = field(default_factory=dict)
    raw: dict[Location, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def value(self, node: yaml.Node, location: Location) -> Any:
        self.lines.setdefault(location, _line(node.start_mark))
        match node:
            case yaml.MappingNode():
                return self._mapping(node, location)
            case yaml.SequenceNode():
                return [self.value(item, (*location, i)) for i, item in enumerate(node.value)]
            case _:
                return self._scalar(node, location)

    def _mapping(self, node: yaml.MappingNode, location: Location) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = _line(key_node.start_mark)
            if not isinstance(key_node, yaml.ScalarNode):
                self.problems.append(Problem(self.path, line, yamlerrors.dotted(location), "a key must be a word"))
                continue
            key = (*location, key_node.value)
            if key_node.value in found:
                message = f"is here twice; first on line {self.lines[key]}"
                self.problems.append(Problem(self.path, line, yamlerrors.dotted(key), message))
                continue
            self.lines[key] = line
            found[key_node.value] = self.value(value_node, key)
        return found

    def _scalar(self, node: yaml.Node, location: Location) -> Any:
        self.raw[location] = str(node.value)
        loader = yaml.SafeLoader("")
        try:
            return loader.construct_object(node, deep=True)
        except (yaml.YAMLError, ValueError, OverflowError):
            line = _line(node.start_mark)
            message = "is no value that YAML knows; put it in quotes"
            self.problems.append(Problem(self.path, line, yamlerrors.dotted(location), message))
            return None
        finally:
            loader.dispose()

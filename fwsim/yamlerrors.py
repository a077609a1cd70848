"""Words for what is wrong in a file that a person wrote: problems, and pydantic's errors in plain English."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

Location = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. `line` is None where the whole file is; `field` is dotted, "" for the whole."""

    path: Path
    line: int | None
    field: str
    message: str

    def __str__(self) -> str:
        place = f"{self.path}" if self.line is None else f"{self.path}:{self.line}"
        return f"{place}: {self.field}: {self.message}" if self.field else f"{place}: {self.message}"


class FileError(Exception):
    """A file that cannot be used: exit 2. `problems` in the order of their lines; str() has one a line."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: p.line or 0))
        super().__init__("\n".join(str(p) for p in self.problems))


def dotted(location: Location) -> str:
    """("payloads", 0, "file") -> "payloads[0].file"."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def message(detail: Mapping[str, Any], model: type[BaseModel], raw: str | None) -> str:
    """What one of pydantic's error records means. `raw` is the scalar as the file has it."""
    context = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(detail["loc"], model)
        case "missing":
            return f"is missing{_described(detail['loc'], model)}"
        case "string_type" if raw and not isinstance(detail["input"], (list, dict)):
            return f'expected text; write it in quotes: "{raw}"'
        case "string_type":
            return "expected text"
        case "bool_type" | "bool_parsing":
            return "expected true or false, without quotes"
        case "int_type" | "int_parsing" | "int_from_float":
            return "expected a whole number, without quotes"
        case "model_type" | "model_attributes_type" | "dict_type":
            return f"expected keys with values: {', '.join(_keys(detail['loc'], model))}".rstrip(": ")
        case "tuple_type" | "list_type":
            return "expected a list: lines that begin with a dash"
        case "literal_error":
            return f"expected one of {context['expected']}"
        case "value_error":
            return str(context["error"])
        case _:
            text = str(detail["msg"]).removeprefix("Input ")
            return text[0].lower() + text[1:]


def _unknown_key(location: Location, model: type[BaseModel]) -> str:
    keys = _keys(location[:-1], model)
    close = difflib.get_close_matches(str(location[-1]), keys, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"unknown key; {hint}expected one of {', '.join(keys)}"


def _described(location: Location, model: type[BaseModel]) -> str:
    owner = _model_at(model, location[:-1])
    info = owner.model_fields.get(str(location[-1])) if owner else None
    return f": {info.description}" if info and info.description else ""


def _keys(location: Location, model: type[BaseModel]) -> list[str]:
    owner = _model_at(model, location)
    return [info.alias or name for name, info in owner.model_fields.items()] if owner else []


def _model_at(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    """The model that the keys at `location` belong to, as far as the annotations tell."""
    annotation: Any = model
    for part in location:
        annotation = _inside(annotation)
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            info = annotation.model_fields.get(str(part))
            annotation = info.annotation if info else None
        elif get_origin(annotation) in (list, tuple):
            annotation = get_args(annotation)[0]
        elif get_origin(annotation) is dict:
            annotation = get_args(annotation)[1]
        else:
            return None
    annotation = _inside(annotation)
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _inside(annotation: Any) -> Any:
    """`X | None` -> X."""
    if get_origin(annotation) in (Union, types.UnionType):
        parts = [a for a in get_args(annotation) if a is not type(None)]
        return parts[0] if len(parts) == 1 else annotation
    return annotation

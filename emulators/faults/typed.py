"""A fault as somebody types it: its kind and its parameters as words. What cannot be used is named, with what can."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from emulators.faults.fault import Fault, When
from emulators.faults.table import ABOUT

ALWAYS = ("times", "when")
WHEN = tuple(When.model_fields)


class BadFault(ValueError):
    """No such fault, or not with these parameters. The message says what there is."""


def read(kind: str, parameters: Mapping[str, Any]) -> Fault:
    """The fault of that kind with these parameters; `when.uploaded` and the like are its trigger. Raises BadFault."""
    about = next((row for name, row in ABOUT.items() if name == kind), None)
    if about is None:
        raise BadFault(f"no fault is called {kind!r}; {_hint(kind, list(ABOUT))}`fwsim scenario faults` lists them")
    taken = (*about.parameters, *ALWAYS)
    data: dict[str, Any] = {"kind": kind}
    for name, value in parameters.items():
        head, _, tail = name.partition(".")
        if head not in taken or bool(tail) != (head == "when" and not isinstance(value, Mapping)):
            raise BadFault(f"{kind} takes no {name!r}; it takes {_names(about.parameters)}")
        if tail:
            if tail not in WHEN:
                raise BadFault(
                    f"a fault cannot wait for {tail!r}; {_hint(tail, list(WHEN))}it can for {', '.join(WHEN)}"
                )
            data.setdefault("when", {})[tail] = _value(value)
        else:
            data[head] = None if head == "times" and value in ("none", "forever") else _value(value)
    try:
        return Fault.model_validate(data)
    except ValidationError as error:
        raise BadFault(_words(kind, error)) from error


def _value(value: Any) -> Any:
    """Numbers may be written as 0x80."""
    try:
        return int(value, 16) if isinstance(value, str) and value.lower().startswith("0x") else value
    except ValueError:
        return value


def _names(parameters: tuple[str, ...]) -> str:
    return ", ".join((*parameters, "times", *(f"when.{name}" for name in WHEN)))


def _hint(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=3, cutoff=0.5)
    return f"did you mean {' or '.join(close)}? " if close else ""


def _words(kind: str, error: ValidationError) -> str:
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    text = str(first["msg"]).removeprefix("Value error, ")
    seen = f", not {first['input']!r}" if place and not isinstance(first["input"], dict) else ""
    return f"{place}: {text}{seen}" if place else f"{kind}: {text}" if kind not in text else text

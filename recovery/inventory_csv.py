"""An inventory from CSV: a row a server, columns named as the YAML file's keys: `location.rack`, `feeds.0.pdu`.

An empty cell is something that nobody knows.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fwsim import yamlerrors
from fwsim.boards import Board
from fwsim.yamlerrors import FileError, Location, Problem
from recovery.inventory import Inventory
from recovery.inventory_checks import mistakes

MAXIMUM_BYTES = 16 << 20


def load(path: Path, server: str, board: Board | None = None) -> Inventory:
    """The row whose `name` is that server. `board`: which one it is, where the row is silent. Raises FileError."""
    rows = _rows(path)
    found = [(line, row) for line, row in rows if (row.get("name") or "").strip() == server]
    if len(found) != 1:
        names = ", ".join((row.get("name") or "").strip() for _, row in rows[:8])
        why = f"has {len(found)} rows whose name is {server!r}; expected one of: {names}"
        raise FileError([Problem(path, None, "name", why)])
    line, row = found[0]
    try:
        known = Inventory.model_validate(_nested(path, line, row))
    except ValidationError as error:
        problems = [
            Problem(
                path,
                line,
                _column(detail["loc"]),
                yamlerrors.message(dict(detail), Inventory, None),
            )
            for detail in error.errors(include_url=False)
        ]
        raise FileError(problems) from None  # pydantic's error quotes values, and one may be a password
    if wrong := [Problem(path, line, _column(place), why) for place, why in mistakes(known, board)]:
        raise FileError(wrong)
    return known


def _column(place: Location) -> str:
    return ".".join(str(part) for part in place)


def _rows(path: Path) -> list[tuple[int, dict[str, str]]]:
    try:
        content = path.read_bytes()[:MAXIMUM_BYTES]
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise FileError([Problem(path, None, "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise FileError([Problem(path, None, "", "is no UTF-8 text; save it as UTF-8")]) from error
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        rows = [(reader.line_num, {k: v for k, v in row.items() if isinstance(v, str)}) for row in reader]
    except csv.Error as error:
        raise FileError([Problem(path, None, "", f"is no CSV: {error}")]) from error
    if "name" not in (reader.fieldnames or ()):
        raise FileError([Problem(path, 1, "name", "is missing: expected a first line with the columns' names")])
    return rows


def _nested(path: Path, line: int, row: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column, cell in row.items():
        if cell and cell.strip():
            _put(path, line, found, column.strip(), cell.strip())
    return {key: _lists(value) for key, value in found.items()}


def _put(path: Path, line: int, found: dict[str, Any], column: str, cell: str) -> None:
    *parents, last = column.split(".")
    place = found
    for part in parents:
        place = place.setdefault(part, {})
        if not isinstance(place, dict):
            raise FileError([Problem(path, line, column, "names a part of something that is a value itself")])
    place[last] = cell


def _lists(value: Any) -> Any:
    """Keys 0, 1, 2 ... are the places of a list; a place of which nothing is known is none."""
    if not isinstance(value, dict):
        return value
    inner = {key: _lists(part) for key, part in value.items()}
    return [inner[key] for key in _counted(inner)] if all(re.fullmatch(r"\d+", key) for key in inner) else inner


def _counted(keys: Iterable[str]) -> list[str]:
    return sorted(keys, key=int)

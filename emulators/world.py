"""What truly happened on the virtual server: judges read it, the engine and recovery never do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Record = dict[str, Any]


class World:
    """Keeps records {at, kind, ...}; `sink` (world.jsonl of a home) is given each of them as it is made."""

    def __init__(self, sink: Callable[[Record], None] | None = None) -> None:
        self.records: list[Record] = []
        self.sink = sink

    def record(self, at: float, kind: str, **fields: Any) -> None:
        """Note something that happened at simulated second `at`."""
        entry: Record = {"at": round(at, 6), "kind": kind, **fields}
        self.records.append(entry)
        if self.sink is not None:
            self.sink(entry)

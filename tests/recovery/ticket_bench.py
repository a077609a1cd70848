"""Tickets for tests: every procedure, board and variant that there is, filled in from the sample inventory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from fwsim import boards
from recovery import inventory, procedures, ticket
from recovery.inventory import Inventory
from recovery.render import text
from recovery.ticket import Ticket, Visit

WHEN = datetime(2026, 11, 22, 12, tzinfo=UTC)
SHA256 = "0f" * 32
NEIGHBOURS = tuple({"name": f"web1{n}", "node": f"node {n}", "owner": "Shop"} for n in (1, 2, 3))


@cache
def _shipped() -> Inventory:
    with as_file(files("recovery").joinpath(inventory.SAMPLE)) as path:
        return inventory.load(path)


def sample(board: str = "x11ssh-f", **changes: Any) -> Inventory:
    """The inventory that ships, for that board; a chassis of several nodes has its neighbours."""
    fields = {**_shipped().model_dump(mode="json"), "board": board, **changes}
    if boards.load(board).hands.nodes > 1:
        fields["neighbours"] = list(NEIGHBOURS)
    return Inventory.model_validate(fields)


def build(procedure: str, board: str = "x11ssh-f", place: Inventory | None = None, **visit: Any) -> Ticket:
    given = {"when": WHEN, "sha256": SHA256, "file": "BIOS.bin", **visit}
    return ticket.build(procedures.load(procedure), place or sample(board), boards.load(board), Visit(**given))


def printed(procedure: str, board: str = "x11ssh-f", place: Inventory | None = None, **visit: Any) -> str:
    return text.render(build(procedure, board, place, **visit))


VARIANTS: tuple[dict[str, Any], ...] = (
    {},
    {"bmc_lives": True},
    {"bmc_lives": False},
    {"driver": "browser"},
    {"power": "mains"},
)


def every(only: str = "", place: Inventory | None = None, **visit: Any) -> Iterator[tuple[str, Ticket]]:
    """Every ticket that can be given out, with a name for it. `only`: that board; `place`: its inventory."""
    for name in procedures.names():
        for board in (only,) if only else boards.names():
            for variant in VARIANTS:
                try:
                    made = build(name, board, place, **variant, **visit)
                except ticket.TicketRefused:
                    continue
                yield f"{name} {board} {variant}", made

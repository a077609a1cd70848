"""What no field of an inventory shows alone: a label twice, a supply that the board has not, a window that ends first.

A technician finds a cable by its label and a supply by its name: where two are the same, the wrong one is pulled.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fwsim import boards
from fwsim.boards import Board
from fwsim.yamlerrors import Location, dotted
from recovery.inventory import Inventory

Mistake = tuple[Location, str]


def mistakes(known: Inventory, board: Board | None = None) -> Iterator[Mistake]:
    """Each with its place. `board`: which one it is, where the inventory does not say it."""
    cables, feeds = list(enumerate(known.cables)), list(enumerate(known.feeds))
    labels: list[tuple[Location, str | None]] = [(("cables", i, "label"), cable.label) for i, cable in cables]
    labels += [(("feeds", i, "cable"), feed.cable) for i, feed in feeds]
    yield from _twice(labels, "is the label of {first} too; a technician finds a cable by its label: write its own")
    ports: list[tuple[Location, str | None]] = [(("cables", i, "port"), cable.port) for i, cable in cables]
    yield from _twice(ports, "is the port of {first} too, and takes one cable; correct one of the two")
    named: list[tuple[Location, str]] = [(("feeds", i, "psu"), feed.psu) for i, feed in feeds]
    yield from _twice(named, "is the supply of {first} too; write each supply once")
    of = boards.load(known.board) if known.board in boards.names() else board
    if of is not None:
        yield from _foreign(named, of)
    starts, ends = known.window.starts, known.window.ends
    if starts is not None and ends is not None and ends <= starts:
        yield ("window", "ends"), "is not after window.starts; expected the end of the work"


def _twice(found: Sequence[tuple[Location, str | None]], why: str) -> Iterator[Mistake]:
    first: dict[str, Location] = {}
    for place, value in found:
        if value is None:
            continue
        if value in first:
            yield place, why.format(first=dotted(first[value][:-1]))
        first.setdefault(value, place)


def _foreign(named: Sequence[tuple[Location, str]], board: Board) -> Iterator[Mistake]:
    supplies = board.hands.supplies
    for place, name in named:
        if name not in supplies:
            yield place, f"the {board.title} has no such power supply; expected one of {', '.join(supplies)}"

"""What can be done about a cause: every remedy once (remedies.yaml), with what it costs and where it exists.

The order of a cause's remedies follows from here, least invasive first: risk class, whether somebody must go there, the
host's downtime, minutes (DESIGN rule 6). A rule says which remedies cure its cause, never their order.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from fwsim.boards import Board

Takes = Literal["bmc-reset", "host-restart", "power"]
Needs = Literal["host", "bmc", "ipmi", "flash", "pdu", "package"]
Bank = Literal["bank.bmc", "bank.bios"]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Only(Part):
    """On which boards there is such a thing."""

    vendor: Literal["dell", "supermicro"] | None = None
    bmc_tool: Literal["hpm", "sum", "racadm"] | None = None
    media: Literal["usb", "sd"] | None = None
    button: bool = False

    def fits(self, board: Board) -> bool:
        hands = board.hands
        return (
            self.vendor in (None, board.vendor)
            and (self.bmc_tool is None or board.bmc.method(self.bmc_tool) is not None)
            and (self.media is None or (hands.media is not None and hands.media.slot == self.media))
            and (not self.button or hands.reset_button_s is not None)
        )


class Remedy(Part):
    """One row; remedies.yaml says what its fields mean."""

    name: str
    how: Literal["repair", "procedure"]
    risk: int
    minutes: int
    does: str
    downtime: bool = False
    gathers: bool = False
    takes: frozenset[Takes] = frozenset()
    renews: frozenset[Bank] = frozenset()
    needs: frozenset[Needs] = frozenset()
    only: Only = Only()

    @property
    def visit(self) -> bool:
        """Must somebody go there?"""
        return self.how == "procedure"

    @property
    def cost(self) -> tuple[bool, int, bool, bool, int]:
        return self.gathers, self.risk, self.visit, self.downtime, self.minutes


@cache
def table() -> dict[str, Remedy]:
    """Every remedy by its name."""
    rows = yaml.safe_load(files(__package__).joinpath("remedies.yaml").read_text("utf-8"))
    return {name: Remedy(name=name, **row) for name, row in rows.items()}


def ordered(names: Iterable[str], board: Board) -> tuple[Remedy, ...]:
    """Those that exist on that board, least invasive first."""
    found = (table()[name] for name in names)
    return tuple(sorted((r for r in found if r.only.fits(board)), key=lambda r: r.cost))


def markdown() -> str:
    """The table as the documentation has it."""
    rows = ["| remedy | does | somebody goes there | the host stops | minutes | takes |", "|---|---|---|---|---|---|"]
    for row in sorted(table().values(), key=lambda r: r.cost):
        words = (
            "yes" if row.visit else "-",
            "yes" if row.downtime else "-",
            str(row.minutes),
            ", ".join(sorted(row.takes)) or "-",
        )
        rows.append(f"| {row.name} | {row.does} | {' | '.join(words)} |")
    return "\n".join(rows)

"""What a plan and a run say of a visit: the inventory, the image that is sent along, the diagnosis that chose it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from fwsim import boards
from fwsim.events import Event, Fact
from fwsim.plan import Kind, Plan
from recovery import inventory, procedures, remedies
from recovery.inventory import Inventory
from recovery.ticket import Chosen

WRITES: dict[str, Kind] = {"web-gui-reflash": "bios", "usb-bios-recovery": "bios", "idrac-sd-recovery": "bmc"}
"""Procedures that want an image, and of which kind."""
DIAGNOSIS, HANDED_OVER = "diagnosis", "ticket"  # keys of facts in a journal
_CAUSE = re.compile(r"(\S+) (\S+): (.+) \((\w+)\); remedies: (.+)")  # as recovery/loop.py tells it
_LIVES = {("observed.bmc.answers", "steady"), ("observed.bmc.login", "in"), ("observed.kcs", "answers")}


@dataclass(frozen=True)
class Cited:
    """A cause as the journal has it."""

    name: str
    rule: str
    confidence: str
    remedies: tuple[str, ...] = ()
    text: str = ""


def image(plan: Plan, procedure: str) -> tuple[str, str]:
    """Name and SHA-256 of the image that this procedure writes: the one to go back to, else the payload; "" if none."""
    kind = WRITES.get(procedure)
    rows = [(one.file.name, one.sha256 or "") for one in plan.fallback if one.kind == kind]
    rows += [(one.file.name, one.sha256) for one in plan.payloads if one.kind == kind]
    return rows[0] if rows else ("", "")


def known(plan: Plan) -> Inventory:
    """The plan's inventory; without one, what the plan itself says. Raises FileError."""
    if plan.inventory is not None:
        return inventory.load(plan.inventory, boards.load(plan.board))
    addresses = {"host": plan.host.address, "bmc": plan.bmc.address}
    return Inventory.model_validate({"name": plan.host.address, "board": plan.board, "addresses": addresses})


def causes(events: Sequence[Event]) -> tuple[Cited, ...]:
    """Those of the last look, the likeliest first."""
    found: list[Cited] = []
    step = ""
    for event in events:
        if isinstance(event, Fact) and event.key == DIAGNOSIS and (said := _CAUSE.fullmatch(event.value)):
            if event.step != step:
                found, step = [], event.step
            remedies_ = tuple(name.strip("()") for name in said[5].split(" > "))
            found.append(Cited(said[2], said[1], said[4], remedies_, said[3]))
    return tuple(found)


def chosen(events: Sequence[Event], procedure: str = "") -> tuple[str, Chosen | None]:
    """The procedure that the run has ended with, and the cause that it cures; ("", None) where it names none.

    `procedure`: the operator's own choice; then only the cause is looked for.
    """
    named = procedure or next((e.value for e in reversed(events) if isinstance(e, Fact) and e.key == HANDED_OVER), "")
    for cause in causes(events):
        visits = [name for name in cause.remedies if name in procedures.names() and remedies.table()[name].visit]
        if (named and named in visits) or (not named and visits):
            return named or visits[0], cause
    return named, None


def bmc_lives(events: Sequence[Event]) -> bool | None:
    """By what was observed last; None where nobody could tell."""
    seen = {event.key: event.value for event in events if isinstance(event, Fact)}
    if any(seen.get(key) == value for key, value in _LIVES):
        return True
    return False if seen.get("observed.bmc.answers") == "no" else None

"""From what was typed to a ticket: the run, its plan, inventory, board and diagnosis. Prints nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from fwsim.cli.errors import BadInput

if TYPE_CHECKING:
    from fwsim.boards import Board
    from fwsim.events import Event
    from fwsim.plan import Plan
    from fwsim.runs import Run
    from recovery.inventory import Inventory
    from recovery.ticket import Ticket

FOLDER = "tickets"  # in a run's directory: those that were written when it ended


class TicketBreaksRules(Exception):
    """The linter has something against it. The message names every finding."""


@dataclass(frozen=True)
class Wish:
    """What the operator has asked for."""

    run: str | None = None
    procedure: str | None = None
    inventory: Path | None = None
    server: str | None = None
    board: str | None = None
    driver: Literal["administrator", "browser"] = "administrator"
    power: Literal["sled", "mains"] = "sled"
    bmc_lives: bool | None = None
    at: datetime | None = None
    image: Path | None = None
    folder: Path | None = None

    @property
    def plain(self) -> bool:
        """Nothing that would make it another ticket than the one that the run has written."""
        return (
            self.inventory is None
            and self.at is None
            and self.bmc_lives is None
            and self.image is None
            and (self.driver, self.power) == ("administrator", "sled")
        )


def make(wish: Wish) -> tuple[Ticket, tuple[str, ...]]:
    """The ticket, and the passwords that must not stand in it. Raises BadInput, TicketRefused, FileError."""
    if wish.run is not None:
        return _of_run(wish)
    if wish.procedure is None:
        raise BadInput("expected a run, or --procedure NAME; `fwsim ticket list` lists the procedures")
    from fwsim import boards
    from recovery import procedures

    procedures.load(wish.procedure)  # a name that is none is told before anything else is asked for
    place = inventory(wish)
    name = wish.board or place.board
    if name is None:
        raise BadInput("expected --board NAME, or `board:` in the inventory")
    return _built(wish, wish.procedure, place, boards.load(name), wish.at or _now()), ()


def _now() -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0)


def inventory(wish: Wish) -> Inventory:
    """From the file that was named; without one nothing is known but the server's name."""
    from fwsim import boards
    from recovery import inventory as inventories
    from recovery import inventory_csv

    board = boards.load(wish.board) if wish.board else None
    if wish.inventory is None:
        return inventories.Inventory(name=wish.server or "UNKNOWN", board=wish.board)
    if wish.inventory.suffix.lower() == ".csv":
        if wish.server is None:
            raise BadInput(f"{wish.inventory} holds many servers; expected --server NAME")
        return inventory_csv.load(wish.inventory, wish.server, board)
    return inventories.load(wish.inventory, board)


def _of_run(wish: Wish) -> tuple[Ticket, tuple[str, ...]]:
    from fwsim import journal, record
    from fwsim.runs import Runs

    assert wish.run is not None
    run = Runs(wish.folder).find(wish.run)
    plan = record.read(run).plan
    written = _written(run, wish)
    if written is not None:
        return written, passwords(plan)
    events = journal.read(run.journal)
    return _from_journal(wish, run, plan, events), passwords(plan)


def _written(run: Run, wish: Wish) -> Ticket | None:
    """The ticket that the run itself has left, where nothing else is asked for: the same run, the same bytes."""
    from recovery.render import data

    there = sorted((run.path / FOLDER).glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    fitting = [path for path in there if wish.procedure in (None, path.stem)]
    return data.read(fitting[-1].read_bytes()) if fitting and wish.plain else None


def _from_journal(wish: Wish, run: Run, plan: Plan, events: Sequence[Event]) -> Ticket:
    from fwsim import boards
    from recovery import visits

    procedure, cause = visits.chosen(events, wish.procedure or "")
    if not procedure:
        raise BadInput(
            f"the run {run.id} names no work for hands; `fwsim diagnose {run.id}` looks again, or name one: "
            "--procedure NAME"
        )
    place = inventory(wish) if wish.inventory is not None else visits.known(plan)
    file, sha256 = visits.image(plan, procedure)
    lives = visits.bmc_lives(events) if wish.bmc_lives is None else wish.bmc_lives
    moment = wish.at or _ended(events)
    facts = {
        "secrets": passwords(plan),
        "run": run.id,
        "file": file,
        "sha256": sha256,
        "bmc_lives": lives,
        "diagnosis": cause,
    }
    return _built(wish, procedure, place, boards.load(plan.board), moment, **facts)


def _ended(events: Sequence[Event]) -> datetime:
    """The server's time at the end of the journal: the same run gives the same date."""
    from fwsim import recall

    return datetime.fromtimestamp(recall.epoch(events, 0.0), UTC) + timedelta(seconds=events[-1].at if events else 0)


def _built(
    wish: Wish,
    procedure: str,
    place: Inventory,
    board: Board,
    moment: datetime,
    *,
    diagnosis: Any = None,
    **facts: Any,
) -> Ticket:
    from recovery import procedures, ticket

    given = {"bmc_lives": wish.bmc_lives, "driver": wish.driver, "power": wish.power, **facts}
    if wish.image is not None:
        given |= {"file": wish.image.name, "sha256": _sha256(wish.image)}
    return ticket.build(
        procedures.load(procedure), place, board, ticket.Visit(when=moment, **given), diagnosis=diagnosis
    )


def _sha256(image: Path) -> str:
    """Raises BadInput."""
    try:
        with image.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadInput(f"--image {image} cannot be read: {error.strerror}") from error


def passwords(plan: Plan) -> tuple[str, ...]:
    """Those of the plan's sources that can be read without asking anybody: none of them may stand in a ticket."""
    from fwsim.secret import SecretUnavailable

    sources = [plan.bmc.password, *plan.bmc.users.values(), plan.host.password, plan.sealed_disk.unlock]
    found = []
    for source in sources:
        if source is not None and source.prompt is None:
            try:
                found.append(source.read(""))
            except SecretUnavailable:
                continue
    return tuple(found)


def must_pass(made: Ticket, secrets: Sequence[str]) -> None:
    """No page that breaks a rule is given out. Raises TicketBreaksRules."""
    from recovery import lint

    found = lint.check_ticket(made, secrets=secrets)
    if found:
        said = "\n".join(str(one) for one in found)
        raise TicketBreaksRules(f"this ticket is not given out; shorten or correct the inventory:\n{said}")


def for_plan(plan: Plan, moment: datetime) -> list[Ticket]:
    """Every ticket that this plan's server could need: those whose procedures fit its board."""
    from fwsim import boards
    from recovery import procedures, ticket, visits

    place, board = visits.known(plan), boards.load(plan.board)
    made = []
    for name in procedures.names():
        file, sha256 = visits.image(plan, name)
        try:
            visit = ticket.Visit(when=moment, file=file, sha256=sha256)
            made.append(ticket.build(procedures.load(name), place, board, visit))
        except ticket.TicketRefused:
            continue
    return made


def lacking(wish: Wish) -> list[dict[str, Any]]:
    """A row a procedure that the board can be given: what a ticket from that inventory would not know. The image is no
    matter of an inventory. Raises BadInput, FileError, UnknownBoard."""
    from fwsim import boards
    from recovery import filling, lint, procedures, ticket

    place = inventory(wish)
    name = wish.board or place.board
    if name is None:
        raise BadInput("expected --board NAME, or `board:` in the inventory")
    known = boards.load(name)
    rows = []
    for one in procedures.names():
        for driver in procedures.load(one).drivers or ("administrator",):
            try:
                made = _built(replace(wish, driver=driver), one, place, known, wish.at or _now())
            except ticket.TicketRefused as error:
                if place.board not in (None, name):
                    raise BadInput(str(error)) from error
                continue
            unknown = [what for what in made.unknown if what not in filling.IMAGE]
            broken = [str(found) for found in lint.check_ticket(made)]
            rows.append({"procedure": one, "driver": driver, "unknown": unknown, "broken": broken})
    return rows


def procedures_for(board: str | None) -> list[dict[str, Any]]:
    """A row a procedure; with a board those alone that it can be given."""
    from fwsim import boards
    from recovery import inventory as inventories
    from recovery import procedures, ticket

    rows = []
    for name in procedures.names():
        known = procedures.load(name)
        if board is not None:
            try:
                ticket.build(known, inventories.Inventory(name="x"), boards.load(board), ticket.Visit(when=_now()))
            except ticket.TicketRefused:
                continue
        rows.append(
            {
                "name": name,
                "vendors": list(known.vendors),
                "work": known.work,
                "minutes": known.minutes,
                "maximum_minutes": known.maximum_minutes,
                "takes_power": known.takes_power,
                "purpose": known.purpose,
            }
        )
    return rows

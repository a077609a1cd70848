"""The ticket for a run that needs hands, written into the run's folder as text and as data.

What nobody has put into an inventory stands there as unknown: such a ticket is a draft until somebody fills it in.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from fwsim import recall
from fwsim.aftermath import Aftermath
from fwsim.events import Fact
from fwsim.yamlerrors import FileError
from recovery import lint, procedures, ticket, visits
from recovery.diagnosis import Cause
from recovery.inventory import Inventory
from recovery.render import data, text
from recovery.ticket import Ticket, Visit

FOLDER = "tickets"
REFUSED = "ticket.refused"  # the fact that tells which ticket was not given out, and why
Write = Callable[[Aftermath, Cause, str], str]


class BreaksRules(Exception):
    """The linter has something against the ticket. The message names every finding."""


def writer(inventory: Inventory | None = None) -> Write:
    """Writes the ticket for a procedure; its name, "" where there is no such ticket for that board.

    Where the inventory spoils it, what the run itself has read of the server makes a draft; the journal says why.
    """

    def write(after: Aftermath, cause: Cause, procedure: str) -> str:
        refused: list[Exception] = []
        made = None
        for place in (lambda: inventory or known(after), lambda: from_run(after)):
            try:
                made = _good(after, cause, procedure, place)
                break
            except (ticket.TicketRefused, FileError, BreaksRules) as error:
                refused.append(error)
        if refused and (made is not None or isinstance(refused[0], BreaksRules)):
            after.emit(Fact(after.doors.clock.now(), "hand-over", REFUSED, f"{procedure}: {refused[0]}"))
        if made is None:
            return ""
        folder = after.job.folder
        assert folder is not None
        (folder / FOLDER).mkdir(parents=True, exist_ok=True)
        for ending, words in (("txt", text.render(made)), ("json", data.render(made))):
            (folder / FOLDER / f"{procedure}.{ending}").write_text(words, "utf-8")
        return f"{FOLDER}/{procedure}.txt"

    return write


def _good(after: Aftermath, cause: Cause, procedure: str, place: Callable[[], Inventory]) -> Ticket:
    """One that may be given out: `fwsim ticket` prints none that breaks a rule. Raises TicketRefused, BreaksRules."""
    made = build(after, cause, procedure, place())
    if found := lint.check_ticket(made, secrets=tuple(after.doors.passwords.values())):
        raise BreaksRules("; ".join(str(one) for one in found))
    return made


def build(after: Aftermath, cause: Cause, procedure: str, inventory: Inventory) -> Ticket:
    """Raises ticket.TicketRefused."""
    at = recall.epoch(after.events, 0.0) + after.doors.clock.now()
    file, sha256 = visits.image(after.job.plan, procedure)
    visit = Visit(
        when=datetime.fromtimestamp(at, UTC),
        run=after.job.run_id,
        bmc_lives=_bmc_lives(cause),
        file=file,
        sha256=sha256,
        secrets=tuple(after.doors.passwords.values()),
    )
    return ticket.build(procedures.load(procedure), inventory, after.job.board, visit, diagnosis=cause)


def known(after: Aftermath) -> Inventory:
    """The plan's inventory; without one, what the run itself has read of the server."""
    if after.job.plan.inventory is not None:
        return visits.known(after.job.plan)
    return from_run(after)


def from_run(after: Aftermath) -> Inventory:
    """What the run has read of the server."""
    facts = {event.key: event.value for event in after.events if isinstance(event, Fact)}
    plan = after.job.plan
    return Inventory(
        name=plan.host.address,
        board=plan.board,
        model=after.job.board.title,
        serial=facts.get("host.serial") or None,
        addresses={"host": plan.host.address, "bmc": plan.bmc.address},
        macs={"bmc": facts["bmc.mac"]} if facts.get("bmc.mac") else {},
    )


def _bmc_lives(cause: Cause) -> bool | None:
    """By what was observed: does anybody get in there?"""
    seen = {(o.key, o.value) for o in (*cause.for_, *cause.against)}
    if ("bmc.answers", "steady") in seen or ("bmc.login", "in") in seen or ("kcs", "answers") in seen:
        return True
    return False if ("bmc.answers", "no") in seen else None

"""A remote-hands ticket as data: everything that any of its formats prints. recovery/render prints it.

`build` makes it from a procedure, an inventory and a board; the same arguments give the same ticket. A value that the
inventory does not have is printed as UNKNOWN, and the ticket is a draft.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict

from fwsim.boards import Board
from fwsim.yamlerrors import dotted
from recovery import credentials, filling, inventory_checks
from recovery.filling import UNKNOWN, Facts
from recovery.inventory import Inventory
from recovery.procedures import Hazard, Procedure, Step

SCHEMA = 1
ROLES = ("technical", "ordering", "notification")


class TicketRefused(Exception):
    """No such ticket can be written. The message says what was wanted, what there is, and what to do."""


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Fact(Part):
    """A row of the table of the server: what is compared before the first touch."""

    name: str
    value: str


class Person(Part):
    role: str
    name: str
    phone: str
    mail: str
    time_zone: str
    prefers: str


class Warning_(Part):
    """A hazard that stands before a step. `signal`: ANSI Z535's word."""

    signal: Literal["DANGER", "WARNING", "CAUTION", "NOTICE"]
    hazard: str
    consequence: str
    avoid: str


class Do(Part):
    """What a step comes to, in the terms of a virtual server's hands."""

    act: str
    given: dict[str, str | int] = {}


class TicketStep(Part):
    """One step as it is printed. `only_if`: the sentence above the first step of a branch."""

    number: int
    id: str
    text: str
    see: str
    if_not: str = ""
    then: str = ""
    only_if: str = ""
    branch: str = ""
    hold: bool = False
    hazards: tuple[Warning_, ...] = ()
    serves: Literal["cure", "protection", "evidence"]
    irreversible: bool = False
    administrator: str = ""
    repairs: tuple[str, ...] = ()
    acts: tuple[Do, ...] = ()


class RearItem(Part):
    """One thing at the rear of the server, from left to right. `marked`: the ticket's steps touch it."""

    name: str
    kind: Literal["psu", "port", "other"]
    marked: bool
    note: str = ""


class Window(Part):
    """`text` is printed; the moments are for providers' forms, "" where unknown."""

    text: str
    starts: str
    ends: str
    schedule: str


class Ticket(Part):
    """The whole page. `why`: the rule of the diagnosis that chose the procedure, or who did."""

    schema_version: int = SCHEMA
    id: str
    revision: int = 1
    procedure: str
    vendor: Literal["supermicro", "dell"]
    board: str
    server: str
    title: str
    draft: bool
    unknown: tuple[str, ...] = ()
    issued: str
    run: str = ""
    priority: str
    customer_reference: str
    account: str
    phone: str
    window: Window
    site: str
    cage: str
    rack: str
    unit: str
    serial: str
    contacts: tuple[Person, ...]
    purpose: str
    service: str
    why: str
    identify: bool
    consents: tuple[str, ...] = ()
    facts: tuple[Fact, ...]
    psus: tuple[str, ...]
    takes_power: bool
    work: Literal["basic", "advanced"]
    category: Literal["cable", "power", "pictures", "equipment"]
    tools: tuple[str, ...]
    do_not: tuple[str, ...]
    stop: tuple[str, ...]
    minutes: int
    maximum_minutes: int
    steps: tuple[TicketStep, ...]
    report: tuple[str, ...]
    photos: tuple[str, ...] = ()
    rear: tuple[RearItem, ...]
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()


class Chosen(Protocol):
    """What of a diagnosis a ticket cites: a cause's name, the rule that found it, and how sure it is."""

    @property
    def name(self) -> str: ...
    @property
    def rule(self) -> str: ...
    @property
    def confidence(self) -> str: ...


@dataclass(frozen=True)
class Visit:
    """What is decided for one visit. `bmc_lives`: None where nobody knows. `power`: in a chassis with several nodes.

    `file`, `sha256`: of the image that the customer sends, where the procedure wants one. `secrets`: passwords that are
    known here; with one of them in it, no ticket is made.
    """

    when: datetime
    run: str = ""
    bmc_lives: bool | None = None
    driver: Literal["administrator", "browser"] = "administrator"
    power: Literal["sled", "mains"] = "sled"
    file: str = ""
    sha256: str = ""
    revision: int = 1
    secrets: tuple[str, ...] = field(default=(), repr=False)


def build(
    procedure: Procedure, inventory: Inventory, board: Board, visit: Visit, *, diagnosis: Chosen | None = None
) -> Ticket:
    """The ticket for that procedure on that server. Raises TicketRefused."""
    _fits(procedure, inventory, board)
    identify = _identify(procedure, visit)
    choice = filling.Choice(identify, visit.driver, visit.power, visit.file, visit.sha256)
    facts = filling.facts(procedure, inventory, board, choice)
    steps = _steps(procedure, facts)
    ticket = Ticket.model_validate(
        {
            "id": _identity(procedure, inventory, visit),
            "revision": visit.revision,
            "vendor": board.vendor,
            "board": board.name,
            "draft": False,
            "issued": _stamp(visit.when),
            "run": visit.run,
            "why": _why(diagnosis),
            "identify": "identify" in facts.flags,
            "consents": _consents(procedure, inventory, board, facts, steps),
            "steps": steps,
            "rear": _rear(board, facts, steps),
            "facts": _table(inventory, board, facts, steps),
            "psus": tuple(feed.psu for feed in facts.feeds),
            **_place(inventory, facts, visit.when),
            **_work(procedure, facts),
        }
    )
    _holds_no_credential(ticket, visit.secrets)
    unknown = tuple(dict.fromkeys((*_unknown(ticket), *filling.unknown_words(procedure, facts))))
    return ticket.model_copy(update={"unknown": unknown, "draft": bool(unknown)})


def _place(inventory: Inventory, facts: Facts, when: datetime) -> dict[str, Any]:
    """Where the server stands, whose it is, and whom to call."""
    at, customer = inventory.location, inventory.customer
    return {
        "server": inventory.name,
        "serial": inventory.serial or UNKNOWN,
        "site": at.site or UNKNOWN,
        "cage": at.cage or UNKNOWN,
        "rack": at.rack or UNKNOWN,
        "unit": at.unit or UNKNOWN,
        "priority": inventory.priority or UNKNOWN,
        "customer_reference": customer.reference or UNKNOWN,
        "account": customer.account or UNKNOWN,
        "phone": facts.words["phone"],
        "window": _window(inventory, when),
        "contacts": _contacts(inventory),
    }


def _work(procedure: Procedure, facts: Facts) -> dict[str, Any]:
    """What the procedure says, filled in."""
    same = ("takes_power", "work", "category", "minutes", "maximum_minutes", "before", "after")
    return {
        "procedure": procedure.name,
        "title": facts.fill(procedure.title),
        "purpose": facts.fill(procedure.purpose),
        "service": facts.fill(procedure.service),
        "tools": facts.lines(procedure.tools),
        "do_not": facts.lines(procedure.do_not),
        "stop": facts.lines(procedure.stop),
        "report": tuple(facts.fill(text) for text in procedure.report),
        "photos": tuple(facts.fill(text) for text in procedure.photos),
        **{name: getattr(procedure, name) for name in same},
    }


def _table(inventory: Inventory, board: Board, facts: Facts, steps: tuple[TicketStep, ...]) -> tuple[Fact, ...]:
    cabled = any("cable" in act.act for step in steps for act in step.acts)
    told = filling.table(inventory, board, facts, touches_cables=cabled)
    return tuple(Fact(name=name, value=value) for name, value in told)


def _fits(procedure: Procedure, inventory: Inventory, board: Board) -> None:
    """A ticket for another vendor's or another board's server destroys it, or wastes the visit."""
    if inventory.board is not None and inventory.board != board.name:
        raise TicketRefused(
            f"the inventory says that {inventory.name} is a {inventory.board}, and the ticket would be for a "
            f"{board.name}; correct one of the two"
        )
    if board.vendor not in procedure.vendors:
        made_for = " or ".join(procedure.vendors)
        raise TicketRefused(f"{procedure.name} is a procedure for {made_for}, and {board.title} is none; use another")
    for place, why in inventory_checks.mistakes(inventory, board):
        raise TicketRefused(f"the inventory of {inventory.name}: {dotted(place)}: {why}")
    media = board.hands.media.slot if board.hands.media else None
    if procedure.needs in ("usb", "sd") and media != procedure.needs:
        raise TicketRefused(f"{procedure.name}: {board.title} recovers from no {procedure.needs} medium; use another")
    if procedure.needs == "reset-button" and board.hands.reset_button_s is None:
        raise TicketRefused(f"{procedure.name}: {board.title} has no button that restarts its BMC; use power-removal")


def _holds_no_credential(ticket: Ticket, secrets: tuple[str, ...]) -> None:
    """Whatever an inventory or a diagnosis has brought along: it would be mailed, printed and left in a rack."""
    found = sorted(set(credentials.fields(ticket.model_dump(), secrets)))
    if found:
        raise TicketRefused(
            f"X01: what looks like a credential would stand in the ticket: {', '.join(found)}; take it out of the "
            "inventory; who answers the telephone reads an account out"
        )


def _identify(procedure: Procedure, visit: Visit) -> bool:
    if procedure.identify == "never" or visit.bmc_lives is not None:
        return procedure.identify != "never" and bool(visit.bmc_lives)
    return procedure.identify == "on"


def _identity(procedure: Procedure, inventory: Inventory, visit: Visit) -> str:
    """The same for the same visit; two procedures of one run differ."""
    words = f"{visit.run} {procedure.name} {visit.driver} {visit.power} {inventory.model_dump_json()}"
    return f"RH-{visit.when.astimezone(UTC):%Y%m%d}-{hashlib.sha256(words.encode()).hexdigest()[:6].upper()}"


def _stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _why(diagnosis: Chosen | None) -> str:
    if diagnosis is None:
        return "Chosen by the operator before any diagnosis."
    said = getattr(diagnosis, "text", "") or diagnosis.name
    return f"Rule {diagnosis.rule} ({diagnosis.confidence}): {said}."


def _window(inventory: Inventory, when: datetime) -> Window:
    """Both clocks: the operator's log is in UTC, the technician looks at the one on the wall. One that has passed is
    no window: another has to be agreed on."""
    window = inventory.window
    if window.starts is None or window.ends is None:
        return Window(text=UNKNOWN, starts="", ends="", schedule=window.schedule)
    begin, end = window.starts.astimezone(UTC), window.ends.astimezone(UTC)
    text = f"{begin:%Y-%m-%d %H:%M} to {end:%H:%M} UTC"
    if begin.date() != end.date():
        text = f"{begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
    at, until = inventory.local(begin), inventory.local(end)
    if at is not None and until is not None:
        text += f" ({at:%H:%M} to {until:%H:%M} {inventory.time_zone})"
    else:
        text += f" (local time {UNKNOWN})"
    if end <= when:
        return Window(text=f"{UNKNOWN}: {text} has passed", starts="", ends="", schedule=window.schedule)
    return Window(text=text, starts=f"{begin:%FT%TZ}", ends=f"{end:%FT%TZ}", schedule=window.schedule)


def _contacts(inventory: Inventory) -> tuple[Person, ...]:
    """Those of the inventory; a role that is missing stands there as unknown."""
    known = [
        Person(
            role=contact.role,
            name=contact.name or UNKNOWN,
            phone=contact.phone or UNKNOWN,
            mail=contact.mail or "",
            time_zone=contact.time_zone or inventory.time_zone or "",
            prefers=contact.prefers or "",
        )
        for contact in inventory.contacts
    ]
    missing = [role for role in ROLES if role not in {person.role for person in known}]
    empty = [Person(role=role, name=UNKNOWN, phone=UNKNOWN, mail="", time_zone="", prefers="") for role in missing]
    return tuple(sorted([*known, *empty], key=lambda person: ROLES.index(person.role)))


def _consents(
    procedure: Procedure, inventory: Inventory, board: Board, facts: Facts, steps: tuple[TicketStep, ...]
) -> tuple[str, ...]:
    cuts = any(act.act == "unplug" for step in steps for act in step.acts)
    shared = filling.neighbours_consent(inventory, board, facts) if cuts else ""
    return (*facts.lines(procedure.consents), *filter(None, (shared,)))


def _steps(procedure: Procedure, facts: Facts) -> tuple[TicketStep, ...]:
    kept = [step for step in procedure.steps if facts.holds(step.when)]
    numbers = {step.id: number for number, step in enumerate(kept, 1)}
    made = []
    for number, step in enumerate(kept, 1):
        begins = step.branch is not None and (number == 1 or kept[number - 2].branch != step.branch)
        last = max((n for n, s in enumerate(kept, 1) if s.branch == step.branch), default=number)
        made.append(_step(step, number, facts, numbers, last if begins else None))
    return tuple(made)


def _step(step: Step, number: int, facts: Facts, numbers: dict[str, int], branch_end: int | None) -> TicketStep:
    heard = [f'"step {n}"' for n in sorted(numbers[name] for name in step.answers if name in numbers)]
    here = facts.having(here=str(number), answers=filling.listed(heard, "or"))
    only_if = ""
    if step.branch is not None and branch_end is not None:
        span = f"steps {number} to {branch_end}" if branch_end > number else f"step {number}"
        only_if = f'Do {span} only if you hear "step {number}": {here.fill(step.branch.why)}.'
    return TicketStep(
        number=number,
        id=step.id,
        text=here.fill(step.do),
        see=here.fill(step.see),
        if_not=here.fill(step.if_not),
        then=f"Go to step {numbers[step.then]}." if step.then and numbers[step.then] != number + 1 else "",
        only_if=only_if,
        branch=step.branch.name if step.branch else "",
        hold=step.hold,
        hazards=tuple(_warning(h, here) for h in step.hazards if here.holds(h.when)),
        serves=step.serves,
        irreversible=step.irreversible,
        administrator=step.administrator,
        repairs=step.repairs,
        acts=tuple(Do(act=name, given=given) for act in step.acts for name, given in here.acts(act)),
    )


def _warning(hazard: Hazard, facts: Facts) -> Warning_:
    return Warning_(
        signal=hazard.signal,
        hazard=facts.fill(hazard.hazard),
        consequence=facts.fill(hazard.consequence),
        avoid=facts.fill(hazard.avoid),
    )


def _rear(board: Board, facts: Facts, steps: tuple[TicketStep, ...]) -> tuple[RearItem, ...]:
    said = " ".join(f"{step.text} {step.see}" for step in steps).replace(".", " ").replace(",", " ").split()
    ports = {label: port for port, label in board.hands.ports.items()}
    items = []
    for name in board.hands.rear:
        kind: Literal["psu", "port", "other"] = (
            "psu" if name.startswith("PSU") else "port" if name in ports else "other"
        )
        note = facts.feed_note(name) if kind == "psu" else facts.cable_note(ports[name]) if kind == "port" else ""
        items.append(RearItem(name=name, kind=kind, marked=name in said, note=note))
    return tuple(items)


def _unknown(ticket: Ticket) -> tuple[str, ...]:
    """What is not known, in the order of the page."""
    named = {
        "priority": ticket.priority,
        "customer reference": ticket.customer_reference,
        "account": ticket.account,
        "window": ticket.window.text,
        "phone": ticket.phone,
        **{fact.name.lower(): fact.value for fact in ticket.facts},
        **{f"{p.role} contact": f"{p.name} {p.phone}" for p in ticket.contacts},
        "consent": " ".join(ticket.consents),
    }
    return tuple(name for name, value in named.items() if UNKNOWN in value)

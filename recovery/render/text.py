"""The ticket as plain ASCII: what goes into a provider's form, is read out by telephone, and a program can follow.

At most 4000 characters (the smallest form of a provider). The shape of the steps is fixed, see procedures/README.md.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from recovery.filling import SHORT, UNKNOWN
from recovery.ticket import Ticket, TicketStep

MAXIMUM = 4000
OTHERWISE = "SEE is different and the step has no IF NOT."
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "ø": "o", "Ø": "O", "œ": "oe", "đ": "d", "ł": "l", "Ł": "L", "ð": "d", "þ": "th"}
    | {"–": "-", "—": "-", "“": '"', "”": '"', "‘": "'", "’": "'", "…": "...", "×": "x"}
)


def render(ticket: Ticket) -> str:
    """The whole page, with a newline at its end."""
    return _page(fitted(ticket))


def fitted(ticket: Ticket) -> Ticket:
    """The ticket as it is printed here. Where it would be too long, Why names its rule alone; where that is not enough,
    UNKNOWN stands alone, too, for the first line says what it asks for; and that line lists no row of the page."""
    for shorter in (_citing_the_rule, _saying_unknown_once, _listing_no_rows):
        if len(_page(ticket)) <= MAXIMUM:
            break
        ticket = shorter(ticket)
    return ticket


def _citing_the_rule(ticket: Ticket) -> Ticket:
    return ticket.model_copy(update={"why": f"{ticket.why.partition(':')[0].rstrip('.')}."})


def _saying_unknown_once(ticket: Ticket) -> Ticket:
    return Ticket.model_validate_json(ticket.model_dump_json().replace(UNKNOWN, SHORT))


def _listing_no_rows(ticket: Ticket) -> Ticket:
    """Of what is unknown the first line keeps what stands in no row below it, such as a contact."""
    if not ticket.unknown:
        return ticket
    rows = {"priority", "customer reference", "window", "phone", *(fact.name.lower() for fact in ticket.facts)}
    return ticket.model_copy(
        update={"unknown": (*(name for name in ticket.unknown if name not in rows), "each row that says so")}
    )


def _page(ticket: Ticket) -> str:
    return ascii_only("\n".join([*_head(ticket), *_lists(ticket), "", *_steps(ticket), "", *_foot(ticket)]) + "\n")


def ascii_only(text: str) -> str:
    """Letters without their marks; what has no likeness becomes a question mark."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(c for c in plain if not unicodedata.combining(c)).encode("ascii", "replace").decode("ascii")


def _head(ticket: Ticket) -> Iterator[str]:
    if ticket.draft:
        yield f"DRAFT. {UNKNOWN}: {', '.join(ticket.unknown)}."
    yield ticket.title
    yield f"Ticket {ticket.id} rev {ticket.revision} | Priority {ticket.priority} | Ref {ticket.customer_reference}"
    yield f"Window: {ticket.window.text}"
    yield f"CALL {ticket.phone}"
    yield f"Time: estimate {ticket.minutes} min, maximum {ticket.maximum_minutes} min."
    yield f"Purpose: {ticket.purpose}"
    yield f"Service: {ticket.service}"
    yield f"Why: {ticket.why}"
    yield from (f"Consent: {consent}" for consent in ticket.consents)
    yield ""
    yield from (f"{fact.name}: {fact.value}" for fact in ticket.facts)


def _lists(ticket: Ticket) -> Iterator[str]:
    yield ""
    yield f"TOOLS: {'; '.join(ticket.tools)}"
    yield "DO NOT:"
    yield from (f"- {line}" for line in ticket.do_not)
    yield f"STOP AND CALL {ticket.phone} IF:"
    yield from (f"- {line}" for line in ticket.stop)
    yield f"- {OTHERWISE}"


def _steps(ticket: Ticket) -> Iterator[str]:
    for step in ticket.steps:
        yield from step_lines(step)


def step_lines(step: TicketStep) -> Iterator[str]:
    """One step: what stands before it, its instruction, what is to be seen."""
    if step.only_if:
        yield f"== {step.only_if}"
    for one in step.hazards:
        yield f"*** {one.signal}: {one.hazard} {one.consequence} {one.avoid}"
    yield f"{'[HOLD]' if step.hold else '[ ]'} {step.number}. {step.text}"
    yield f"  SEE: {step.see}"
    if step.if_not:
        yield f"  IF NOT: {step.if_not}"
    if step.then:
        yield f"  THEN: {step.then}"


def _foot(ticket: Ticket) -> Iterator[str]:
    yield f"REPORT: {'; '.join(ticket.report)}"
    if ticket.photos:
        yield f"PHOTOS: {'; '.join(ticket.photos)}"

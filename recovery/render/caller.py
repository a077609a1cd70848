"""The sheet for who answers the telephone: what to check before each word is said, and what to do then.

It never goes to the provider or the technician.
"""

from __future__ import annotations

from collections.abc import Iterator

from recovery.render.text import ascii_only
from recovery.ticket import Ticket, TicketStep


def render(ticket: Ticket) -> str:
    """The whole sheet, with a newline at its end."""
    return ascii_only("\n".join(_lines(ticket)) + "\n")


def _lines(ticket: Ticket) -> Iterator[str]:
    yield f"For who answers {ticket.phone} during {ticket.id}: {ticket.title}"
    yield f"Window: {ticket.window.text}"
    yield f"Why: {ticket.why}"
    yield ""
    yield "BEFORE THE VISIT"
    yield from (f"- {line}" for line in ticket.before)
    if ticket.identify:
        yield "- Switch the identify LED on: ipmitool chassis identify force. Off again afterwards: identify 0."
    yield from (f"- Consent: {line}" for line in ticket.consents)
    yield ""
    yield "THE CALLS. Say the word only when all of this is true. Silence means no."
    for step in ticket.steps:
        if step.hold:
            yield from _call(step)
    yield ""
    yield "AFTER THE VISIT"
    yield from (f"- {line}" for line in ticket.after)


def _call(step: TicketStep) -> Iterator[str]:
    yield f"Step {step.number}. {step.text}"
    yield f"  They expect: {step.see}"
    if step.administrator:
        yield f"  Look first: {step.administrator}"
    if step.repairs:
        yield f"  What may help from here: {', '.join(step.repairs)}"

"""The ticket as Markdown, for wikis and trackers that show check boxes."""

from __future__ import annotations

from collections.abc import Iterator

from fwsim.report.markdown import text as plain
from recovery.filling import UNKNOWN
from recovery.render.text import OTHERWISE
from recovery.ticket import Ticket, TicketStep


def render(ticket: Ticket) -> str:
    """The whole document, with a newline at its end."""
    return "\n".join([*_head(ticket), *_server(ticket), *_lists(ticket), *_steps(ticket), *_foot(ticket)]) + "\n"


def _head(ticket: Ticket) -> Iterator[str]:
    yield f"# {plain(ticket.title)}"
    yield ""
    if ticket.draft:
        yield f"> **DRAFT.** {plain(UNKNOWN)}: {plain(', '.join(ticket.unknown))}."
        yield ""
    yield f"## CALL {plain(ticket.phone)}"
    yield ""
    facts = {
        "Ticket": f"{ticket.id} rev {ticket.revision}",
        "Priority": ticket.priority,
        "Ref": ticket.customer_reference,
        "Window": ticket.window.text,
        "Time": f"estimate {ticket.minutes} min, maximum {ticket.maximum_minutes} min.",
        "Purpose": ticket.purpose,
        "Service": ticket.service,
        "Why": ticket.why,
    }
    yield from (f"- **{name}:** {plain(value)}" for name, value in facts.items())
    yield from (f"- **Consent:** {plain(consent)}" for consent in ticket.consents)
    yield ""


def _server(ticket: Ticket) -> Iterator[str]:
    yield from ("## Server", "", "| | |", "|---|---|")
    yield from (f"| {plain(fact.name)} | {plain(fact.value)} |" for fact in ticket.facts)
    yield ""


def _lists(ticket: Ticket) -> Iterator[str]:
    yield from _section("Tools", (f"- [ ] {plain(tool)}" for tool in ticket.tools))
    yield from _section("Do not", (f"- {plain(line)}" for line in ticket.do_not))
    conditions = (f"- {plain(line)}" for line in (*ticket.stop, OTHERWISE))
    yield from _section(f"Stop and call {plain(ticket.phone)} if", conditions)


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield from (f"## {title}", "", *lines, "")


def _steps(ticket: Ticket) -> Iterator[str]:
    yield from ("## Steps", "")
    for step in ticket.steps:
        yield from _step(step)
    yield ""


def _step(step: TicketStep) -> Iterator[str]:
    if step.only_if:
        yield from ("", f"**{plain(step.only_if)}**", "")
    for one in step.hazards:
        yield from ("", f"> **{one.signal}: {plain(one.hazard)}** {plain(one.consequence)} **{plain(one.avoid)}**", "")
    hold = "**HOLD** " if step.hold else ""
    yield f"- [ ] **{step.number}.** {hold}{plain(step.text)}"
    yield f"  - SEE: {plain(step.see)}"
    if step.if_not:
        yield f"  - IF NOT: {plain(step.if_not)}"
    if step.then:
        yield f"  - THEN: {plain(step.then)}"


def _foot(ticket: Ticket) -> Iterator[str]:
    yield from _section("Report back", (f"- {plain(line)}" for line in ticket.report))
    if ticket.photos:
        yield from _section("Photos", (f"- [ ] {plain(line)}" for line in ticket.photos))

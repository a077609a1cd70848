"""The ticket as PDF, by typst: tagged, at most two pages on A4 and on Letter, the same bytes for the same ticket.

The data goes in as JSON and stands in the file as an attachment, too, so that a printed ticket can be checked later.
Whatever typst warns of is an error: a missing font must not change a page that was looked at.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

from recovery.render import Paper, qr, text
from recovery.render.qr import MissingPart
from recovery.render.text import OTHERWISE
from recovery.ticket import Ticket

FONTS = "font_source_sans_pro"
ATTACHMENT = "ticket.json"


class NotPrinted(Exception):
    """Typst has refused, or has warned."""


def render(ticket: Ticket, paper: Paper = "a4") -> bytes:
    """The file. Raises MissingPart, NotPrinted."""
    (made,) = _compiled(ticket, paper, "pdf")
    return made


def pictures(ticket: Ticket, paper: Paper = "a4", *, dots_an_inch: float = 96) -> tuple[bytes, ...]:
    """Its pages as PNG. Raises MissingPart, NotPrinted."""
    return _compiled(ticket, paper, "png", dots_an_inch)


def _compiled(
    ticket: Ticket, paper: Paper, form: Literal["pdf", "png"], dots_an_inch: float | None = None
) -> tuple[bytes, ...]:
    try:
        import typst
    except ImportError as error:
        raise MissingPart("PDF needs typst: pip install 'fwsim[pdf]'; txt, md, html and json need nothing") from error
    if ticket.draft:
        ticket = text.fitted(ticket)  # what is too long there takes a third page here
    source = files("recovery.render").joinpath("templates", "ticket.typ").read_bytes()
    inputs = {"ticket": ticket.model_dump_json(), "paper": paper, "qr": qr.svg(ticket), "otherwise": OTHERWISE}
    fonts = typst.Fonts(include_system_fonts=False, font_paths=[str(_fonts())])

    def pages(dense: str) -> int:
        words = {**inputs, "dense": dense}
        count = typst.query(source, "<pages>", field="value", one=True, sys_inputs=words, font_paths=fonts)
        return int(json.loads(count))

    try:
        if pages("") > 1:
            inputs |= {"dense": "yes"} if pages("yes") == 1 else {"turn": str(_turn(ticket))}
        made: Any
        made, warnings = typst.compile_with_warnings(
            source, format=form, ppi=dots_an_inch, sys_inputs=inputs, font_paths=fonts, timestamp=issued(ticket)
        )
    except typst.TypstError as error:
        raise NotPrinted(f"typst: {error.message}") from error
    if warnings:
        raise NotPrinted(f"typst warns: {warnings[0].message}")
    return tuple(made) if isinstance(made, list) else (made,)


def _turn(ticket: Ticket) -> int:
    """The step that begins the second page: the first past the middle that begins something, or the one after it."""
    middle = len(ticket.steps) * 11 // 20
    begins = [s.number for s in ticket.steps[middle:-2] if s.hazards or s.only_if or ticket.steps[s.number - 2].hold]
    return begins[0] if begins else middle + 1


def issued(ticket: Ticket) -> datetime:
    """The moment that the ticket was made for: the file's date, so that its bytes do not change."""
    return datetime.strptime(ticket.issued, "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)


def _fonts() -> Path:
    found = find_spec(FONTS)
    if found is None or not found.submodule_search_locations:
        raise MissingPart("PDF needs the font Source Sans Pro: pip install 'fwsim[pdf]'")
    return Path(found.submodule_search_locations[0]) / "files"

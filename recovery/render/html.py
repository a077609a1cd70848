"""The ticket as one HTML file that needs nothing else: opens from a mail, on a telephone, and prints like the PDF.

The ticket's data stands in it as JSON, so that the page can be checked later.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from recovery.render import Paper, qr
from recovery.render.text import OTHERWISE
from recovery.ticket import Ticket

COLOURS = {"DANGER": "#c8102e", "WARNING": "#ff8200", "CAUTION": "#ffd100"}


def render(ticket: Ticket, paper: Paper = "a4") -> str:
    """The whole page. Without segno it has no QR code; the number itself can be touched."""
    try:
        code = Markup(qr.svg(ticket))
    except qr.MissingPart:
        code = Markup("")
    return _template().render(
        t=ticket, paper=paper, qr=code, colours=COLOURS, otherwise=OTHERWISE, data=Markup(_data(ticket))
    )


def _data(ticket: Ticket) -> str:
    """JSON that no value can end: what HTML would read as markup is written as an escape."""
    text = ticket.model_dump_json()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _digits(phone: str) -> str:
    return "".join(c for c in phone if c in "+0123456789")


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["digits"] = _digits
    source = files("recovery.render").joinpath("templates", "ticket.html.j2").read_text("utf-8")
    return environment.from_string(source)

"""The QR code of a ticket: its telephone number, so that a technician calls by pointing the camera at the page."""

from __future__ import annotations

import io

from recovery.filling import SHORT
from recovery.ticket import Ticket


class MissingPart(Exception):
    """A library of an extra is not installed. The message names the command that installs it."""


def words(ticket: Ticket) -> str:
    """What the code says: `tel:` and the number, or the ticket's id where no number is known."""
    if SHORT in ticket.phone:
        return ticket.id
    return "tel:" + "".join(c for c in ticket.phone if c in "+0123456789")


def svg(ticket: Ticket) -> str:
    """As SVG. Raises MissingPart."""
    try:
        import segno
    except ImportError as error:
        raise MissingPart("the QR code needs segno: pip install 'fwsim[pdf]'") from error
    out = io.BytesIO()
    segno.make(words(ticket), error="m", micro=False).save(
        out, kind="svg", border=2, xmldecl=False, svgns=True, omitsize=True, nl=False
    )
    return out.getvalue().decode("ascii")

"""A ticket in the format that was asked for, as bytes."""

from __future__ import annotations

from typing import assert_never

from recovery.render import Format, Paper, data, html, mail, markdown, pdf, text
from recovery.ticket import Ticket


def render(ticket: Ticket, form: Format, paper: Paper = "a4") -> bytes:
    """The file's bytes: the same for the same ticket. Raises qr.MissingPart, pdf.NotPrinted."""
    match form:
        case "txt":
            return text.render(ticket).encode("ascii")
        case "md":
            return markdown.render(ticket).encode()
        case "html":
            return html.render(ticket, paper).encode()
        case "pdf":
            return pdf.render(ticket, paper)
        case "json":
            return data.render(ticket).encode()
        case "eml":
            return mail.render(ticket, paper)
        case _:
            assert_never(form)

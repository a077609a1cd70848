"""The ticket as JSON, and the schema of it. The same ticket gives the same bytes."""

from __future__ import annotations

import json

from recovery.ticket import Ticket


def render(ticket: Ticket) -> str:
    """One document, with a newline at its end."""
    return json.dumps(ticket.model_dump(mode="json"), indent=2, ensure_ascii=False) + "\n"


def read(text: str | bytes) -> Ticket:
    """The ticket of such a document. Raises pydantic's ValidationError."""
    return Ticket.model_validate_json(text)


def schema() -> str:
    """The JSON Schema of a ticket."""
    return json.dumps(Ticket.model_json_schema(), indent=2) + "\n"

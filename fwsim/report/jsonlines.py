"""For programs: each event as one line of JSON, and a whole report as one object."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from fwsim.events import Event, to_json
from fwsim.report.model import Report

SCHEMA = 1  # grows when a field changes its meaning or goes away


def line(event: Event) -> str:
    """One event, as the journal has it."""
    return to_json(event)


def document(report: Report, more: Mapping[str, Any] | None = None) -> str:
    """The report as one line of JSON. Times in seconds of the server's time, `epoch` Unix time. `more`: what whoever
    asked for the run adds to it."""
    return json.dumps({**record(report), **(more or {})}, ensure_ascii=False)


def record(report: Report) -> dict[str, Any]:
    """The report as plain data."""
    keep = asdict(report)
    del keep["whole"], keep["at"]
    for step in keep["steps"]:
        del step["progress"]
    return {"schema": SCHEMA, **keep, "exit_code": report.exit_code, "took_s": report.at}

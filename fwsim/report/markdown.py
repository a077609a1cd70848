"""The report as Markdown, for tickets, wikis and pull requests."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable

from fwsim.report import wording
from fwsim.report.model import Report


def render(report: Report) -> str:
    """The whole document, with a newline at its end."""
    sections = [
        f"# Run {text(report.run)}: {report.ending or 'running'}",
        _summary(report),
        _versions(report),
        _steps(report),
        _listing("Warnings", (f"step {s.number}: {text(w)}" for s, w in report.warnings)),
        _listing("What to do", _remedies(report)),
        _listing("Not rehearsed, only written down", (f"`{shlex.join(argv)}`" for argv in report.not_rehearsed)),
        _commands(report),
    ]
    return "\n\n".join(s for s in sections if s) + "\n"


def text(words: str) -> str:
    """Words that Markdown shows as they are, in a table's cell too."""
    return re.sub(r"([\\`*_{}\[\]<>#|])", r"\\\1", " ".join(words.split()))


def _summary(report: Report) -> str:
    facts = {
        "Board": report.board,
        "Host": report.host,
        "BMC": report.bmc,
        "Began": wording.moment(report.epoch),
        "Took": f"{wording.duration(report.at)} by the server's clock",
        "Found": report.message,
        "fwsim": report.version,
    }
    return "\n".join(f"- {name}: {text(value)}" for name, value in facts.items() if value)


def _versions(report: Report) -> str:
    rows = [
        (wording.KINDS.get(kind, kind), before or "not read", after or "not read")
        for kind, (before, after) in report.versions.items()
    ]
    return _table(("Firmware", "Before", "After"), rows)


def _steps(report: Report) -> str:
    rows = [
        (str(s.number), s.stage, s.title, s.outcome, wording.duration(s.took_s) if s.ended else "", s.message)
        for s in report.steps
    ]
    return _table(("#", "Stage", "Step", "Outcome", "Took", "Found"), rows)


def _remedies(report: Report) -> list[str]:
    own = [text(report.remedy)] if report.remedy else []
    return own + [f"step {s.number}: {text(r)}" for s, r in report.remedies]


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(text(cell) for cell in row)} |" for row in rows]
    if not lines:
        return ""
    return "\n".join([f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}", *lines])


def _listing(title: str, items: Iterable[str]) -> str:
    lines = [f"- {item}" for item in items]
    return "\n".join([f"## {title}", "", *lines]) if lines else ""


def _commands(report: Report) -> str:
    """Those that changed something or failed; the journal has them all."""
    lines = [
        f"- {c.where}: `{shlex.join(c.argv)}` ({'no status' if c.status is None else f'status {c.status}'}, "
        f"{wording.duration(c.took_s)})"
        for s in report.steps
        for c in s.commands
        if c.changes or c.status != 0
    ]
    return "\n".join(["## Commands that changed something or failed", "", *lines]) if lines else ""

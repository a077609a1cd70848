"""Checks a printed ticket, rule by rule: what makes a page dangerous, ambiguous or useless at the rack.

It reads the paper alone (recovery/page.py), so that whatever a renderer or an editor has done to it is seen. The rules
stand in lint_facts.py, lint_words.py and lint_order.py; each has an id, and `RULES` is the table of all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recovery import credentials, lint_facts, lint_order, lint_words, page, printed
from recovery.page import Page
from recovery.render import text
from recovery.ticket import Ticket

Found = Iterable[tuple[int, str]]
Rule = Callable[[Page], Found]


@dataclass(frozen=True)
class Finding:
    """`line`: of the text, from 1; 0 where it is the whole page."""

    rule: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.rule}: {self.message}" if self.line else f"{self.rule}: {self.message}"


RULES: dict[str, tuple[str, Rule]] = {**lint_facts.RULES, **lint_words.RULES, **lint_order.RULES}
"""Id -> what must hold, and the check."""


def check(printed: str, *, secrets: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Everything that is wrong with the text of a ticket. `secrets`: passwords that must not stand in it."""
    read = page.read(printed)
    found = [Finding(rule, line, message) for rule, (_, holds) in RULES.items() for line, message in holds(read)]
    found += [Finding("X01", line, message) for line, message in _known(printed, secrets)]
    return tuple(sorted(found, key=lambda finding: (finding.line, finding.rule)))


def check_ticket(ticket: Ticket, *, secrets: Sequence[str] = ()) -> tuple[Finding, ...]:
    """The same for a ticket that is not printed yet."""
    return check(text.render(ticket), secrets=secrets)


def _known(printed: str, secrets: Sequence[str]) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(printed.splitlines(), 1):
        if any(len(secret) >= credentials.SHORTEST and secret in line for secret in secrets):
            yield number, "a password stands in this line"


FILES = {
    "F01": "what the data of an HTML page or a PDF says is seen on its pages",
    "F02": f"a PDF has at most {printed.MAXIMUM_PAGES} pages",
}


def table() -> dict[str, str]:
    """Every rule's id and what must hold."""
    return dict(sorted({**{rule: what for rule, (what, _) in RULES.items()}, **FILES}.items()))


def check_file(path: Path, *, secrets: Sequence[str] = ()) -> tuple[Finding, ...]:
    """Everything that is wrong with a ticket's file of any format. Raises printed.Unreadable, OSError."""
    read = printed.read(path)
    found = list(check(read.text, secrets=secrets))
    found += [Finding("F01", 0, f"the page does not show {words!r}") for words in read.missing]
    if read.pages > printed.MAXIMUM_PAGES:
        found.append(Finding("F02", 0, f"{read.pages} pages; at most {printed.MAXIMUM_PAGES}"))
    return tuple(found)

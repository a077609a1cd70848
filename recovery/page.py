"""A printed ticket read back: its text as a table of facts, lists and steps. What cannot be read is kept, and told.

Whoever checks or follows a ticket reads the paper, never what it was made from.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_STEP = re.compile(r"(\[HOLD\]|\[ \]) (\d+)\. (.+)")
_UNDER = re.compile(r"  (SEE|IF NOT|THEN): (.+)")
_HAZARD = re.compile(r"\*\*\* ([A-Z]+): (.+)")
_BRANCH = re.compile(r"== (.+)")
_FACT = re.compile(r"([A-Z][A-Za-z0-9 /_-]*): (.*)")
_TICKET = re.compile(r"Ticket (\S+) rev (\d+) \| Priority (.*) \| Ref (.*)")


@dataclass(frozen=True)
class Hazard:
    signal: str
    text: str


@dataclass
class Step:
    """`line`: where it stands, from 1. `branch`: the sentence above it, where a branch begins."""

    line: int
    number: int
    text: str
    hold: bool
    see: str = ""
    if_not: str = ""
    then: str = ""
    branch: str = ""
    hazards: tuple[Hazard, ...] = ()

    @property
    def verb(self) -> str:
        """The first word of what is to be done, after a condition."""
        return self.action.split(" ")[0].lower() if self.action else ""

    @property
    def action(self) -> str:
        """The instruction without its condition."""
        conditional = re.match(r"(?:If|When|Before) [^,]*, (.+)", self.text)
        return conditional[1] if conditional else self.text


@dataclass
class Page:
    """`facts`: the lines `Name: value` of the head, in order. `stray`: (line, text) that fits no shape."""

    title: str = ""
    draft: str = ""
    ticket: str = ""
    priority: str = ""
    reference: str = ""
    phone: str = ""
    facts: dict[str, str] = field(default_factory=dict)
    tools: str = ""
    do_not: list[str] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    report: str = ""
    photos: str = ""
    steps: list[Step] = field(default_factory=list)
    trailing: list[Hazard] = field(default_factory=list)
    stray: list[tuple[int, str]] = field(default_factory=list)
    text: str = ""

    @property
    def psus(self) -> list[str]:
        """The power supplies of the table."""
        return [name.removeprefix("Power ") for name in self.facts if name.startswith("Power ")]

    @property
    def serial(self) -> str:
        return self.facts.get("Serial number") or self.facts.get("Service tag", "")


def read(text: str) -> Page:
    """The page that this text is. Never raises: a damaged page has stray lines and empty fields."""
    reader = _Reader(Page(text=text))
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            reader.line(number, line.rstrip())
    reader.page.trailing = reader.hazards
    return reader.page


class _Reader:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.hazards: list[Hazard] = []
        self.branch = ""
        self.list: list[str] | None = None

    def line(self, number: int, line: str) -> None:
        page = self.page
        if found := _STEP.fullmatch(line):
            step = Step(number, int(found[2]), found[3], found[1] == "[HOLD]")
            step.branch, step.hazards = self.branch, tuple(self.hazards)
            self.branch, self.hazards, self.list = "", [], None
            page.steps.append(step)
        elif found := _UNDER.fullmatch(line):
            self._under(number, line, found[1], found[2])
        elif found := _HAZARD.fullmatch(line):
            self.hazards.append(Hazard(found[1], found[2]))
        elif found := _BRANCH.fullmatch(line):
            self.branch = found[1]
        elif line.startswith("- ") and self.list is not None:
            self.list.append(line[2:])
        else:
            self._head(number, line)

    def _under(self, number: int, line: str, name: str, value: str) -> None:
        field_name = {"SEE": "see", "IF NOT": "if_not", "THEN": "then"}[name]
        if not self.page.steps or getattr(self.page.steps[-1], field_name):
            self.page.stray.append((number, line))
        else:
            setattr(self.page.steps[-1], field_name, value)

    def _head(self, number: int, line: str) -> None:
        page = self.page
        name, _, value = line.partition(": ")
        if found := _TICKET.fullmatch(line):
            page.ticket, page.priority, page.reference = found[1], found[3], found[4]
        elif line.startswith("DRAFT. "):
            page.draft = line
        elif line.startswith("CALL "):
            page.phone = line.removeprefix("CALL ")
        elif line == "DO NOT:":
            self.list = page.do_not
        elif line.startswith("STOP AND CALL ") and line.endswith(" IF:"):
            self.list = page.stop
        elif name in ("TOOLS", "REPORT", "PHOTOS"):
            setattr(page, name.lower(), value)
        elif _FACT.fullmatch(line) and page.title and not page.steps and name not in page.facts:
            page.facts[name] = value
        elif not page.title:
            page.title = line
        else:
            page.stray.append((number, line))

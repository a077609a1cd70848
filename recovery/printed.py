"""A ticket's file of any format, read back for the linter: its text, and what of the ticket its pages do not show.

HTML, PDF and mail carry the ticket's data beside what is seen; here the two are compared, word by word.
"""

from __future__ import annotations

import email.policy
import html
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesParser
from pathlib import Path

from pydantic import ValidationError

from recovery.render import data, text
from recovery.render.qr import MissingPart
from recovery.ticket import Ticket

MAXIMUM_PAGES = 2
ESCAPED = re.compile(r"\\([\\`*_{}\[\]<>#|])")
HEAD = {"Ticket", "Priority", "Ref"}


class Unreadable(Exception):
    """No ticket can be read from that file. The message says what was expected."""


@dataclass(frozen=True)
class Printed:
    """`text`: as text.py would print it. `missing`: what the visible pages do not say. `pages`: 0 where it has none."""

    text: str
    missing: tuple[str, ...] = ()
    pages: int = 0


def read(path: Path) -> Printed:
    """The ticket in that file, by the ending of its name. Raises Unreadable, MissingPart."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise Unreadable(f"{path}: cannot be read: {error.strerror}") from error
    try:
        match path.suffix.lower():
            case ".txt":
                return Printed(content.decode())
            case ".md":
                return Printed(from_markdown(content.decode()))
            case ".json":
                return Printed(text.render(data.read(content)))
            case ".html" | ".htm":
                return _from_html(content.decode())
            case ".pdf":
                return _from_pdf(content)
            case ".eml":
                return _from_mail(content)
    except (ValidationError, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} holds no ticket of this version of fwsim: {type(error).__name__}") from error
    raise Unreadable(f"{path}: expected a file that ends in .txt, .md, .json, .html, .pdf or .eml")


def visible(ticket: Ticket) -> Iterator[str]:
    """Everything that a reader of the page must find on it."""
    yield from (ticket.title, ticket.id, ticket.priority, ticket.customer_reference, ticket.phone)
    yield from (ticket.window.text, ticket.purpose, ticket.service, ticket.why, *ticket.consents)
    yield from (f"{ticket.minutes} min", f"{ticket.maximum_minutes} min", *ticket.unknown)
    yield from (fact.value for fact in ticket.facts if fact.name != "Rear")
    yield from (item.name for item in ticket.rear)
    yield from (*ticket.tools, *ticket.do_not, *ticket.stop, *ticket.report, *ticket.photos)
    for step in ticket.steps:
        yield f"{step.number}."
        yield from filter(None, (step.text, step.see, step.if_not, step.then, step.only_if))
        for one in step.hazards:
            yield from (one.signal, one.hazard, one.consequence, one.avoid)


def _compared(ticket: Ticket, seen: str, pages: int = 0) -> Printed:
    """Without regard to blanks: a page breaks lines where it likes."""
    solid = "".join(seen.split())
    missing = tuple(words for words in visible(ticket) if "".join(words.split()) not in solid)
    return Printed(text.render(ticket), missing, pages)


def _from_html(content: str) -> Printed:
    found = re.search(r'<script type="application/json" id="ticket">(.*?)</script>', content, re.DOTALL)
    if found is None:
        raise Unreadable("this page has no ticket's data in it; expected one that `fwsim ticket --format html` made")
    body = re.sub(r"<(script|style)\b.*?</\1>|<[^>]+>", " ", content, flags=re.DOTALL)
    return _compared(data.read(found[1]), html.unescape(body))


def _from_pdf(content: bytes) -> Printed:
    try:
        import pypdf
    except ImportError as error:
        raise MissingPart("reading a PDF needs pypdf: pip install 'fwsim[pdf]'") from error
    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        attached = reader.attachments.get("ticket.json")
        seen = "\n".join(page.extract_text() for page in reader.pages)
    except pypdf.errors.PyPdfError as error:
        raise Unreadable(f"this is no PDF that can be read: {error}") from error
    if not attached:
        raise Unreadable("this PDF has no ticket.json attached; expected one that `fwsim ticket --format pdf` made")
    return _compared(data.read(attached[0]), seen, len(reader.pages))


def _from_mail(content: bytes) -> Printed:
    message = BytesParser(policy=email.policy.default).parsebytes(content)
    body = message.get_body(("plain",))
    if body is None:
        raise Unreadable("this mail has no text part")
    held = [p for p in message.iter_attachments() if p.get_content_type() == "application/json"]
    if not held:
        raise Unreadable("this mail has no ticket's data beside it; expected one that `fwsim ticket --format eml` made")
    said = str(body.get_content()).replace("\r\n", "\n")
    kept = _compared(text.fitted(data.read(held[0].get_content())), said)
    return Printed(said, kept.missing)


def from_markdown(content: str) -> str:
    """The text of a ticket in Markdown, in text.py's shapes. What is not known is kept as it stands."""
    return "\n".join(_Unmarked().lines(content.splitlines())) + "\n"


class _Unmarked:
    """Line by line; lists under a heading become the line or the list that text.py has for them."""

    def __init__(self) -> None:
        self.section = ""
        self.items: list[str] = []
        self.head: dict[str, str] = {}

    def lines(self, lines: list[str]) -> Iterator[str]:
        for line in (*lines, "## "):
            yield from self._line(ESCAPED.sub(r"\1", line))

    def _line(self, line: str) -> Iterator[str]:
        if line.startswith("## "):
            yield from self._closed()
            yield from self._opened(line[3:])
        elif line.startswith("# "):
            yield line[2:]
        elif found := re.fullmatch(r"> \*\*DRAFT\.\*\* (.+)", line):
            yield f"DRAFT. {found[1]}"
        elif found := re.fullmatch(r"- \*\*([A-Z][a-z]+):\*\* (.+)", line):
            yield from self._fact(found[1], found[2])
        elif found := re.fullmatch(r"\| (.+?) \| (.+) \|", line):
            yield f"{found[1]}: {found[2]}"
        elif self.section == "Steps":
            yield from _step(line)
        elif found := re.fullmatch(r"- (?:\[ \] )?(.+)", line):
            self.items.append(found[1])
        elif line.strip() and not re.fullmatch(r"\|[ |-]*\|", line):
            yield line

    def _fact(self, name: str, value: str) -> Iterator[str]:
        if name not in HEAD:
            yield f"{name}: {value}"
            return
        self.head[name] = value
        if set(self.head) >= HEAD:
            yield f"Ticket {self.head['Ticket']} | Priority {self.head['Priority']} | Ref {self.head['Ref']}"

    def _opened(self, title: str) -> Iterator[str]:
        self.section, self.items = title, []
        if title.startswith("CALL "):
            yield title
        elif title.startswith("Stop and call "):
            yield f"STOP AND CALL {title.removeprefix('Stop and call ').removesuffix(' if')} IF:"
        elif title == "Do not":
            yield "DO NOT:"

    def _closed(self) -> Iterator[str]:
        name = {"Tools": "TOOLS", "Report back": "REPORT", "Photos": "PHOTOS"}.get(self.section)
        if name:
            yield f"{name}: {'; '.join(self.items)}"
        else:
            yield from (f"- {item}" for item in self.items)


def _step(line: str) -> Iterator[str]:
    if found := re.fullmatch(r"- \[ \] \*\*(\d+)\.\*\* (\*\*HOLD\*\* )?(.+)", line):
        yield f"{'[HOLD]' if found[2] else '[ ]'} {found[1]}. {found[3]}"
    elif found := re.fullmatch(r"> \*\*([A-Z]+): (.+?)\*\* (.+)", line):
        yield f"*** {found[1]}: {found[2]} {found[3].replace('**', '')}"
    elif found := re.fullmatch(r"\*\*(Do steps? .+)\*\*", line):
        yield f"== {found[1]}"
    elif found := re.fullmatch(r"  - (SEE|IF NOT|THEN): (.+)", line):
        yield f"  {found[1]}: {found[2]}"
    elif line.strip():
        yield line

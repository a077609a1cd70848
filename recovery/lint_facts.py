"""Rules about what a ticket says: fields, identity, closed world, vendor, credentials, size."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from fwsim import boards
from fwsim.boards import Board
from recovery import credentials
from recovery.filling import SHORT
from recovery.page import Page, Step
from recovery.render.text import MAXIMUM

Found = Iterable[tuple[int, str]]
REQUIRED = (
    *("Window", "Time", "Purpose", "Service", "Why", "Site / room", "Cage / rack", "Unit"),
    *("Server", "Model", "Board", "Asset tag", "Rear"),
)
PHYSICAL = {"disconnect", "connect", "move", "push", "pull", "slide", "remove", "install", "touch", "insert", "replace"}
FOREIGN = {
    "supermicro": re.compile(r"\b(NVRAM_CLR|PWRD_EN|iDRAC|Service Tag|firmimg\S*)\b"),
    "dell": re.compile(r"\b(JBT1|PW_ON|SUPER\.ROM|JPME\d|BMC heartbeat)\b"),
}
SERIAL = re.compile(r"(?<![\w/.-])(?=[A-Z0-9-]*[0-9])(?=[A-Z0-9-]*[A-Z])[A-Z0-9][A-Z0-9-]{4,}(?![\w-])")
NO_SERIAL = {"CR2032", "SHA-256", "NVRAM"}
MAC = re.compile(r"\b[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}\b")
ADDRESS = re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}\b")
UNIT = re.compile(r"\bU\d{1,2}\b")
OUTLET = re.compile(r"\b(?:outlet \d+|PDU \w+)")
PHONE = re.compile(r"\+[0-9][0-9 ()-]{6,24}[0-9]")
MINUTES = re.compile(r"estimate (\d+) min, maximum (\d+) min\.")
ISSUED = re.compile(r"RH-(\d{8})-")
WINDOW = re.compile(r"(\d{4}-\d\d-\d\d) \d\d:\d\d to (?:(\d{4}-\d\d-\d\d) )?\d\d:\d\d UTC")
BILLED_MINUTES = 15


def _board(page: Page) -> Board | None:
    title = page.facts.get("Board", "")
    return next((b for b in map(boards.load, boards.names()) if b.title == title), None)


def supplies(page: Page) -> tuple[str, ...]:
    """Those that a server of this board has, whatever the table names; () where nobody knows the board."""
    board = _board(page)
    return () if board is None else board.hands.supplies


def _fields(page: Page) -> Found:
    """H01"""
    head = {"title": page.title, "Ticket": page.ticket, "Priority": page.priority, "Ref": page.reference}
    head |= {"CALL": page.phone, "TOOLS": page.tools, "REPORT": page.report}
    head |= {name: page.facts.get(name, "") for name in REQUIRED} | {"serial number": page.serial}
    yield from ((0, f"{name} is missing or empty") for name, value in head.items() if not value.strip())
    if not page.psus:
        yield 0, "no power supply is named"
    elif missing := [name for name in supplies(page) if name not in page.psus]:
        yield 0, f"Power {missing[0]} is missing: the server has {', '.join(supplies(page))}"
    if not page.do_not:
        yield 0, "nothing is forbidden: DO NOT is empty"
    if not page.steps:
        yield 0, "there is no step"


def _stray(page: Page) -> Found:
    """H02"""
    return ((line, f"this line has no known shape: {text[:60]!r}") for line, text in page.stray)


def _draft(page: Page) -> Found:
    """H03"""
    unknown = SHORT in page.text.replace(page.draft, "")
    if unknown and not page.draft:
        yield 0, "something is UNKNOWN, and the page is not marked DRAFT"
    if page.draft and not unknown:
        yield 1, "the page is marked DRAFT, and nothing is UNKNOWN"


def _compared(page: Page) -> Iterator[Step]:
    return (s for s in page.steps if s.verb == "compare" and page.serial and s.text.endswith(f" with {page.serial}."))


def _serial_is_compared(page: Page) -> Found:
    """I01"""
    if page.steps and not list(_compared(page)):
        yield 0, f"no step compares the serial number with {page.serial or 'that of the table'}"


def _serial_comes_first(page: Page) -> Found:
    """I02"""
    first = next((s for s in page.steps if s.verb in PHYSICAL), None)
    compared = next(_compared(page), None)
    if first is not None and (compared is None or compared.number > first.number):
        yield first.line, "something is touched before the serial number was compared"


def _closed_world(page: Page) -> Found:
    """I03"""
    world = "\n".join([*(f"{name} {value}" for name, value in page.facts.items()), page.tools, page.title])
    for step in page.steps:
        said = " ".join((step.text, step.see, *(h.text for h in step.hazards)))
        for thing in (*_things(said), *_ports(said)):
            if not re.search(rf"(?<![\w-]){re.escape(thing)}(?![\w-])", world):
                yield step.line, f"{thing} stands nowhere in the table of the server"


def _things(said: str) -> Iterator[str]:
    """What names one thing: supplies, outlets, units, addresses, labels and serial numbers."""
    for pattern in (re.compile(r"\bPSU\d+\b"), OUTLET, UNIT, ADDRESS, MAC):
        yield from (found[0] for found in pattern.finditer(said))
    yield from (f[0] for f in SERIAL.finditer(MAC.sub(" ", said)) if f[0] not in NO_SERIAL)
    yield from (f[1] for f in re.finditer(r"\bcables? ([A-Z0-9][\w-]*[0-9][\w-]*)", said))


def _ports(said: str) -> Iterator[str]:
    for found in re.finditer(r"\bport (\d+) of switch (\S+?)[.,]?(?= |$)", said):
        yield f"{found[2]} port {found[1]}"
    yield from (found[1] for found in re.finditer(r"\bport ([A-Za-z][\w-]*)", said))


def _phones(page: Page) -> Found:
    """I04"""
    for number, line in enumerate(page.text.splitlines(), 1):
        for found in PHONE.finditer(line):
            if found[0] != page.phone and not line.startswith("CALL "):
                yield number, f"{found[0]} is not the number of this ticket, {page.phone}"


def _vendor(page: Page) -> Found:
    """V01"""
    board = _board(page)
    if board is None:
        yield 0, f"no board is called {page.facts.get('Board', '')!r}"
        return
    for number, line in enumerate(page.text.splitlines(), 1):
        for found in FOREIGN[board.vendor].finditer(line):
            yield number, f"{found[0]} is another vendor's; this is a {board.title}"


def _board_data(page: Page) -> Found:
    """V02"""
    board = _board(page)
    if board is None:
        return
    hands = board.hands
    pins = {hands.cmos.keep, hands.cmos.clear}
    for step in page.steps:
        for mark in re.findall(r"\bjumper ([A-Z_0-9]+)|\btwo ([A-Z0-9]+) pads", step.text):
            if hands.cmos.jumper not in mark:
                yield step.line, f"{''.join(mark)}: the {board.title} has {hands.cmos.jumper}"
        for found in re.findall(r"\bpins (\S+?)[.]?$", step.text):
            if found not in pins:
                yield step.line, f"pins {found}: {hands.cmos.jumper} has {hands.cmos.keep} and {hands.cmos.clear}"
        held = re.search(rf"Push the {hands.identify} button for (\d+) s", step.text)
        if held and int(held[1]) != hands.reset_button_s:
            yield step.line, f"{held[1]} s: the {board.title} wants {hands.reset_button_s} s"
        short = re.search(r"pads with the screwdriver for (\d+) s", step.text)
        if short and int(short[1]) != hands.cmos.seconds:
            yield step.line, f"{short[1]} s: the {board.title} wants {hands.cmos.seconds} s"
    files = set(re.findall(r"\b(?:SUPER\.ROM|firmimg\w*(?:\.\w+)?)", page.text))
    wanted = hands.media.file if hands.media else ""
    yield from ((0, f"{file}: the {board.title} looks for {wanted or 'no file'}") for file in files - {wanted})


def _stops(page: Page) -> Found:
    """T03"""
    if len(page.stop) < 3:
        yield 0, f"expected at least three conditions to stop, not {len(page.stop)}"


def _reports(page: Page) -> Found:
    """C01"""
    if page.steps and not (page.steps[-1].hold and page.steps[-1].text == f"Call {page.phone} with your report."):
        yield page.steps[-1].line, "the last step must be a hold that calls with the report"


def _billing(page: Page) -> Found:
    """B01"""
    found = MINUTES.fullmatch(page.facts.get("Time", ""))
    if found is None:
        yield 0, "Time: expected `estimate N min, maximum N min.`"
    elif int(found[2]) % BILLED_MINUTES or not 0 < int(found[1]) <= int(found[2]):
        yield 0, f"the maximum, {found[2]} min, must be a multiple of {BILLED_MINUTES} and not below the estimate"


def _credentials(page: Page) -> Found:
    """X01"""
    for number, line in enumerate(page.text.splitlines(), 1):
        if credentials.stands_in(line):
            yield number, "this looks like a credential"


def _size(page: Page) -> Found:
    """T01"""
    if len(page.text) > MAXIMUM:
        yield 0, f"{len(page.text)} characters; a provider's form takes {MAXIMUM}"


def _ascii(page: Page) -> Found:
    """T02"""
    for number, line in enumerate(page.text.splitlines(), 1):
        if not line.isascii() or not line.isprintable():
            yield number, "something other than printable ASCII stands here"


def _window(page: Page) -> Found:
    """W01: by the day, for that is what the ticket's number tells"""
    issued, window = ISSUED.match(page.ticket), WINDOW.match(page.facts.get("Window", ""))
    if issued and window and (window[2] or window[1]).replace("-", "") < issued[1]:
        yield 0, f"the window ended on {window[2] or window[1]}, before this ticket was written; agree on another"


def _neighbours(page: Page) -> Found:
    """N01"""
    board = _board(page)
    cuts = next((s for s in page.steps if "power cables from" in s.text), None)
    if board is not None and board.hands.nodes > 1 and cuts is not None and "that their servers stop" not in page.text:
        yield cuts.line, "this takes power from the neighbours in the chassis, and nobody's consent is named"


RULES: dict[str, tuple[str, Callable[[Page], Found]]] = {
    "H01": ("required fields are there and not empty", _fields),
    "H02": ("every line has a known shape", _stray),
    "H03": ("a page with something UNKNOWN is marked DRAFT, and no other", _draft),
    "I01": ("a step compares the serial number with the table's", _serial_is_compared),
    "I02": ("nothing is touched before that", _serial_comes_first),
    "I03": ("every identifier in a step stands in the table of the server", _closed_world),
    "I04": ("one telephone number, everywhere the same", _phones),
    "V01": ("nothing of another vendor stands on the page", _vendor),
    "V02": ("jumpers, pins, seconds and file names are the board's", _board_data),
    "N01": ("where neighbours lose power, their consent is named", _neighbours),
    "W01": ("the window had not passed when the ticket was written", _window),
    "B01": ("the maximum time is a billing step, and not below the estimate", _billing),
    "C01": ("the last step reports back", _reports),
    "X01": ("no credential stands on the page", _credentials),
    "T01": (f"at most {MAXIMUM} characters", _size),
    "T02": ("printable ASCII alone", _ascii),
    "T03": ("at least three conditions to stop", _stops),
}

"""Every format of a ticket shows every fact and every step, needs nothing else, and is the same bytes each time."""

from __future__ import annotations

import email
import email.policy
import hashlib
import html
import io
import json
import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, get_args

import pypdf
import pytest
from pydantic import ValidationError

from fwsim import boards
from recovery import lint, printed, procedures
from recovery.inventory import Inventory
from recovery.render import Format, Paper, data, every, markdown, pdf, providers, qr, text
from recovery.render import html as pages
from recovery.ticket import Ticket, TicketRefused
from tests.recovery import ticket_bench
from tests.tools import require_tool

FORMATS: tuple[Format, ...] = get_args(Format)
PAPERS: tuple[Paper, ...] = get_args(Paper)
GUIDE = ("dedicated-port", "web-gui-reflash", "cmos-clear")
HOSTILE = '<script>alert(1)</script> #image("x") *b* {{7*7}}'


def _all() -> list[Ticket]:
    """One a procedure and board; boards that differ in nothing but their name are left out."""
    made = []
    for name in procedures.names():
        for board in ("x11ssh-f", "x12spi", "r740", "c6220"):
            try:
                made.append(ticket_bench.build(name, board))
            except TicketRefused:
                continue
    return made


TICKETS = _all()
each = pytest.mark.parametrize("made", TICKETS, ids=[f"{t.procedure}-{t.board}" for t in TICKETS])


def _solid(words: str) -> str:
    return "".join(words.split())


@each
def test_the_text_is_short_ascii_and_shows_everything(made: Ticket) -> None:
    page = text.render(made)
    assert page.isascii()
    assert len(page) <= 4000
    assert [words for words in printed.visible(made) if _solid(words) not in _solid(page)] == []


@each
@pytest.mark.parametrize("paper", PAPERS)
def test_a_pdf_has_two_pages_at_most_and_shows_everything(made: Ticket, paper: Paper) -> None:
    reader = pypdf.PdfReader(io.BytesIO(pdf.render(made, paper)))
    assert len(reader.pages) <= 2
    width, height = (round(float(v)) for v in (reader.pages[0].mediabox.width, reader.pages[0].mediabox.height))
    assert (width, height) == {"a4": (595, 842), "letter": (612, 792)}[paper]
    seen = _solid("\n".join(page.extract_text() for page in reader.pages))
    assert [words for words in printed.visible(made) if _solid(words) not in seen] == []


@each
def test_every_format_passes_the_linter_as_a_file(made: Ticket, tmp_path: Path) -> None:
    for form in FORMATS:
        file = tmp_path / f"ticket.{form}"
        file.write_bytes(every.render(made, form))
        assert lint.check_file(file) == (), form


@pytest.mark.parametrize("name", GUIDE)
@pytest.mark.parametrize("form", FORMATS)
def test_the_same_ticket_is_the_same_bytes(name: str, form: Format) -> None:
    first, second = (every.render(ticket_bench.build(name), form) for _ in range(2))
    assert hashlib.sha256(first).hexdigest() == hashlib.sha256(second).hexdigest()


def test_another_program_reads_the_same_words_from_the_pdf(tmp_path: Path) -> None:
    program, file = require_tool("pdftotext"), tmp_path / "ticket.pdf"
    made = ticket_bench.build("dedicated-port")
    file.write_bytes(pdf.render(made))
    seen = subprocess.run([program, "-layout", file, "-"], check=True, capture_output=True, text=True, timeout=30)
    raw = subprocess.run([program, "-raw", file, "-"], check=True, capture_output=True, text=True, timeout=30)
    for step in made.steps:
        assert _solid(step.text) in _solid(seen.stdout) + _solid(raw.stdout)


def test_a_pdf_is_tagged_titled_dated_by_the_ticket_and_holds_its_data() -> None:
    made = ticket_bench.build("cmos-clear")
    reader = pypdf.PdfReader(io.BytesIO(pdf.render(made)))
    assert reader.metadata is not None
    assert reader.metadata.title == f"{made.title} ({made.id})"
    assert reader.metadata.creation_date == ticket_bench.WHEN
    assert reader.root_object["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert data.read(reader.attachments["ticket.json"][0]) == made


def test_a_draft_says_so_on_its_pages() -> None:
    made = ticket_bench.build("power-removal", place=ticket_bench.sample(serial=None))
    seen = "\n".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(pdf.render(made))).pages)
    assert "DRAFT: confirm by phone" in seen
    assert "UNKNOWN - confirm by phone" in " ".join(seen.split())
    assert "DRAFT: confirm by phone" in pages.render(made)


def test_a_pdf_does_not_depend_on_the_machines_fonts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = pdf.render(ticket_bench.build("cmos-clear"))
    monkeypatch.setenv("FONTCONFIG_PATH", str(tmp_path))
    assert pdf.render(ticket_bench.build("cmos-clear")) == before


def test_a_missing_font_is_an_error_and_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "FONTS", "no_such_font_package")
    with pytest.raises(qr.MissingPart, match=r"fwsim\[pdf\]"):
        pdf.render(ticket_bench.build("cmos-clear"))


def test_what_typst_warns_of_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pdf, "_fonts", lambda: tmp_path)
    with pytest.raises(pdf.NotPrinted, match="unknown font family"):
        pdf.render(ticket_bench.build("cmos-clear"))


@pytest.mark.parametrize("form", ["html", "pdf", "md", "json"])
def test_markup_in_a_value_is_only_words(form: Format) -> None:
    made = ticket_bench.build("cmos-clear", place=ticket_bench.sample(model=HOSTILE))
    content = every.render(made, form)
    if form == "pdf":
        seen = "\n".join(p.extract_text() for p in pypdf.PdfReader(io.BytesIO(content)).pages)
        assert _solid(HOSTILE) in _solid(seen)
    elif form == "html":
        assert HOSTILE not in content.decode()
        assert HOSTILE in html.unescape(content.decode())
        assert content.decode().count("<script") == 1
    elif form == "md":
        assert "<script>" not in content.decode().replace("\\<", "")
    else:
        assert data.read(content) == made


class _References(HTMLParser):
    """What a browser would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for key, value in attrs if key in ("src", "href", "srcset", "data", "action")]


def test_html_needs_nothing_else_and_its_number_can_be_touched() -> None:
    page = pages.render(ticket_bench.build("dedicated-port"))
    parser = _References()
    parser.feed(page)
    assert parser.found == ["tel:+442079460123"]
    assert "@import" not in page
    assert not re.search(r"url\(", page)


@pytest.mark.parametrize("paper", PAPERS)
def test_html_asks_for_its_paper(paper: Paper) -> None:
    assert f"size: {'letter' if paper == 'letter' else 'A4'};" in pages.render(ticket_bench.build("cmos-clear"), paper)


def test_markdown_read_back_is_the_text() -> None:
    for made in TICKETS:
        lines = [line for line in text.render(made).splitlines() if line]
        back = [line for line in printed.from_markdown(markdown.render(made)).splitlines() if line]
        assert sorted(back) == sorted(lines)


def test_json_has_a_schema_that_it_fits_and_comes_back_as_it_was() -> None:
    schema = json.loads(data.schema())
    made = ticket_bench.build("cmos-clear")
    assert set(json.loads(data.render(made))) <= set(schema["properties"])
    assert data.read(data.render(made)) == made
    with pytest.raises(ValidationError):
        data.read(data.render(made).replace('"draft": false', '"draft": false, "password": "x"'))


def test_the_qr_code_calls() -> None:
    assert qr.words(ticket_bench.build("cmos-clear")) == "tel:+442079460123"
    unknown = ticket_bench.build("cmos-clear", place=ticket_bench.sample(contacts=[]))
    assert qr.words(unknown) == unknown.id


@pytest.mark.parametrize("paper", PAPERS)
def test_a_camera_reads_the_number_off_the_printed_page(paper: Paper, tmp_path: Path) -> None:
    printer, camera, file = require_tool("pdftoppm"), require_tool("zbarimg"), tmp_path / "ticket.pdf"
    file.write_bytes(pdf.render(ticket_bench.build("cmos-clear"), paper))
    subprocess.run([printer, "-r", "100", "-png", "-singlefile", file, tmp_path / "page"], check=True, timeout=30)
    seen = subprocess.run(
        [camera, "--quiet", "--raw", "--nodbus", tmp_path / "page.png"], capture_output=True, text=True, timeout=30
    )
    assert seen.stdout.strip() == "tel:+442079460123"


def test_a_mail_goes_from_the_technical_contact_to_the_orders_with_the_page_beside_it() -> None:
    made = ticket_bench.build("cmos-clear")
    message = email.message_from_bytes(every.render(made, "eml"), policy=email.policy.default)
    assert message["From"] == "Ada Example <ops@example.net>"
    assert message["To"] == "Ben Example <orders@example.net>"
    assert message["Subject"] == f"[{made.id}] {made.title}"
    body = message.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == text.render(made)
    names = [part.get_filename() for part in message.iter_attachments()]
    assert names == [f"{made.id}-rev1.pdf", f"{made.id}-rev1.json"]


def test_a_mails_header_cannot_be_broken_by_a_name() -> None:
    with pytest.raises(ValidationError):
        ticket_bench.sample(name="db07\nBcc: everybody@example.net")


@pytest.mark.parametrize("provider", get_args(providers.Provider))
def test_every_ticket_fits_every_providers_form(provider: providers.Provider) -> None:
    for made in TICKETS:
        form = json.loads(providers.render(made, provider))
        assert set(form) == set(json.loads(providers.schema(provider))["properties"])
        assert any(made.steps[0].text in str(value) for value in form.values())


def test_a_form_gets_what_it_asks_for() -> None:
    form = json.loads(providers.render(ticket_bench.build("dedicated-port"), "equinix"))
    assert form["orderType"] == "moveJumperCable"
    (move,) = form["jumperCables"]
    assert move == {
        "cableId": "SPR-B07-22",
        "currentDevice": {"name": "mgt-sw-b07", "slot": "", "port": "22"},
        "newDevice": {"name": "db07", "slot": "U21", "port": "IPMI"},
        "liveCable": False,
    }
    assert form["ibxLocation"] == {"ibx": "LON2", "cages": [{"cage": "C12", "cabinets": ["B07"]}]}
    assert sorted(c["contactType"] for c in form["contacts"]) == ["NOTIFICATION", "ORDERING", "TECHNICAL"]
    assert form["schedule"]["requestedStartDate"] == "2030-11-22T14:00:00Z"
    assert len(form["serviceDetails"]["scopeOfWork"]) <= 4000
    realty = json.loads(providers.render(ticket_bench.build("power-removal"), "digital-realty"))
    assert (realty["requestType"], realty["category"]) == ("Planned Work", "Power cycle or reboot")


def test_the_cable_that_carries_traffic_is_told_as_a_live_one_both_ways() -> None:
    cables = [{"label": "PRD-1", "port": "lan1", "switch": "sw", "switch_port": "1"}]
    made = ticket_bench.build("dedicated-port", place=ticket_bench.sample(cables=cables))
    moves = json.loads(providers.render(made, "equinix"))["jumperCables"]
    ways = [(m["currentDevice"]["port"], m["newDevice"]["port"], m["liveCable"]) for m in moves]
    assert ways == [("LAN1", "IPMI", True), ("IPMI", "LAN1", True)]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"contacts": []}, "contacts.0.name: is not known"),
        ({"location": {"site": "LONDON DOCKLANDS", "cage": "C", "rack": "R"}}, "at most 10 characters"),
        ({"location": {"site": "LON2", "rack": "R"}}, "cage: is not known"),
        ({"customer": {"account": "x", "reference": "R" * 51}}, "customerReferenceNumber: .*at most 50 characters"),
        ({"window": {"schedule": "EXPEDITED"}}, "needs a completion date"),
        ({"window": {"schedule": "SCHEDULED_MAINTENANCE"}}, "needs window.starts and window.ends"),
    ],
)
def test_what_a_form_does_not_take_is_told_field_by_field(changes: dict[str, Any], said: str) -> None:
    made = ticket_bench.build("cmos-clear", place=ticket_bench.sample(**changes))
    with pytest.raises(providers.NotForProvider, match=said):
        providers.render(made, "equinix")


@pytest.mark.parametrize("paper", ["a4", "letter"])
def test_a_draft_of_which_nothing_is_known_has_two_pages_at_most(tmp_path: Path, paper: Paper) -> None:
    made = ticket_bench.build("cmos-clear", "r740", Inventory(name="app01.rack12.example.net"), bmc_lives=True)
    file = tmp_path / "draft.pdf"
    file.write_bytes(pdf.render(made, paper))
    assert lint.check_file(file) == ()


def test_a_second_technical_contact_does_not_fit_the_form() -> None:
    contacts = [c.model_dump() for c in ticket_bench.sample().contacts]
    made = ticket_bench.build("cmos-clear", place=ticket_bench.sample(contacts=[*contacts, contacts[0]]))
    with pytest.raises(providers.NotForProvider, match="one ordering, one technical"):
        providers.render(made, "equinix")


def test_a_page_that_lost_a_step_is_found_in_html(tmp_path: Path) -> None:
    made = ticket_bench.build("cmos-clear")
    file = tmp_path / "ticket.html"
    file.write_text(pages.render(made).replace("Put on the ESD wrist strap.", "", 1), "utf-8")
    assert {"F01"} == {finding.rule for finding in lint.check_file(file)}


@pytest.mark.parametrize("name", ["ticket.pdf", "ticket.html", "ticket.json", "ticket.eml"])
def test_a_file_that_is_no_ticket_is_one_clear_error(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(b"this is no ticket")
    with pytest.raises(printed.Unreadable):
        lint.check_file(file)


def test_every_board_has_its_tickets() -> None:
    for board in boards.names():
        assert ticket_bench.printed("look-and-report", board)

"""The documentation says what the code does: generated parts are what the code would generate now."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from fwsim.events import EXIT_CODES

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "real-hosts.md"


@pytest.fixture(scope="module")
def make_docs() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_docs", ROOT / "tools" / "make_docs.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_of_what_runs_on_a_server_is_the_steps_own(make_docs: ModuleType) -> None:
    """Red? `.venv/bin/python -c 'from tools.make_docs import ...'` or `make docs` writes it anew."""
    text = PAGE.read_text("utf-8")
    assert make_docs.between(text, "steps", make_docs.steps()) == text
    assert "`ipmitool hpm upgrade" in text or "hpm upgrade" in text


def test_the_table_of_looks_is_the_codes_own(make_docs: ModuleType) -> None:
    text = (ROOT / "fwsim" / "README.md").read_text("utf-8")
    assert make_docs.between(text, "look", make_docs.looks()) == text


def test_the_tables_of_diagnosis_are_the_codes_own(make_docs: ModuleType) -> None:
    text = (ROOT / "docs" / "diagnosis.md").read_text("utf-8")
    for name, table in make_docs.diagnosis().items():
        assert make_docs.between(text, name, table) == text


def test_the_table_is_the_same_twice(make_docs: ModuleType) -> None:
    assert make_docs.steps() == make_docs.steps()


def test_the_page_knows_every_ending_with_its_exit_code() -> None:
    told = dict(
        re.findall(r"^\| (\d) \| ([a-z ]+) \|", PAGE.read_text("utf-8").partition("<!-- steps")[0], re.MULTILINE)
    )
    assert told == {str(code): ending.replace("-", " ") for ending, code in EXIT_CODES.items()}


def test_the_pages_prose_is_short() -> None:
    """Two pages: who is about to flash a server must be able to read it whole."""
    prose = PAGE.read_text("utf-8").partition("<!-- steps -->")[0]
    assert len(prose.split()) < 1000


def test_every_step_that_changes_something_stands_in_bold(make_docs: ModuleType) -> None:
    rows = [row for row in make_docs.steps().splitlines() if "**" in row]
    assert any("hpm upgrade" in row for row in rows)
    assert not any("preflight" in row for row in rows)


def test_the_page_of_tickets_is_what_the_procedures_say_now(make_docs: ModuleType) -> None:
    """Red? `make docs` writes it anew; look at the pictures then, on both papers."""
    text = (ROOT / "docs" / "tickets.md").read_text("utf-8")
    for name, part in make_docs.tickets().items():
        assert make_docs.between(text, name, part) == text, name


def test_every_picture_of_a_ticket_is_there_and_small() -> None:
    text = (ROOT / "docs" / "tickets.md").read_text("utf-8")
    named = re.findall(r"\((pictures/\S+\.png)\)", text)
    assert {re.sub(r"pictures/ticket-(.+)-\d\.png", r"\1", name) for name in named} == {
        *("dedicated-port", "web-gui-reflash", "cmos-clear")
    }
    for name in named:
        content = (ROOT / "docs" / name).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) < 300_000

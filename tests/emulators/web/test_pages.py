"""What the pages tell, in both faces."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import emulators.web
from emulators import boards
from emulators.web.faces import FACES
from tests.emulators.web.bench import bench

PATHS = [item.path for group in FACES["dell"].menu for item in group.items]


@pytest.mark.parametrize("board", boards.names())
def test_every_page_of_every_board_is_there(board: str) -> None:
    pages = bench(board)
    pages.login()
    for path in PATHS:
        text = pages.get(path)
        assert text.count("<h1>") == 1
        assert f'href="{path}" aria-current="page"' in text


def test_both_faces_have_the_same_pages() -> None:
    there = [{item.path for group in face.menu for item in group.items} for face in FACES.values()]
    assert there[0] == there[1]


def test_the_overview_tells_board_versions_power_post_code_and_health() -> None:
    pages = bench(versions={"bios": "2.2", "bmc": "3.80"})
    pages.login()
    text = pages.get("/overview")
    for word in ("X11SSH-F", "S258923X6B01234", "2.2", "3.80", "On, system running", "192.0.2.20", "SFT-OOB-LIC"):
        assert word in text
    pages.damage()
    now = pages.client.get("/live.json").json()
    code = f"{pages.server.post_code:02X}"
    assert (now["phase"], now["post_code"], now["bios"]) == (
        "On, self-test or start stopped", code, "cannot be read",
    )  # fmt: skip
    assert now["health"] == "Critical: the server does not start"


def test_a_supply_without_input_is_told() -> None:
    pages = bench()
    pages.login()
    pages.server.set_mains(1, False)
    assert "no input" in pages.get("/overview")
    assert pages.client.get("/live.json").json()["health"] == "Critical: PS2 Status"
    assert "No input" in pages.get("/health")


def test_the_event_log_is_shown_newest_first_and_cleared() -> None:
    pages = bench()
    pages.login("olga", "operates")
    pages.server.power_off()
    pages.server.set_mains(0, False)
    text = pages.get("/events")
    assert text.index("PS1 Status") < text.index("Power off/down")
    assert "empty" in pages.said(pages.post("/events/clear"))
    assert not pages.server.bmc.sel.records


def test_what_somebody_else_has_written_is_never_markup() -> None:
    pages = bench()
    pages.login()
    pages.server.bmc.users.slots[3].name = b"<script>x()"
    assert "<script>x()" not in pages.get("/users")
    pages.server.console.write(b"\x1b[2J<img src=x onerror=y()>\r\n")
    assert "<img" not in pages.get("/screen")
    answer = pages.post("/bios", {"file": ('"><b>x', b"nothing")})
    assert answer.status_code == 409
    assert "<b>x" not in answer.text


@pytest.mark.parametrize("board", ["x11ssh-f", "r740"])
def test_every_field_has_a_label_and_every_id_stands_once(board: str) -> None:
    pages = bench(board)
    pages.login()
    pages.post("/serial/open")
    for path in [*PATHS, "/login"]:
        text = pages.client.get(path).text if path != "/login" else pages.another().client.get(path).text
        ids = re.findall(r'\bid="([^"]+)"', text)
        assert len(ids) == len(set(ids)), path
        for tag in re.findall(r"<(?:input|select)\b[^>]*>", text):
            if 'type="hidden"' in tag or 'type="radio"' in tag or 'type="checkbox"' in tag:
                continue
            found = re.search(r'\bid="([^"]+)"', tag)
            assert found is not None, tag
            assert f'for="{found[1]}"' in text, tag


def test_no_page_has_a_script_or_a_style_of_its_own() -> None:
    for template in Path(next(iter(emulators.web.__path__))).joinpath("templates").glob("*.html"):
        text = template.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", text), template.name
        assert "http://" not in text
        assert "|safe" not in text


def test_the_faces_look_their_own_way() -> None:
    for board, brand, updates in (("x11ssh-f", "Board Management", "Firmware Update"), ("r730", "Remote", "iDRAC Up")):
        pages = bench(board)
        pages.login()
        text = pages.get("/bios")
        assert brand in text
        assert updates in text

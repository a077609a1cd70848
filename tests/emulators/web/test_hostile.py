"""Requests made to break the pages, and moments made to break what is behind them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from emulators import packages, webflash
from emulators.web import visit
from tests.emulators.web.bench import Bench, bench


@pytest.fixture
def pages() -> Bench:
    made = bench()
    made.login()
    return made


@pytest.mark.parametrize("origin", ["http://[", "https://[::1", "http://[x]"])
def test_an_origin_that_is_no_address_is_another_site_s(pages: Bench, origin: str) -> None:
    answer = pages.client.post("/login", data={"name": "x"}, headers={"origin": origin})
    assert answer.status_code == 403


@pytest.mark.parametrize(("charset", "name"), [("utf-7", b"+2AA-"), ("undefined", b"x")])
def test_a_form_in_no_readable_letters_is_a_bad_request(charset: str, name: bytes) -> None:
    pages = bench()
    pages.client.get("/login")
    form = b'--B\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + name + b"\r\n--B--\r\n"
    kind = f"multipart/form-data; boundary=B; charset={charset}"
    answer = pages.client.post("/login", content=form, headers={"content-type": kind})
    assert answer.status_code == 400, answer.text


def test_a_port_that_is_no_number_is_no_name_of_ours(pages: Bench) -> None:
    for host in ("192.0.2.20:abc", "[::1]:-1", "192.0.2.20:99999999"):
        assert pages.client.get("/login", headers={"host": host}).status_code == 421, host


@pytest.mark.parametrize(
    ("path", "fields"), [("/restart", {}), ("/factory", {"sure": "on"}), ("/firmware/mode", {"act": "leave"})]
)
def test_a_restart_that_was_asked_for_is_left_out_when_a_flash_has_begun_meanwhile(
    pages: Bench, monkeypatch: pytest.MonkeyPatch, path: str, fields: dict[str, str]
) -> None:
    """Between the goodbye and the restart lies a second, in which somebody else may start an update."""
    server = pages.server
    package = packages.make(server.board, "bmc", server.board.bmc.version)
    before = server.bmc.generation
    server.bmc.users.slots[2].password = b"Changed-1"
    pages.login(password="Changed-1")

    async def meanwhile(seconds: float) -> None:
        webflash.update_bmc(server, package.data, preserve=True)
        assert webflash.firmware_writing(server.bmc)

    monkeypatch.setattr(visit, "asyncio", SimpleNamespace(sleep=meanwhile))
    pages.post(path, **fields)
    assert server.bmc.generation == before
    assert server.bmc.users.slots[2].password == b"Changed-1", "no factory default either"
    assert webflash.firmware_writing(server.bmc)
    pages.time(3000)
    assert server.chips["bmc"].boot_firmware() is not None


def test_a_restart_that_was_asked_for_does_nothing_to_a_bmc_that_is_dark_by_then(
    pages: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = pages.server

    async def meanwhile(seconds: float) -> None:
        server.bmc.cold_reset()

    monkeypatch.setattr(visit, "asyncio", SimpleNamespace(sleep=meanwhile))
    came: list[Any] = []
    monkeypatch.setattr(server.bmc, "factory_default", lambda: came.append(1))
    pages.post("/factory", sure="on")
    assert came == []

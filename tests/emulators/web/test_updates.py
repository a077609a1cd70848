"""Maintenance: BIOS and firmware update by the pages."""

from __future__ import annotations

from typing import Any

import pytest

from emulators import boards, packages
from emulators.faults import Fault
from tests.emulators.web.bench import Bench, bench


def logged_in(board: str = "x11ssh-f", **spec: Any) -> Bench:
    made = bench(board, **spec)
    made.login()
    return made


@pytest.mark.parametrize("board", ["x11ssh-f", "x12spi", "r740", "r730"])
def test_a_corrupt_bios_is_repaired_by_the_page_and_the_host_posts_again(board: str) -> None:
    pages = logged_in(board)
    pages.damage()
    assert "No whole BIOS" in pages.get("/bios")
    refused = pages.upload()
    assert refused.status_code == 409
    assert "the host is on: switch it off" in refused.text
    pages.post("/power", act="off")
    assert "was taken" in pages.said(pages.upload(preserve="on"))
    pages.time(60)
    state = pages.client.get("/live.json").json()["bios_update"]
    assert state["stage"] == "writing"
    assert 0 < state["percent"] < 100
    assert f'value="{state["percent"]}"' in pages.get("/bios")
    pages.time(600)
    assert "Done: version" in pages.get("/bios")
    pages.post("/power", act="on")
    pages.time(600)
    assert pages.server.phase == "up"
    assert "login:" in pages.client.get("/screen.json").json()["text"]


def test_without_a_licence_key_the_page_is_locked_to_every_file() -> None:
    pages = logged_in("x10dri")
    pages.post("/power", act="off")
    assert "no product key is activated" in pages.get("/bios")
    assert pages.upload().status_code == 409
    assert pages.server.chips["bios"].boot_firmware() is not None


def test_another_board_s_file_is_told_by_both_names() -> None:
    pages = logged_in()
    pages.post("/power", act="off")
    package = packages.make(boards.load("x11ssm-f"), "bios", "9.9")
    answer = pages.post("/bios", {"file": (package.name, package.data)})
    assert answer.status_code == 409
    assert "this board is 0958" in answer.text
    assert package.name in answer.text


@pytest.mark.parametrize("files", [None, {"file": ("empty.bin", b"")}])
def test_no_file_is_told_as_such(files: Any) -> None:
    pages = logged_in()
    pages.post("/power", act="off")
    assert "Choose a BIOS image" in pages.said(pages.post("/bios", files))


def test_a_management_engine_that_is_held_is_named_with_its_cure() -> None:
    pages = logged_in(faults=(Fault(kind="engine-not-in-recovery"),))
    pages.post("/power", act="off")
    assert "take all power cords out" in pages.upload().text


def test_a_writing_that_fails_is_told_and_begun_anew() -> None:
    pages = logged_in(faults=(Fault(kind="flash-interrupted", target="bios", percent=40),))
    pages.post("/power", act="off")
    pages.upload()
    pages.time(400)
    assert "Failed: the chip does not hold a whole BIOS" in pages.get("/bios")
    assert "was taken" in pages.said(pages.upload())
    pages.time(400)
    assert "Done: version" in pages.get("/bios")


def test_a_file_s_name_is_no_path() -> None:
    pages = logged_in()
    answer = pages.post("/bios", {"file": ("../../etc/passwd\r\nX: y", b"x")})
    assert "Why passwd" in answer.text
    assert ".." not in answer.text.split("<main")[1]


def test_settings_start_as_the_factory_s_where_they_are_not_preserved() -> None:
    pages = logged_in(bios_settings={"sr-iov": "Enabled"})
    pages.post("/power", act="off")
    pages.upload()
    pages.time(400)
    assert "its settings start as the factory's" in pages.get("/bios")
    pages.post("/power", act="on")
    pages.time(600)
    assert pages.server.bios_settings["sr-iov"] != "Enabled"


# -- the BMC's own


def test_update_mode_locks_everything_else_and_ends_with_the_bmc_s_restart() -> None:
    pages, other = logged_in(), None
    other = pages.another()
    other.login("olga", "operates")
    assert "Enter update mode first" in pages.said(pages.upload("bmc", "3.90", "/firmware"))
    pages.post("/firmware/mode", act="enter")
    assert pages.client.get("/overview").headers["location"] == "/firmware"
    assert other.client.get("/overview").headers["location"] == "/login"
    assert "update mode" in other.login("olga", "operates").text
    assert "is being written" in pages.said(pages.upload("bmc", "3.90", "/firmware", preserve="on"))
    pages.time(120)
    state = pages.client.get("/live.json").json()
    assert state["bmc_writing"]
    assert 0 < state["bmc_percent"] < 100
    left = pages.post("/firmware/mode", page="/firmware", act="leave")
    assert "update mode ends with it" in pages.said(left)
    pages.time(600)
    assert pages.login().status_code == 303
    assert "3.90" in pages.get("/overview")


def test_leaving_update_mode_without_an_update_restarts_the_bmc() -> None:
    pages = logged_in()
    pages.post("/firmware/mode", act="enter")
    assert "restarts" in pages.post("/firmware/mode", page="/firmware", act="leave").text
    assert pages.server.bmc.state == "booting"
    pages.time(200)
    assert pages.login().status_code == 303


def test_the_other_face_has_no_update_mode() -> None:
    pages = logged_in("r740")
    pages.post("/firmware/mode", act="enter")
    assert "Update mode" not in pages.get("/firmware")
    assert "is being written" in pages.said(pages.upload("bmc", "6.10.80.00", "/firmware"))
    pages.time(1000)
    assert pages.server.bmc.running is not None
    assert pages.server.bmc.running.version == "6.10.80.00"


def test_a_bios_is_not_written_into_the_bmc() -> None:
    pages = logged_in("r740")
    answer = pages.upload("bios", "9.9", "/firmware")
    assert answer.status_code == 409
    assert "a BIOS image; a whole BMC image is wanted" in answer.text


def test_a_half_written_bmc_is_not_restarted_by_the_page() -> None:
    pages = logged_in("r740", faults=(Fault(kind="flash-interrupted", target="bmc", percent=50),))
    pages.upload("bmc", "6.10.80.00", "/firmware")
    pages.time(1000)
    assert pages.server.bmc.state == "up"
    assert pages.client.get("/overview").status_code == 200

"""Power, the screen and the serial console in the page."""

from __future__ import annotations

import pytest

from emulators.bmc.payloads import ALREADY_ACTIVE
from emulators.faults import Fault
from emulators.web.serial import SILENT_S
from tests.emulators.web.bench import Bench, bench


@pytest.fixture
def pages() -> Bench:
    made = bench()
    made.login("olga", "operates")
    return made


@pytest.mark.parametrize(
    ("act", "after", "phase"),
    [("off", 1, "off"), ("soft", 60, "off"), ("reset", 1, "post"), ("cycle", 15, "post"), ("cycle", 1, "off")],
)
def test_power_does_what_it_says(pages: Bench, act: str, after: float, phase: str) -> None:
    assert "sent" in pages.said(pages.post("/power", act=act))
    pages.time(after)
    assert pages.server.phase == phase


def test_the_same_as_over_ipmi_is_refused(pages: Bench) -> None:
    pages.post("/power", act="off")
    assert "not while the server is off" in pages.said(pages.post("/power", act="reset"))
    assert "no such action" in pages.said(pages.post("/power", act="explode"))
    pages.post("/power", act="on")
    assert pages.server.phase == "post"
    assert pages.server.bmc.nvram["last-power-event"] == 0x10


def test_the_identify_light_goes_on_and_off(pages: Bench) -> None:
    assert "is on" in pages.said(pages.post("/identify"))
    assert pages.client.get("/live.json").json()["identify"]
    assert "is off" in pages.said(pages.post("/identify"))


def screen(pages: Bench) -> str:
    return str(pages.client.get("/screen.json").json()["text"])


def test_the_screen_shows_post_then_the_boot_then_the_login(pages: Bench) -> None:
    pages.post("/power", act="reset")
    pages.time(10)
    assert "Press <DEL> to run Setup" in screen(pages)
    pages.time(85)
    assert "GRUB" in screen(pages)
    pages.time(60)
    assert "login:" in screen(pages)


def test_the_screen_shows_a_hang_code_no_signal_and_off(pages: Bench) -> None:
    pages.server.faults.arm(Fault(kind="post-hangs", code=0xB2))
    pages.post("/power", act="reset")
    pages.time(200)
    assert screen(pages).rstrip().endswith("B2")
    pages.damage()
    assert screen(pages).startswith("No video signal")
    pages.post("/power", act="off")
    assert "the host is off" in screen(pages)


def test_a_key_at_the_screen_goes_on_from_f1(pages: Bench) -> None:
    pages.server.faults.arm(Fault(kind="stops-at-f1"))
    pages.post("/power", act="reset")
    pages.time(200)
    assert "Press F1" in screen(pages)
    pages.post("/screen/type", key="F1")
    pages.time(200)
    assert pages.server.phase == "up"


def test_an_idrac_without_its_licence_shows_no_screen() -> None:
    pages = bench("r740")
    pages.login()
    assert pages.client.get("/screen.json").status_code == 200
    pages.server.licences = ()
    assert "enterprise licence" in pages.get("/screen")
    assert pages.client.get("/screen.json").status_code == 403
    pages.post("/screen/type", key="Ctrl+C")


# -- the serial console


def serial(pages: Bench) -> str:
    return pages.get("/serial").split('id="serial"')[1].split("</pre>")[0]


def test_somebody_logs_in_on_the_serial_console(pages: Bench) -> None:
    pages.post("/serial/open")
    for line in ("root", "root", "hostname"):
        pages.post("/serial/type", text=line, line="1")
        pages.time(5)
    assert "root@virtual" in serial(pages)
    assert "\nvirtual\n" in serial(pages)


def test_the_console_is_given_to_one_page_at_a_time(pages: Bench) -> None:
    pages.post("/serial/open")
    other = pages.another()
    other.login()
    assert "Somebody else has it now" in other.get("/serial")
    assert "one at a time" in other.said(other.post("/serial/open"))
    assert "not yours" in other.said(other.post("/serial/type", text="x"))
    pages.post("/serial/close")
    assert "is yours" in other.said(other.post("/serial/open"))


def test_an_ipmi_session_does_not_get_what_a_page_has(pages: Bench) -> None:
    pages.post("/serial/open")
    payloads = pages.site.payloads
    assert payloads.taken
    assert payloads._refusal(2, 4) is ALREADY_ACTIVE
    pages.post("/logout")
    assert payloads._refusal(2, 4) is None


def test_a_browser_that_has_gone_does_not_keep_the_console(pages: Bench) -> None:
    pages.post("/serial/open")
    pages.wall[0] += SILENT_S + 1
    assert not pages.site.payloads.taken


def test_a_restart_of_the_bmc_frees_the_console(pages: Bench) -> None:
    pages.post("/serial/open")
    pages.server.bmc.cold_reset()
    pages.time(200)
    assert not pages.site.payloads.taken


def test_who_may_not_use_serial_over_lan_does_not_here_either(pages: Bench) -> None:
    pages.server.bmc.users.slots[3].sol = False
    assert "not allowed for this user" in pages.said(pages.post("/serial/open"))
    assert not pages.site.payloads.taken


def test_typing_while_the_host_is_off_is_told(pages: Bench) -> None:
    pages.post("/serial/open")
    pages.post("/power", act="off")
    assert "the host is off" in pages.said(pages.post("/serial/type", text="x"))

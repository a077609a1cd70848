"""A debrief tells what was done, what became of the server, and what is better next time."""

from __future__ import annotations

import re
from typing import Any

import pytest

from fwsim.labs import debrief, page, picture
from fwsim.labs import lab as labs
from fwsim.labs.log import Log

UP = {"host": "up", "bmc": "up", "at": "127.0.0.1", "versions": {"bmc": "3.88", "bios": "2.6"}, "writing": [],
      "damaged": [], "mains": [True, True]}  # fmt: skip
WRITING = UP | {"writing": ["bmc"]}
DARK = UP | {"bmc": "booting", "at": ""}
DEAD = UP | {"bmc": "dead", "at": "", "damaged": ["bmc"], "versions": {"bmc": "", "bios": "2.6"}}


def did(at: float, what: str, state: dict[str, Any], door: str = "host", number: int = 0) -> dict[str, Any]:
    return {"at": at, "kind": "did", "door": door, "what": what, "state": state, "number": number}


BAD: list[dict[str, Any]] = [
    {"at": 0.0, "kind": "became", "state": UP},
    {"at": 1.0, "kind": "handed-over"},
    did(61.0, "ipmitool hpm upgrade /root/x.hpm force", UP, number=1),
    {"at": 62.0, "kind": "flash-started", "chip": "bmc"},
    {"at": 62.0, "kind": "became", "state": WRITING},
    did(120.0, "mc reset cold", WRITING, "lan"),
    {"at": 120.0, "kind": "flash-interrupted", "chip": "bmc"},
    {"at": 120.0, "kind": "became", "state": DARK},
    {"at": 121.0, "kind": "ended", "number": 1, "status": 1},
    {"at": 240.0, "kind": "bmc-dead"},
    {"at": 240.0, "kind": "became", "state": DEAD},
]


@pytest.fixture
def made() -> debrief.Debrief:
    lab = labs.load("first-bmc-update")
    return debrief.make(lab, Log.of(BAD, since=1.0), learner="Ada <b>", own={"flash": 5})


def test_the_timeline_has_both_what_was_done_and_what_became(made: debrief.Debrief) -> None:
    rows = [(row.when, row.who, row.what, row.status) for row in made.rows]
    assert rows == [
        ("1:00", "on the host", "ipmitool hpm upgrade /root/x.hpm force", "exit 1"),
        ("1:01", "server", "the writing of the BMC began", ""),
        ("1:59", "IPMI over LAN", "mc reset cold", ""),
        ("1:59", "server", "the writing of the BMC was cut off", ""),
        ("3:59", "server", "the BMC did not come up", ""),
    ]


def test_a_decision_point_says_what_was_known_and_what_came_of_it(made: debrief.Debrief) -> None:
    point = next(d for d in made.decisions if d.id == "NOINT")
    assert not point.well
    assert point.when == "1:59"
    assert point.chosen == "mc reset cold"
    assert "being written: bmc" in point.known
    assert point.consequence == "the writing of the BMC was cut off; the BMC did not come up"
    assert len(point.options) >= 2


def test_a_missed_item_is_placed_where_it_should_have_been_done(made: debrief.Debrief) -> None:
    assert next(d for d in made.decisions if d.id == "HASH").when == "1:01"


def test_there_is_one_drill_for_the_weakest_skill(made: debrief.Debrief) -> None:
    assert made.grade.weakest is not None
    assert made.drill


def test_the_page_loads_nothing_and_lets_no_markup_in(made: debrief.Debrief) -> None:
    text = page.html(made)
    assert "Ada &lt;b&gt;" in text
    assert not re.search(r"(src|href)\s*=\s*[\"']https?:|@import|url\(", text)
    assert "<script" not in text
    assert text.count("<svg") == 1 + len(made.rows)
    assert "Not passed" in text


def test_the_lanes_show_when_the_bmc_was_dark(made: debrief.Debrief) -> None:
    spans = [(s.word, s.start, s.end) for s in picture.spans(made.log, "bmc")]
    assert spans == [("up", 1.0, 120.0), ("booting", 120.0, 240.0), ("dead", 240.0, 240.0)]
    flash = [s.word for s in picture.spans(made.log, "BMC flash")]
    assert flash == ["3.88", "being written", "3.88", "damaged"]


def test_the_pdf_says_the_same(made: debrief.Debrief) -> None:
    pypdf = pytest.importorskip("pypdf")
    import io

    text = "".join(sheet.extract_text() for sheet in pypdf.PdfReader(io.BytesIO(page.pdf(made))).pages)
    plain = " ".join(text.split())
    for word in ("Your first BMC update, by hand", "Not passed", "mc reset cold", "NOINT", "A drill"):
        assert word in plain

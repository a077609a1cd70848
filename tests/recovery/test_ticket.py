"""A ticket is filled in from what is known, refuses the wrong server, and never invents or leaks anything."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from fwsim import boards
from recovery import lint, ticket
from recovery.filling import UNKNOWN
from recovery.inventory import Inventory
from recovery.render import caller, data, text
from recovery.ticket import TicketRefused
from tests.recovery import ticket_bench

BARE = Inventory(name="db07")
INTEL = ("password", "passwd", "secret", "credential", "token", "community")


@dataclass(frozen=True)
class Cause:
    name: str = "severe-lock"
    rule: str = "D61"
    confidence: str = "likely"
    text: str = "the settings are invalid and the BMC hangs"


def test_the_same_visit_gives_the_same_ticket() -> None:
    one, other = ticket_bench.build("cmos-clear", run="R1"), ticket_bench.build("cmos-clear", run="R1")
    assert one == other
    assert data.render(one) == data.render(other)


def test_two_procedures_two_runs_and_two_servers_have_tickets_of_their_own() -> None:
    made = [
        ticket_bench.build("cmos-clear", run="R1"),
        ticket_bench.build("cmos-clear", run="R2"),
        ticket_bench.build("power-removal", run="R1"),
        ticket_bench.build("cmos-clear", place=ticket_bench.sample(serial="S0000001"), run="R1"),
    ]
    assert len({one.id for one in made}) == 4


def test_what_nobody_knows_is_told_and_makes_a_draft() -> None:
    made = ticket_bench.build("power-removal", place=BARE)
    assert made.draft
    for name in ("phone", "window", "site / room", "serial number", "power psu1", "technical contact"):
        assert name in made.unknown
    assert made.serial == made.phone == UNKNOWN
    assert text.render(made).startswith(f"DRAFT. {UNKNOWN}: ")


@pytest.mark.parametrize(
    "field", ["serial", "model", "asset_tag", "priority", "customer", "location", "contacts", "window", "time_zone"]
)
def test_one_missing_value_is_enough_for_a_draft(field: str) -> None:
    fields = ticket_bench.sample().model_dump(mode="json")
    del fields[field]
    made = ticket_bench.build("cmos-clear", place=Inventory.model_validate(fields))
    assert made.draft
    assert UNKNOWN in text.render(made)


def test_a_known_server_is_no_draft() -> None:
    made = ticket_bench.build("cmos-clear")
    assert (made.draft, made.unknown) == (False, ())


@pytest.mark.parametrize("board", ["r730", "r740", "c6220"])
def test_no_dell_is_given_a_supermicros_stick(board: str) -> None:
    with pytest.raises(TicketRefused, match="procedure for supermicro"):
        ticket_bench.build("usb-bios-recovery", board)


@pytest.mark.parametrize("board", [name for name in boards.names() if boards.load(name).vendor == "dell"])
def test_no_dell_ticket_names_jbt1_and_no_supermicro_ticket_nvram_clr(board: str) -> None:
    assert "JBT1" not in ticket_bench.printed("cmos-clear", board)
    assert "NVRAM_CLR" not in ticket_bench.printed("cmos-clear", "x11ssh-f")


def test_an_inventory_of_another_board_is_refused() -> None:
    with pytest.raises(TicketRefused, match="says that db07 is a r740"):
        ticket_bench.build("cmos-clear", "x11ssh-f", ticket_bench.sample("r740"))


def test_a_board_without_a_reset_button_is_refused() -> None:
    with pytest.raises(TicketRefused, match="no button"):
        ticket_bench.build("bmc-reset-button", "x11ssh-f")


def test_the_diagnosis_that_chose_it_is_cited() -> None:
    from recovery import procedures

    visit = ticket.Visit(when=ticket_bench.WHEN)
    made = ticket.build(
        procedures.load("cmos-clear"), ticket_bench.sample(), boards.load("x11ssh-f"), visit, diagnosis=Cause()
    )
    assert made.why == "Rule D61 (likely): the settings are invalid and the BMC hangs."
    assert made.why in text.render(made)


def test_a_ticket_that_would_be_too_long_cites_the_rule_alone() -> None:
    from recovery import procedures

    long = Cause(text="the BMC's flash broke off, and " * 12)
    visit = ticket.Visit(when=ticket_bench.WHEN, bmc_lives=True)
    made = ticket.build(
        procedures.load("cmos-clear"), ticket_bench.sample("r740"), boards.load("r740"), visit, diagnosis=long
    )
    printed = text.render(made)
    assert len(printed) <= text.MAXIMUM
    assert "Why: Rule D61 (likely).\n" in printed


def test_the_window_is_told_on_both_clocks() -> None:
    zone = ticket_bench.sample(time_zone="America/New_York")
    assert ticket_bench.build("cmos-clear", place=zone).window.text == (
        "2030-11-22 14:00 to 16:00 UTC (09:00 to 11:00 America/New_York)"
    )


def test_a_window_that_has_passed_is_told_and_makes_a_draft() -> None:
    window = {"starts": "2026-11-22T14:00:00Z", "ends": "2026-11-22T16:00:00Z"}
    place = ticket_bench.sample(window=window)
    during, after = datetime(2026, 11, 22, 15, 59, tzinfo=UTC), datetime(2026, 11, 22, 16, tzinfo=UTC)
    assert not ticket_bench.build("power-removal", place=place, when=during).draft
    made = ticket_bench.build("power-removal", place=place, when=after)
    assert made.unknown == ("window",)
    assert (made.window.starts, made.window.ends) == ("", "")
    assert "16:00 Europe/London) has passed\n" in text.render(made)
    assert lint.check_ticket(made) == ()


def test_a_window_over_midnight_has_both_dates() -> None:
    window = {"starts": "2026-11-22T23:00:00Z", "ends": "2026-11-23T01:00:00Z"}
    made = ticket_bench.build("cmos-clear", place=ticket_bench.sample(window=window))
    assert made.window.text.startswith("2026-11-22 23:00 to 2026-11-23 01:00 UTC")


def test_the_sketch_marks_what_the_steps_touch() -> None:
    marked = {item.name for item in ticket_bench.build("power-removal").rear if item.marked}
    assert marked == {"PSU1", "PSU2"}
    marked = {item.name for item in ticket_bench.build("web-gui-reflash", bmc_lives=False).rear if item.marked}
    assert marked == {"IPMI"}


@pytest.mark.parametrize("known", [[], ["PSU1"], ["PSU2"], ["PSU2", "PSU1"]], ids=str)
@pytest.mark.parametrize("procedure", ["cmos-clear", "power-removal", "board-replacement"])
def test_every_supply_of_the_board_is_unplugged_whatever_the_inventory_knows(procedure: str, known: list[str]) -> None:
    feeds = [{"psu": name, "pdu": "PDU A", "outlet": name[-1]} for name in known]
    made = ticket_bench.build(procedure, place=ticket_bench.sample(feeds=feeds))
    cut = next(s for s in made.steps if s.text.startswith("Disconnect the power"))
    assert cut.text == "Disconnect the power cables from PSU1 and PSU2."
    assert [act.given["psu"] for act in cut.acts] == [1, 2]
    unknown = [f"power {name.lower()}" for name in ("PSU1", "PSU2") if name not in known]
    assert made.unknown == tuple(unknown)
    assert made.draft is bool(unknown)
    for name in unknown:
        assert f"\n{name.replace('power psu', 'Power PSU')}: {UNKNOWN}\n" in text.render(made)


def test_a_supply_that_the_board_has_not_is_refused_when_the_inventory_names_no_board() -> None:
    place = Inventory.model_validate({"name": "db07", "feeds": [{"psu": "PSU7"}]})
    with pytest.raises(TicketRefused, match=r"feeds\[0\]\.psu: the Supermicro X11SSH-F has no such power supply"):
        ticket_bench.build("cmos-clear", place=place)


def test_the_callers_sheet_tells_what_to_look_at_before_each_word() -> None:
    made = ticket_bench.build("power-removal", "c6220")
    sheet = caller.render(made)
    assert sheet.count("Look first: ") == sum(step.hold for step in made.steps)
    assert "no bank may be incomplete" in sheet
    assert "Look first" not in text.render(made)


def test_names_of_other_scripts_become_ascii_and_numbers_stay() -> None:
    place = ticket_bench.sample(location={"site": "Zürich Ø2", "room": "Søndre “Hall”", "rack": "B07", "unit": "U21"})
    printed = ticket_bench.printed("cmos-clear", place=place)
    assert printed.isascii()
    assert 'Site / room: Zurich O2 / Sondre "Hall"' in printed


def test_no_field_of_an_inventory_takes_a_password() -> None:
    fields = json.dumps(Inventory.model_json_schema()).lower()
    assert not [word for word in INTEL if word in fields.replace("nobody", "")]
    for key in ("password", "bmc_password", "user", "notes"):
        with pytest.raises(ValidationError, match="Extra inputs"):
            Inventory.model_validate({"name": "x", key: "hunter2"})


def test_a_ticket_has_no_field_for_a_credential() -> None:
    assert not [word for word in INTEL if word in json.dumps(ticket.Ticket.model_json_schema()).lower()]


def test_the_tickets_date_is_the_visits_and_in_utc() -> None:
    made = ticket_bench.build("cmos-clear", when=datetime.fromisoformat("2026-11-23T01:30:00+02:00"))
    assert made.issued == "2026-11-22 23:30 UTC"
    assert made.id.startswith("RH-20261122-")
    assert ticket_bench.build("cmos-clear", when=datetime(2026, 11, 22, 23, 30, tzinfo=UTC)).id == made.id

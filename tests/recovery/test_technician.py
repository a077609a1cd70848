"""The technician: reads a printed ticket to the letter, stops at what is unknown or different, and says so."""

from __future__ import annotations

import re

import pytest

from fwsim import boards
from recovery import procedures, technician, ticket
from recovery.administrator import Administrator
from recovery.inventory import Inventory
from recovery.render import text
from recovery.technician_book import read
from recovery.technician_eyes import understood
from recovery.telephone import Call
from recovery.ticket import Visit
from tests.recovery.beside import WHEN, Broken, never_returns, off, port_moved, severe_lock

DRIVERS, POWERS = ("administrator", "browser"), ("sled", "mains")


class Nobody(Administrator):
    """Nobody answers the telephone."""

    async def call(self, call: Call) -> str | None:
        self.said.append(call.asks)
        return None


def nobody(broken: Broken, made: ticket.Ticket) -> Nobody:
    return Nobody(**{name: getattr(broken.administrator(made), name) for name in ("ticket", "doors", "repair")})


@pytest.mark.parametrize("board", boards.names())
@pytest.mark.parametrize("procedure", procedures.names())
def test_every_sentence_of_every_procedure_is_understood(procedure: str, board: str) -> None:
    broken = Broken(board, off)
    seen = 0
    for driver in DRIVERS:
        for power in POWERS:
            try:
                made = broken.ticket(procedure, driver=driver, power=power)
            except ticket.TicketRefused:
                continue
            seen += 1
            assert technician.sentences(text.render(made)) == []
    known = boards.load(board)
    media = known.hands.media.slot if known.hands.media else None
    fits = {"usb-bios-recovery": media == "usb", "idrac-sd-recovery": media == "sd",
            "bmc-reset-button": known.hands.reset_button_s is not None}  # fmt: skip
    assert bool(seen) is fits.get(procedure, True)


@pytest.mark.parametrize(
    "sentence",
    [
        "Remove the top cover carefully.",
        "Wait for the server.",
        "Touch the two JBT1 pads with the screwdriver.",
        "Move the jumper NVRAM_CLR.",
        "If the server is on, push the power button for 1 s.",
        "Disconnect the power cables.",
        "",
    ],
)
def test_what_is_not_in_the_phrasebook_is_not_guessed(sentence: str) -> None:
    assert read(sentence) is None


def test_a_see_that_is_not_in_the_book_is_not_understood() -> None:
    assert not understood("The server looks good.")


def test_an_unknown_sentence_ends_the_visit_with_a_call_before_anything_of_it_is_done() -> None:
    broken = Broken("x11ssh-f", severe_lock)
    made = broken.ticket("cmos-clear")
    printed = text.render(made).replace("Remove the top cover.", "Take the lid off.")
    phone = broken.administrator(made)
    report = broken.visit(made, printed=printed, phone=phone)
    assert report.ended == "stopped"
    assert "cannot be understood: Take the lid off." in report.why
    assert phone.said[-1].endswith("problem: silence")
    assert not broken.server.body.cover_open


def test_silence_at_a_hold_means_no() -> None:
    broken = Broken("x11ssh-f", severe_lock)
    made = broken.ticket("cmos-clear")
    phone = nobody(broken, made)
    report = broken.visit(made, phone=phone)
    assert report.ended == "stopped"
    assert phone.said == ["word"] * 4 + ["problem"]
    assert all(psu.mains for psu in broken.server.psus)
    assert report.minutes > 30, "there is time between the calls"


def test_another_serial_number_stops_the_visit_before_the_first_touch() -> None:
    broken = Broken("x11ssh-f", severe_lock)
    made = broken.ticket("cmos-clear")
    printed = text.render(made).replace(made.serial, "S999999X9999999")
    report = broken.visit(made, printed=printed)
    assert (report.ended, report.step) == ("stopped", 1)
    assert all(psu.mains for psu in broken.server.psus)


def test_a_step_that_is_missing_by_its_number_is_noticed() -> None:
    broken = Broken("x11ssh-f", severe_lock)
    made = broken.ticket("cmos-clear")
    printed = re.sub(r"\[ \] 5\. .+\n(?:  .+\n)+", "", text.render(made))
    report = broken.visit(made, printed=printed)
    assert report.why == technician.NUMBERS_DIFFER


def test_the_identify_light_that_does_not_blink_stops_the_visit() -> None:
    broken = Broken("x11ssh-f", off)
    made = broken.ticket("power-removal")
    assert made.identify
    broken.server.bmc.cold_reset()
    report = broken.visit(made)
    assert (report.ended, report.why) == ("stopped", "step 2: The UID LED blinks. is not so")


def test_a_report_with_something_left_over_is_not_taken() -> None:
    broken = Broken("x11ssh-f", severe_lock)
    made = broken.ticket("cmos-clear")
    lines = re.sub(r"\[ \] 11\. Install.+\n(?:  .+\n)+", "", text.render(made))
    printed = _renumbered(lines)
    phone = broken.administrator(made)
    report = broken.visit(made, printed=printed, phone=phone)
    assert report.ended == "stopped"
    assert any("left over: the battery" in said for said in phone.said)


def _renumbered(printed: str) -> str:
    count = iter(range(1, 100))
    return re.sub(r"^(\[HOLD\]|\[ \]) \d+\.", lambda m: f"{m[1]} {next(count)}.", printed, flags=re.MULTILINE)


def test_the_work_takes_time_on_the_server_s_own_clock() -> None:
    broken = Broken("x11ssh-f", never_returns)
    began = broken.server.now
    report = broken.visit(broken.ticket("power-removal"))
    assert report.ended == "done"
    assert broken.server.now - began >= report.minutes * 60 > 300


@pytest.mark.parametrize("rate", [0.1, 0.3])
def test_slips_end_in_a_call_or_in_a_server_that_is_well(rate: float) -> None:
    slipped = 0
    for seed in range(12):
        for board in ("x11ssh-f", "r740", "c6220"):
            broken = Broken(board, severe_lock)
            made = broken.ticket("cmos-clear")
            phone = broken.administrator(made)
            report = broken.visit(made, error_rate=rate, seed=seed, phone=phone)
            slipped += bool(report.slips)
            if report.ended == "done":
                assert broken.healthy, (board, seed, report.slips, report.log)
            else:
                assert phone.said[-1].endswith("problem: silence"), (board, seed)
            assert broken.server.chips["bios"].boot_firmware() is not None
    assert slipped > 12


def test_a_hold_that_is_cut_short_is_seen_on_the_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    def impatient(slips: technician.Slips, what: str) -> bool:
        slips.made.append(what)
        return "cut short" in what

    monkeypatch.setattr(technician.Slips, "happens", impatient)
    broken = Broken("x12spi", never_returns)
    generation = broken.server.bmc.generation
    report = broken.visit(broken.ticket("bmc-reset-button"))
    assert report.ended == "stopped"
    assert report.why.startswith("step") and "The watch shows 6 s. is not so" in report.why
    assert broken.server.bmc.generation == generation


def test_a_cable_in_the_wrong_port_is_seen_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(technician.Slips, "happens", lambda slips, what: what.startswith("the wrong port"))
    broken = Broken("c6220", port_moved)
    report = broken.visit(broken.ticket("dedicated-port"))
    assert report.ended == "stopped"
    assert "is in port iDRAC. is not so" in report.why


def test_the_same_seed_makes_the_same_slips() -> None:
    first, second = (Broken("x11ssh-f", severe_lock) for _ in range(2))
    reports = [b.visit(b.ticket("cmos-clear"), error_rate=0.3, seed=3) for b in (first, second)]
    assert reports[0] == reports[1]
    assert reports[0].slips


def test_a_ticket_of_another_place_is_a_draft_and_names_nothing_that_is_there() -> None:
    broken = Broken("x11ssh-f", severe_lock)
    made = ticket.build(
        procedures.load("cmos-clear"), Inventory(name="db07"), boards.load("x11ssh-f"), Visit(when=WHEN)
    )
    report = broken.visit(made)
    assert report.ended == "stopped"
    assert all(psu.mains for psu in broken.server.psus)

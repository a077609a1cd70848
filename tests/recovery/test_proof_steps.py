"""Every step of a ticket matters, or is listed as one that does not cure: left out or swapped, the visit does not pass.

The changed page is numbered anew, so that nothing but what the steps say can tell. A step that asks for something only
under a condition, and whose condition does not hold on this visit, changes nothing when it is gone.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from emulators.server import VirtualServer
from recovery.render import text
from recovery.ticket import TicketStep
from tests.recovery.beside import (
    Broken,
    dead_bios,
    dead_bios_and_loose_cable,
    dead_bmc,
    loose_cable,
    never_returns,
    port_moved,
    severe_lock,
)

TOLD = {"fans", "video", "bmc_led", "power_led", "psu", "bmc_link"}
Breaks = Callable[[VirtualServer], None]
VISITS: tuple[tuple[str, Breaks, str], ...] = (
    ("x11ssh-f", severe_lock, "cmos-clear"),
    ("x12spi", severe_lock, "cmos-clear"),
    ("r740", severe_lock, "cmos-clear"),
    ("c6220", severe_lock, "cmos-clear"),
    ("x11ssm-f", never_returns, "power-removal"),
    ("c6220", never_returns, "power-removal"),
    ("x12spi", never_returns, "bmc-reset-button"),
    ("r730", never_returns, "bmc-reset-button"),
    ("x10dri", dead_bios, "usb-bios-recovery"),
    ("x11ssh-f", dead_bios_and_loose_cable, "web-gui-reflash"),
    ("r740", dead_bmc, "idrac-sd-recovery"),
    ("c6220", port_moved, "dedicated-port"),
    ("x11ssh-f", port_moved, "dedicated-port"),
    ("x12spi", loose_cable, "dedicated-port"),
    ("r740", severe_lock, "look-and-report"),
    ("x11ssh-f", severe_lock, "look-and-report"),
)
BROWSER = ("x11ssh-f", dead_bios, "web-gui-reflash")
STEP_BY_STEP = {procedure for _, _, procedure in (*VISITS, BROWSER)}
"""The procedures whose every step is left out here, and every two swapped."""
visits = pytest.mark.parametrize(("board", "breaks", "procedure"), VISITS, ids=[f"{b}-{p}" for b, _, p in VISITS])
STEP = re.compile(r"(?:^(?:==|\*\*\*) .+\n)*^(?:\[HOLD\]|\[ \]) \d+\. .+\n(?:  .+\n)*", re.MULTILINE)
CONDITION = re.compile(r"(If|When) .+|Call .+ for the next step number\.")  # where it does not hold, nothing is done


def blocks(printed: str) -> tuple[str, list[str], str]:
    """What stands before the steps, each step with its hazards, and what stands after them."""
    found = list(STEP.finditer(printed))
    return printed[: found[0].start()], [one[0] for one in found], printed[found[-1].end() :]


def numbered(head: str, steps: list[str], foot: str) -> str:
    """The page again, its steps counted from 1. What names a step names the same one, where that is still there."""
    old = [int(re.search(r"^(?:\[HOLD\]|\[ \]) (\d+)\.", step, re.MULTILINE)[1]) for step in steps]  # type: ignore[index]
    new = {str(number): str(place) for place, number in enumerate(old, 1)}

    def again(step: str) -> str:
        step = re.sub(r"^(\[HOLD\]|\[ \]) (\d+)\.", lambda m: f"{m[1]} {new[m[2]]}.", step, flags=re.MULTILINE)
        step = re.sub(r"\b(steps?) (\d+)", lambda m: f"{m[1]} {new.get(m[2], m[2])}", step)
        return re.sub(r"(steps \d+ to) (\d+)", lambda m: f"{m[1]} {new.get(m[2], m[2])}", step)

    return head + "".join(again(step) for step in steps) + foot


def well(broken: Broken, procedure: str) -> bool:
    """Has the visit done what it was for? A look has told everything that it is asked for."""
    if procedure == "look-and-report":
        return {word.partition("=")[0] for word in broken.reported.split(",")} >= TOLD
    return broken.bmc_reached if procedure == "dedicated-port" else broken.healthy


def passes_unnoticed(broken: Broken, procedure: str, printed: str) -> bool:
    """Does that page end well for those who follow it, and is the server not?"""
    report = broken.visit(broken.ticket(procedure), printed=printed)
    return report.ended == "done" and not well(broken, procedure)


def not_needed(broken: Broken, procedure: str, printed: str) -> bool:
    report = broken.visit(broken.ticket(procedure), printed=printed)
    return report.ended == "done" and well(broken, procedure)


@visits
def test_the_ticket_as_it_is_printed_brings_the_server_back(board: str, breaks: Breaks, procedure: str) -> None:
    broken = Broken(board, breaks)
    assert not well(broken, procedure)
    report = broken.visit(broken.ticket(procedure))
    assert report.ended == "done", (report.why, report.log)
    assert well(broken, procedure)


@visits
def test_no_step_can_be_left_out_unnoticed(board: str, breaks: Breaks, procedure: str) -> None:
    made = Broken(board, breaks).ticket(procedure)
    head, steps, foot = blocks(text.render(made))
    assert len(steps) == len(made.steps)
    needless: list[TicketStep] = []
    for place, step in enumerate(made.steps):
        printed = numbered(head, steps[:place] + steps[place + 1 :], foot)
        assert not passes_unnoticed(Broken(board, breaks), procedure, printed), step.text
        if step.serves == "cure" and not step.branch and not_needed(Broken(board, breaks), procedure, printed):
            needless.append(step)
    assert [step.text for step in needless if not CONDITION.fullmatch(step.text)] == []


@visits
def test_no_two_steps_can_be_swapped_unnoticed(board: str, breaks: Breaks, procedure: str) -> None:
    made = Broken(board, breaks).ticket(procedure)
    head, steps, foot = blocks(text.render(made))
    for place in range(len(steps) - 1):
        swapped = [*steps[:place], steps[place + 1], steps[place], *steps[place + 2 :]]
        printed = numbered(head, swapped, foot)
        assert not passes_unnoticed(Broken(board, breaks), procedure, printed), made.steps[place].text


def test_a_technician_at_the_browser_writes_the_bios_too() -> None:
    board, breaks, procedure = BROWSER
    broken = Broken(board, breaks)
    made = broken.ticket(procedure, driver="browser")
    report = broken.visit(made)
    assert report.ended == "done", (report.why, report.log)
    assert broken.healthy
    head, steps, foot = blocks(text.render(made))
    for place, step in enumerate(made.steps):
        again = Broken(board, breaks)
        printed = numbered(head, steps[:place] + steps[place + 1 :], foot)
        report = again.visit(again.ticket(procedure, driver="browser"), printed=printed)
        assert report.ended != "done" or again.healthy, step.text

"""Six ways to do one job, and the verdict that each gets (facts/remote-hands.md section 6)."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from fwsim.cli.labcheck import bench
from fwsim.labs import grade, soundness
from fwsim.labs import lab as labs
from fwsim.labs.grade import Grade
from fwsim.labs.lab import Act
from fwsim.labs.player import Played
from fwsim.labs.soundness import Bench

pytestmark = pytest.mark.wire
LAB = labs.load(str(Path(__file__).with_name("traces.yaml")))
SPEED = 300


def graded(*acts: Act, power_off: bool = False) -> Grade:
    async def run() -> Grade:
        async with bench(LAB, SPEED) as server:
            with contextlib.suppress(Played):
                await (soundness.power_off_in_flash(LAB, server) if power_off else play(server, acts))
            return grade.grade(LAB, server.log())

    return asyncio.run(run())


async def play(server: Bench, acts: tuple[Act, ...]) -> None:
    for act in acts:
        await server.player.play(act)


def with_item(*items: str) -> list[Act]:
    return [act for act in LAB.solution if set(items) & set(act.shows)]


def test_the_golden_trace_passes_with_every_point() -> None:
    found = graded(*LAB.solution)
    assert (found.passed, found.score, [f.item.id for f in found.findings if not f.met]) == (True, 100, [])


def test_without_the_checksum_nobody_passes_whatever_the_points() -> None:
    found = graded(*(act for act in LAB.solution if "HASH" not in act.shows))
    assert found.raw > 90, "points alone would have let it through"
    assert (found.passed, found.gates) == (False, ("HASH",))


def test_power_taken_away_in_a_flash_caps_at_forty() -> None:
    found = graded(power_off=True)
    assert "NOINT" in found.gates
    assert found.score <= 40
    assert not found.passed


def test_an_activation_is_the_restart_that_a_written_image_needs() -> None:
    """`hpm upgrade FILE activate` restarts the BMC by itself: a cold reset on top of it would only be another one."""
    force = with_item("LOCAL")[0]
    activate = force.model_copy(update={"host": str(force.host).replace(" force", " activate"), "status": None})
    found = graded(*(activate if act is force else act for act in LAB.solution if "COLD" not in act.shows))
    assert "COLD" not in {f.item.id for f in found.findings if not f.met}
    assert found.passed


def test_a_look_at_the_event_log_is_no_look_at_the_power_supplies() -> None:
    found = graded(*(
        act.model_copy(update={"host": "ipmitool sel elist"}) if "POWER" in act.shows else act for act in LAB.solution
    ))  # fmt: skip
    assert {f.item.id for f in found.findings if not f.met} == {"POWER"}


def test_the_bios_first_misses_the_order() -> None:
    start = LAB.solution.index(next(a for a in LAB.solution if "ORDER" in a.shows))
    clean = LAB.solution[-1]
    before, bmc, bios = LAB.solution[:7], LAB.solution[7:start], LAB.solution[start:-1]
    found = graded(*before, *bios, *bmc, clean)
    assert found.gates == ("ORDER",)
    assert not found.passed


def test_straight_to_the_cmos_clear_misses_the_ladder() -> None:
    up_to_trouble = LAB.solution[: LAB.solution.index(with_item("LADDER")[0])]
    clear = [
        Act(hands={"act": "unplug", "psu": 1}),
        Act(hands={"act": "unplug", "psu": 2}),
        Act(hands={"act": "slide-out"}),
        Act(hands={"act": "open-cover"}),
        Act(hands={"act": "short", "jumper": "JBT1", "seconds": 10}),
    ]
    found = graded(*up_to_trouble, *clear)
    assert "LADDER" in found.gates
    assert not found.passed


def test_nothing_done_gets_next_to_nothing() -> None:
    found = graded()
    assert found.score < 10
    assert not found.passed
    assert not found.reached


def test_a_hint_costs_its_points() -> None:
    from fwsim.labs.log import Entry, Log

    log = Log((Entry(0, "became", state={}), Entry(1, "hint", fields={"cost": 7})))
    assert grade.grade(LAB, log).hints == 7

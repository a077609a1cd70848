"""Every lab that ships, over real wires: its goals are open before the solution, and it passes after it."""

from __future__ import annotations

import asyncio

import pytest

from fwsim.cli.labcheck import bench
from fwsim.labs import grade, soundness
from fwsim.labs import lab as labs
from fwsim.rehearsal import classroom
from fwsim.rehearsal.scenario import names as scenarios

pytestmark = pytest.mark.wire
SPEED = 300
NAMES = sorted(path.stem for path in labs.folder().glob("*.yaml"))
KINDS = {
    "first-bmc-update", "bios-on-supermicro", "bios-on-dell", "three-images", "corrupt-download", "missing-step",
    "dhcp-reversion", "lan-mode-lost", "users-reset", "interrupted-flash", "silent-rollback", "failed-post",
    "severe-lock", "stuck-job", "night-shift",
}  # fmt: skip


def test_every_kind_of_lab_is_there() -> None:
    assert set(NAMES) >= KINDS
    assert not {"night-shift", "first-bmc-update"} & set(scenarios()), "a lab is no scenario"


@pytest.mark.parametrize("name", NAMES)
def test_the_check_is_red_before_and_green_after_the_solution(name: str) -> None:
    lab = labs.load(name)
    assert list(grade.unknown(lab)) == []

    async def run() -> soundness.Tried:
        return await soundness.golden(lab, lambda: bench(lab, SPEED))

    tried = asyncio.run(run())
    assert tried.good, tried.seen


def test_three_ways_to_do_it_wrong_are_caught() -> None:
    lab = labs.load("dhcp-reversion")
    tried = asyncio.run(soundness.tries(lab, lambda: bench(lab, SPEED)))
    assert [each.name for each in tried[1:]] == [
        "without HASH",
        "power off while a bank is written",
        "straight to the CMOS clear",
    ]
    assert all(each.good for each in tried), tried


def test_a_lab_whose_gate_nothing_misses_is_not_sound() -> None:
    """The same lab, with a solution that never compares a checksum: it must not be called sound."""
    lab = labs.load("first-bmc-update")
    careless = lab.model_copy(update={"solution": tuple(a for a in lab.solution if "HASH" not in a.shows)})
    tried = asyncio.run(soundness.golden(careless, lambda: bench(careless, SPEED)))
    assert not tried.good
    assert "HASH" in tried.seen


def test_a_damaged_download_differs_from_its_published_checksum() -> None:
    files = classroom.shelf(labs.load("corrupt-download"))
    whole, broken = files["BMC_X11SSH-F_3.90-mirror.hpm"], files["BMC_X11SSH-F_3.90.hpm"]
    assert len(whole) == len(broken)
    assert whole != broken
    lines = files["SHA256SUMS"].decode().splitlines()
    assert lines[0].split()[0] == lines[1].split()[0], "the vendor published one image"

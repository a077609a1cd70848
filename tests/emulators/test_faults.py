"""When faults fire."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from emulators.faults import Fault, Faults


def test_a_flash_fault_fires_once_from_its_percentage_on() -> None:
    faults = Faults((Fault(kind="flash-interrupted", percent=40),))
    assert not faults.passing("hpm.block", percent=39)
    assert faults.passing("hpm.block", percent=41)
    assert not faults.passing("hpm.block", percent=50)


def test_a_target_narrows_a_flash_fault_to_one_chip() -> None:
    faults = Faults((Fault(kind="flash-interrupted", target="bios", percent=0),))
    assert not faults.passing("hpm.block", percent=90)
    assert faults.passing("bios.write", percent=1)


def test_the_nth_passing_counts() -> None:
    faults = Faults((Fault(kind="host-never-returns", nth=2),))
    assert [bool(faults.passing("host.boot")) for _ in range(3)] == [False, True, False]


def test_a_fault_does_not_fire_at_a_point_that_is_not_its_own() -> None:
    assert not Faults((Fault(kind="not-activated"),)).passing("host.boot")


def test_a_fault_at_a_command_fires_at_that_command_alone() -> None:
    faults = Faults((Fault(kind="hpm-silent", command=0x33, nth=2, times=None),))
    assert not faults.passing("hpm.command", command=0x31)
    assert not faults.passing("hpm.command", command=0x33), "the first"
    assert all(faults.passing("hpm.command", command=0x33) for _ in range(3)), "from the second on, for ever"


def test_a_fault_at_blocks_fires_from_its_percentage_on() -> None:
    faults = Faults((Fault(kind="hpm-answer", command=0x32, completion_code=0xC0, percent=25, times=2),))
    assert [bool(faults.passing("hpm.command", percent=p, command=0x32)) for p in (24, 26, 27, 28)] == [
        False, True, True, False,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "hpm-answer", "command": 0x32},
        {"kind": "hpm-silent"},
        {"kind": "host-never-returns", "command": 0x32},
    ],
)
def test_a_fault_that_says_too_little_or_too_much_is_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Fault.model_validate(fields)

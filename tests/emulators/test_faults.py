"""When faults fire."""

from __future__ import annotations

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

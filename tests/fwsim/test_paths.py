"""The order of flashes on the way from the running version to the wanted one."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.paths import Downgrade, NoPath, hops
from fwsim.plan import Image, PayloadEntry
from fwsim.versions import Requirement, Version


def entry(version: str, requires: str = "", *between: tuple[str, str]) -> PayloadEntry:
    images = tuple(Image(file=Path(v), version=v, sha256="0" * 64, requires=r) for v, r in between)
    wanted = Image(file=Path(version), version=version, sha256="0" * 64, requires=requires)
    return PayloadEntry(kind="bmc", intermediate=images, **wanted.model_dump())


def versions(wanted: PayloadEntry, running: str, **options: bool) -> list[str]:
    return [hop.version for hop in hops(wanted, running, **options)]


def test_without_requirements_the_way_is_one_flash() -> None:
    (hop,) = hops(entry("3.90"), "3.10")
    assert (hop.version, hop.last, hop.kind) == ("3.90", True, "bmc")


def test_the_wanted_version_needs_no_flash() -> None:
    assert hops(entry("3.90"), "3.90") == ()


def test_an_intermediate_version_is_flashed_first() -> None:
    row = hops(entry("3.90", ">=3.10", ("3.20", ">=2.0")), "2.5")
    assert [(hop.version, hop.last) for hop in row] == [("3.20", False), ("3.90", True)]


def test_an_intermediate_version_that_is_not_needed_is_left_out() -> None:
    assert versions(entry("3.90", ">=3.10", ("3.20", "")), "3.10") == ["3.90"]


def test_a_ladder_is_climbed_in_order_whatever_the_plan_s_order() -> None:
    ladder = entry("2.65.65.65", ">=2.20", ("2.20.20.20", ">=1.66"), ("1.66.65", ">=1.57"))
    assert versions(ladder, "1.57.57") == ["1.66.65", "2.20.20.20", "2.65.65.65"]


def test_the_shortest_way_wins() -> None:
    wanted = entry("4.0", ">=3.0", ("2.0", ""), ("2.5", ">=2.0"), ("3.0", ">=2.0"), ("3.5", ">=3.0"))
    assert versions(wanted, "1.0") == ["2.0", "3.0", "4.0"]


def test_a_missing_intermediate_version_is_named() -> None:
    with pytest.raises(NoPath, match=r"bmc 3\.90 requires >=3\.10 and 3\.00 runs; add the missing version \(>=3\.10\)"):
        hops(entry("3.90", ">=3.10"), "3.00")


def test_intermediate_versions_that_do_not_lead_there_are_named() -> None:
    with pytest.raises(NoPath, match=r"do not lead there: 3\.20 \(requires >=3\.05\)"):
        hops(entry("3.90", ">=3.10", ("3.20", ">=3.05")), "3.00")


def test_a_downgrade_is_refused_unless_it_is_meant() -> None:
    with pytest.raises(Downgrade, match="allow_downgrade"):
        hops(entry("3.80"), "3.90")
    assert versions(entry("3.80"), "3.90", allow_downgrade=True) == ["3.80"]


def test_a_downgrade_may_need_steps_too() -> None:
    assert versions(entry("3.0", "<3.5", ("3.2", "")), "3.90", allow_downgrade=True) == ["3.2", "3.0"]


small = st.integers(1, 9).map(str)


@given(small, small, st.lists(st.tuples(small, small), max_size=5), small)
def test_every_row_meets_every_requirement_and_ends_at_the_wanted_version(
    running: str, wanted: str, between: list[tuple[str, str]], needs: str
) -> None:
    plan = entry(wanted, f">={needs}", *((v, f">={r}") for v, r in between))
    try:
        row = hops(plan, running)
    except NoPath:
        return
    at = running
    for hop in row:
        assert Requirement(hop.requires).allows(at)
        assert Version(hop.version) > Version(at)
        at = hop.version
    assert at == wanted

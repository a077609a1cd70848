"""Vendors' version strings: order, equality, requirements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fwsim.versions import BadVersion, Requirement, Version, same


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("3.88", "3.90"),
        ("3.9", "3.10"),
        ("01.02.18", "01.03.06"),
        ("6.10.30.00", "6.10.80.00"),
        ("2.17.1", "2.19.1"),
        ("3.0", "3.0a"),
        ("3.0a", "3.0b"),
        ("3.0b", "3.1"),
        ("2.70.70.70", "2.82.82.82"),
        ("3.88", "10.01"),
    ],
)
def test_a_newer_version_is_greater(older: str, newer: str) -> None:
    assert Version(older) < Version(newer)
    assert Version(newer) > Version(older)


@pytest.mark.parametrize(
    ("one", "other"), [("01.02.18", "1.2.18"), ("3.9", "3.09"), ("6.10.30.00", "6.10.30"), ("3.0A", "3.0a")]
)
def test_leading_and_trailing_zeros_and_case_do_not_matter(one: str, other: str) -> None:
    assert same(one, other)
    assert hash(Version(one)) == hash(Version(other))


@pytest.mark.parametrize(("one", "other"), [("3.9", "3.90"), ("3.0", "3.0a"), ("2.6", "2.60")])
def test_a_minor_number_is_a_number_and_no_fraction(one: str, other: str) -> None:
    assert not same(one, other)


@pytest.mark.parametrize("text", ["", " ", "three", "3..1", "3.1 beta", "v3.1", "3.1+2", ".", "3.a"])
def test_text_that_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(BadVersion, match="expected numbers with dots"):
        Version(text)


@pytest.mark.parametrize(
    ("requirement", "version", "allowed"),
    [
        (">=3.10", "3.10", True),
        (">=3.10", "3.09", False),
        (">=3.10, <4", "3.88", True),
        (">=3.10, <4", "4.0", False),
        ("==2.0", "2.0.0", True),
        ("!=2.1", "2.1", False),
        ("<=2.9.1", "2.9.2", False),
        (">3.0", "3.0a", True),
        ("", "0.1", True),
    ],
)
def test_a_requirement_allows_what_its_words_say(requirement: str, version: str, allowed: bool) -> None:
    assert Requirement(requirement).allows(version) is allowed


@pytest.mark.parametrize("text", ["3.10", "=>3.10", ">=", ">=3.10,", "~=3.1", ">=x"])
def test_text_that_is_no_requirement_is_refused(text: str) -> None:
    with pytest.raises(BadVersion):
        Requirement(text)


numbers = st.lists(st.integers(0, 999), min_size=1, max_size=4)


@given(numbers, numbers)
def test_order_is_that_of_the_numbers(one: list[int], other: list[int]) -> None:
    padded = [row + [0] * (4 - len(row)) for row in (one, other)]
    first, second = (Version(".".join(map(str, row))) for row in (one, other))
    assert (first < second) is (padded[0] < padded[1])
    assert (first == second) is (padded[0] == padded[1])

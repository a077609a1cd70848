"""A test that drives a program of the machine skips without it, and fails where everything must run."""

from __future__ import annotations

import os

import pytest

from tests.tools import require_tool

ABSENT = "no-such-program-of-any-machine"


def test_a_missing_program_skips_and_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FWSIM_REQUIRE_ALL", raising=False)
    with pytest.raises(pytest.skip.Exception, match=ABSENT):
        require_tool(ABSENT)


def test_a_missing_program_fails_where_all_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FWSIM_REQUIRE_ALL", "1")
    with pytest.raises(pytest.fail.Exception, match=ABSENT):
        require_tool(ABSENT)


def test_a_program_that_is_there_is_found() -> None:
    assert require_tool("sh").endswith("/sh")


@pytest.mark.xdist_group("together")
def test_tests_of_one_group_share_a_worker(request: pytest.FixtureRequest) -> None:
    """pytest-xdist tells a group by the end of the test's id; without it, tests would take each other's containers."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        assert request.node.nodeid.endswith("@together")

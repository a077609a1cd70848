"""The tests of sessions run against both framings: our own, and pyghmi's as its peer."""

from __future__ import annotations

import pytest

from emulators.bmc.wire import CHOICE

BOTH = ("test_lan_login", "test_lan_session", "test_lan_hostile", "test_kcs_wire")


@pytest.fixture(autouse=True)
def framing(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """The framing of this test: our own where it is not said."""
    choice: str = getattr(request, "param", "own")
    monkeypatch.setenv(CHOICE, choice)
    return choice


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A module of BOTH is run with each."""
    if metafunc.module.__name__.rsplit(".", 1)[-1] in BOTH:
        metafunc.parametrize("framing", ["own", "pyghmi"], indirect=True)

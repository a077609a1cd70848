"""A home that cannot keep up lags; it never falls behind for ever."""

from __future__ import annotations

import time

import pytest

from emulators.home.pump import LAG_S, Pump
from tests.emulators.bmc.bench import server


def test_a_server_that_takes_longer_than_its_time_lags_and_each_look_at_it_stays_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Working out a simulated second takes a hundredth of a wall second, at a hundred and fifty of them a second."""
    wall = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: wall[0])
    on = server()

    async def push() -> None:
        """Nothing is pushed."""

    pump = Pump(on, 150.0, push)

    def live() -> None:
        wall[0] += 0.01
        on.agenda.after(1.0, live)

    on.agenda.after(1.0, live)
    looks = []
    for _ in range(200):
        wall[0] += 0.001  # what else the event loop does
        began = wall[0]
        pump.catch_up()
        looks.append(wall[0] - began)
    assert max(looks) < 4 * LAG_S
    assert on.now > 100, "it goes on living"


def test_a_server_that_keeps_up_does_not_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    wall = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: wall[0])
    on = server()

    async def push() -> None:
        """Nothing is pushed."""

    pump = Pump(on, 60.0, push)
    on.agenda.after(30.0, lambda: wall.__setitem__(0, wall[0] + 2 * LAG_S))  # once, and then there is time again
    for _ in range(10):
        wall[0] += 1.0
        pump.catch_up()
    assert on.now == pytest.approx((10 + 2 * LAG_S) * 60.0, rel=0.03)

"""The benchmark of the BMC: what it says of an aim, and that it measures a server at all."""

from __future__ import annotations

import pytest

from benchmarks import measure, peers
from benchmarks.bench_bmc import OWN, SEAM, STOCK, Figures, aims
from benchmarks.results import Aim


@pytest.mark.parametrize(("value", "at_most", "met"), [(0.4, True, True), (0.5, True, False), (0.5, False, True)])
def test_an_aim_is_met_on_its_right_side(value: float, at_most: bool, met: bool) -> None:
    aim = Aim("a ratio", value, 0.45, at_most)
    assert aim.met is met
    assert ("MISSED" in aim.line()) is not met


def test_a_peer_that_is_not_here_has_no_aim() -> None:
    figures = {name: Figures(0.1, cpu_us=10, upload_kb_s={36: 100, 1024: 5000}) for name in (OWN, SEAM, STOCK)}
    assert not any("ipmi_sim" in aim.what for aim in aims(figures, {1000: 50.0}))


@pytest.mark.wire
def test_every_figure_of_our_server_can_be_taken() -> None:
    with peers.ours("ours") as peer:
        rate, cpu_us = measure.commands(peer, 50)
        assert rate > 0 and 0 < cpu_us < 10_000
        assert measure.sessions(peer, 3) > 0
        assert measure.upload(peer, "x11ssm-f", 4096, 1024) > 0
        assert 10 < measure.resident_mb(peer.pid) < 200

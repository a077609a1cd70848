"""Upgrades by the real ipmitool through a network that loses, doubles, delays and reorders: the bytes are right."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.emulators.bmc import hpm_bench
from tests.emulators.bmc.hpm_bench import image, package, wired
from tests.lossy import Weather, lossy

pytestmark = pytest.mark.wire
BLOCK = (0x2C, 0x32)


@pytest.mark.parametrize(
    ("weather", "block_size", "size", "seed"),
    [
        (Weather.of(0.05), 1024, 32_768, 4),
        (Weather.of(0.05), None, 2048, 7),
        (Weather(loss=0.02), None, 4096, 2),
    ],
    ids=["5 % of each, large blocks", "5 % of each, 36-byte blocks", "2 % loss, 36-byte blocks"],
)
def test_an_upgrade_through_a_bad_network_writes_the_right_bytes(
    tmp_path: Path, weather: Weather, block_size: int | None, size: int, seed: int
) -> None:
    board = hpm_bench.board(block_size=block_size)
    with wired(tmp_path, board) as on, lossy(("127.0.0.1", on.port), weather, seed) as (port, tally):
        on.port = port
        done = on.upgrade(package(board, size=size), "force")
        assert done.status == 0, done.text
        assert on.bank()[:size] == image(board, size=size)
        assert on.server.bmc.chip.pending is not None
        assert tally.lost >= 2
        if weather.duplicate:
            assert min(tally.doubled, tally.reordered, tally.delayed) >= 2


def test_a_good_network_changes_nothing(tmp_path: Path) -> None:
    board = hpm_bench.board()
    with wired(tmp_path, board) as on, lossy(("127.0.0.1", on.port), Weather()) as (port, tally):
        on.port = port
        assert on.upgrade(package(board), "force").status == 0
        assert (tally.lost, tally.doubled, tally.reordered, tally.delayed) == (0, 0, 0, 0)
        numbers = [data[1] for netfn, command, data in on.messages if (netfn, command) == BLOCK]
        assert numbers == list(range(len(numbers))), "each block once"

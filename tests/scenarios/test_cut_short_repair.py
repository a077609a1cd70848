"""A repair can be cut short as well: what the first flash had proved of the bank says nothing of it any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from fwsim.rehearsal import matrix
from fwsim.rehearsal.prepare import from_scenario
from fwsim.rehearsal.scenario import load
from recovery import unattended

CUT, STALLED = "flash-interrupted:target=bios,percent=50", "flash-stalls:percent=50"


@pytest.mark.parametrize(
    ("board", "cut", "ending"),
    [
        ("x11ssh-f", CUT, "repaired"),
        ("x11ssh-f", STALLED, "failed"),
        ("r740", CUT, "failed"),
        ("r740", STALLED, "failed"),
    ],
)
def test_a_bios_half_written_through_the_bmc_is_not_powered_on(
    board: str, cut: str, ending: str, tmp_path: Path
) -> None:
    """It is written again where the tool has ended, or nothing more is done to it."""
    scenario = load(board)
    server = scenario.server.model_copy(update={"licences": ("oob", "dcms", "enterprise")})
    prepared = from_scenario(scenario.model_copy(update={"server": server}), tmp_path / "payloads")
    name = f"bios-written-corrupt@bios-flash+{cut}@repair-reflash-bios-oob"
    outcome = matrix.rehearse(prepared, matrix.watch(prepared), matrix.parse_cell(name), unattended.recover)
    assert outcome.fired
    assert outcome.remote[:1] == ("repair-reflash-bios-oob",)
    assert outcome.broken == ()
    assert outcome.verdict == ending

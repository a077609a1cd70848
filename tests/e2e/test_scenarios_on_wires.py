"""Scenarios marked `wire: true` end over real SSH and IPMI as they do in memory, and leave the same record."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from emulators.truth import Truth
from fwsim.events import Event
from fwsim.rehearsal import Options, expected, never_fired, on_wires, recorded
from fwsim.rehearsal.prepare import from_scenario
from fwsim.rehearsal.scenario import load, names
from recovery import unattended

pytestmark = [pytest.mark.e2e, pytest.mark.wire]
SPEED = 300.0  # a stage has 20 minutes for a restart: at 600 two seconds of a busy machine would be all of them
MARKED = [name for name in names() if load(name).wire]


@pytest.mark.timeout(110)
@pytest.mark.parametrize("name", MARKED)
def test_a_marked_scenario_ends_over_wires_as_its_file_says(name: str, tmp_path: Path) -> None:
    scenario = load(name)
    prepared = from_scenario(scenario, tmp_path / "payloads")
    events: list[Event] = []
    told: list[Truth] = []
    how: dict[str, Any] = {"run_id": prepared.run_id, "run_dir": tmp_path, "recover": unattended.recover}
    asyncio.run(on_wires(prepared, events.append, Options(speed=SPEED), judge=told.append, **how))
    became = expected.Became(events, recorded(tmp_path), told[-1], told[0].bmc_at)
    assert [str(d) for d in expected.differences(scenario.expect, became)] == [], events[-1]
    assert never_fired(tmp_path) == []


def test_several_scenarios_are_marked() -> None:
    assert len(MARKED) >= 4

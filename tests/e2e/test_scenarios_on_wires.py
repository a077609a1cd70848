"""Scenarios marked `wire: true` end over real SSH and IPMI as they do in memory, and leave the same record."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from fwsim.events import Event
from fwsim.rehearsal import WORLD, Options, on_wires
from fwsim.rehearsal.prepare import from_scenario
from fwsim.rehearsal.scenario import load, names
from recovery import unattended

pytestmark = [pytest.mark.e2e, pytest.mark.wire]
SPEED = 600.0
MARKED = [name for name in names() if load(name).wire]


@pytest.mark.timeout(110)
@pytest.mark.parametrize("name", MARKED)
def test_a_marked_scenario_ends_over_wires_as_its_file_says(name: str, tmp_path: Path) -> None:
    scenario = load(name)
    prepared = from_scenario(scenario, tmp_path / "payloads")
    events: list[Event] = []
    how: dict[str, Any] = {"run_id": prepared.run_id, "run_dir": tmp_path, "recover": unattended.recover}
    ended = asyncio.run(on_wires(prepared, events.append, Options(speed=SPEED), **how))
    expect = scenario.expect
    assert (ended.ending, events[-1]) == (expect.ending, ended), ended.message
    kinds = [json.loads(line)["kind"] for line in (tmp_path / WORLD).read_text("utf-8").splitlines()]
    assert [seen.world for seen in expect.must if seen.world is not None and seen.world not in kinds] == []
    assert [seen.world for seen in expect.never if seen.world in kinds] == []
    assert "fault-never-fired" not in kinds


def test_several_scenarios_are_marked() -> None:
    assert len(MARKED) >= 4

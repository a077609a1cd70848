"""One cell of the matrix over real SSH and IPMI: the same events in the same order, and the same end, as in memory."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from emulators.server import VirtualServer
from emulators.truth import Truth
from emulators.world import World
from fwsim.events import Event, Intent, RunEnded, StepEnded, StepStarted
from fwsim.rehearsal import Injection, Options, in_memory, matrix, on_wires, recorded, wire
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import load
from tests.e2e.test_program import FWSIM, started, until
from tests.e2e.test_resume import events as events_of
from tests.e2e.test_resume import step

pytestmark = [pytest.mark.e2e, pytest.mark.wire]
SPEED = 200.0
CELLS = [
    ("x11ssh-f", "flash-interrupted:percent=25@bmc-flash"),
    ("x11ssh-f", "hpm-answer:command=0x31,completion_code=0xd5@bmc-flash"),
    ("x11ssh-f", "licence-missing@power"),
    ("x11ssh-f", "payload-corrupted:times=2@transfer"),
]


def words(events: list[Event]) -> list[tuple[str, ...]]:
    """Names and order of what a run is made of: its steps with their outcomes, what it announced, and its end."""
    found: list[tuple[str, ...]] = []
    for event in events:
        match event:
            case StepStarted(step=step):
                found.append((event.name, step))
            case StepEnded(step=step, outcome=outcome):
                found.append((event.name, step, outcome))
            case Intent(step=step, action=action):
                found.append((event.name, step, action))
            case RunEnded(ending=ending):
                found.append((event.name, ending))
            case _:
                pass
    return found


def prepared(board: str, folder: Path) -> Prepared:
    return from_scenario(load(board), folder / "payloads")


def virtual(board: str, injections: tuple[Injection, ...], folder: Path) -> tuple[list[Event], list[str]]:
    """The events in memory, and the faults that fired."""
    folder.mkdir()
    rehearsed, events = prepared(board, folder), list[Event]()
    server = VirtualServer(rehearsed.spec, World())
    in_memory(rehearsed, events.append, run_id="in-memory", run_dir=folder, server=server, injections=injections)
    return events, [fault.kind for fault in server.faults.fired]


@pytest.mark.timeout(110)
@pytest.mark.parametrize(("board", "name"), CELLS, ids=[name for _, name in CELLS])
def test_a_cell_goes_over_the_wires_as_it_goes_in_memory(board: str, name: str, tmp_path: Path) -> None:
    cell = matrix.parse_cell(name)
    rehearsed, events, told = prepared(board, tmp_path), list[Event](), list[Truth]()
    asyncio.run(
        on_wires(
            rehearsed, events.append, Options(speed=SPEED), run_id="on-wires", run_dir=tmp_path,
            injections=cell.injections, judge=told.append,
        )
    )  # fmt: skip
    expected, fired = virtual(board, cell.injections, tmp_path / "memory")
    assert words(events) == words(expected)
    assert list(dict.fromkeys(r["fault"] for r in recorded(tmp_path) if r["kind"] == "fault-fired")) == fired
    assert [i.fault.kind for i in cell.injections] == fired
    assert told[0].versions == {"bmc": "3.88", "bios": "2.6"}
    assert not (tmp_path / "control.sock").exists()


def test_the_command_line_replays_and_judges_a_cell_on_the_wires(tmp_path: Path) -> None:
    cell = ("--only", "someone-resets-bmc@power", "--speed", "300", "--seed", "3")
    command = (*FWSIM, "rehearse", *cell, "--runs", str(tmp_path / "runs"), "--progress", "plain")
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    assert "no rule was broken" in done.stderr
    assert "never fired" not in done.stderr
    (world,) = (tmp_path / "runs").glob("*/world.jsonl")
    armed = [json.loads(line) for line in world.read_text().splitlines() if '"fault-armed"' in line]
    assert [(r["fault"], r["step"]) for r in armed] == [("someone-resets-bmc", "power")]


def test_a_server_that_goes_away_ends_the_rehearsal_as_lost(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    command = ("rehearse", "--speed", "20", "--runs", str(runs), "--progress", "plain")
    with started(*command, state=tmp_path) as process:
        until(lambda: step("transfer")(events_of(runs)))
        (record,) = runs.glob("*/server.json")
        os.kill(json.loads(record.read_text())["pid"], signal.SIGKILL)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "the rehearsal is lost" in err
    assert "Traceback" not in err
    assert not (record.parent / "control.sock").exists()


def test_an_announcement_to_nobody_is_a_lost_server(tmp_path: Path) -> None:
    with pytest.raises(wire.ServerLost, match="does not answer"):
        wire.announce(tmp_path, "power")

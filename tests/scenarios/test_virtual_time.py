"""Virtual time: same scenario and seed, same journal byte for byte, however often the world is looked at."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emulators.server import VirtualServer
from emulators.world import World
from fwsim.events import Event, RunEnded, to_json
from fwsim.rehearsal import engine, in_memory
from fwsim.rehearsal.memory import MemoryClock, drive
from fwsim.rehearsal.prepare import from_scenario
from fwsim.rehearsal.scenario import load, names

PROGRAM = """
import sys
from pathlib import Path
from fwsim.journal import Journal
from fwsim.rehearsal import in_memory
from fwsim.rehearsal.prepare import from_scenario
from fwsim.rehearsal.scenario import load
folder = Path(sys.argv[2])
prepared = from_scenario(load(sys.argv[1]), folder / "payloads", seed=int(sys.argv[3]))
with Journal(folder / "events.jsonl") as journal:
    in_memory(prepared, journal.write, run_id=prepared.run_id, run_dir=folder)
"""


def journal(name: str, folder: Path, *, seed: int = 0, hash_seed: str = "0") -> bytes:
    """Of a rehearsal in a process of its own: another memory, another order of every set."""
    folder.mkdir()
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = (sys.executable, "-c", PROGRAM, name, str(folder), str(seed))
    subprocess.run(command, env=environment, check=True, timeout=60)
    return (folder / "events.jsonl").read_bytes()


@pytest.mark.parametrize("name", ["x11ssh-f", "r740", "failed-post"])
def test_the_same_scenario_and_seed_give_the_same_journal_byte_for_byte(name: str, tmp_path: Path) -> None:
    first = journal(name, tmp_path / "a", hash_seed="1")
    assert first == journal(name, tmp_path / "somewhere-else", hash_seed="2")
    assert len(first) > 20_000


def test_another_seed_is_another_run_on_another_server(tmp_path: Path) -> None:
    assert journal("x11ssh-f", tmp_path / "a") != journal("x11ssh-f", tmp_path / "b", seed=1)


@pytest.mark.parametrize("name", names())
def test_no_path_of_the_operators_machine_stands_in_an_event(name: str, tmp_path: Path) -> None:
    prepared = from_scenario(load(name), tmp_path / "payloads")
    events: list[Event] = []
    in_memory(prepared, events.append, run_id=prepared.run_id, run_dir=tmp_path)
    assert not [e for e in events if str(tmp_path) in to_json(e)]


class RestlessClock(MemoryClock):
    """A clock that goes in many small steps where one would do, and looks at the server between them."""

    def __init__(self, server: VirtualServer, seed: int) -> None:
        super().__init__(server)
        self._random = random.Random(seed)

    async def sleep(self, seconds: float) -> None:
        until = self._server.now + seconds
        for at in sorted(self._random.uniform(self._server.now, until) for _ in range(self._random.randint(0, 5))):
            self._server.advance(at)
            assert self._server.next_due() is None or self._server.next_due() != at
            _ = self._server.bmc.address, self._server.phase, self._server.host.processes
        self._server.advance(until)


def told(name: str, folder: Path, seed: int | None) -> list[Event]:
    prepared = from_scenario(load(name), folder / "payloads")
    server = VirtualServer(prepared.spec, World())
    events: list[Event] = []
    running = engine(prepared, events.append, server, run_id="r", run_dir=folder)
    if seed is not None:
        clock = RestlessClock(server, seed)
        object.__setattr__(running._context.doors, "clock", clock)
    assert isinstance(drive(running.run()), RunEnded)
    return events


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(["dhcp-reversion", "failed-post", "r740"]), seed=st.integers(0, 2**32))
def test_looking_at_the_world_more_often_changes_nothing(name: str, seed: int, tmp_path: Path) -> None:
    assert told(name, tmp_path, seed) == told(name, tmp_path, None)

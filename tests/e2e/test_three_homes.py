"""The same rehearsal in memory, in a process and in Docker: the same events in the same order, and the same end."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest

from fwsim.events import Event
from fwsim.rehearsal import Options, in_memory, on_wires
from fwsim.rehearsal.prepare import from_scenario
from fwsim.rehearsal.scenario import load
from tests.docker_engine import made
from tests.e2e.test_docker import left
from tests.e2e.test_program import started, until
from tests.e2e.test_replay_on_wires import words
from tests.e2e.test_resume import events as events_of
from tests.e2e.test_resume import resume, step

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.xdist_group("networks"), pytest.mark.timeout(400)]
SPEED = 150.0
MARKED = ("dhcp-reversion", "no-ipmitool", "checksum-rejected")


@pytest.fixture(scope="module")
def image() -> str:
    return made()


def virtual(name: str, folder: Path) -> list[Event]:
    folder.mkdir()
    prepared, events = from_scenario(load(name), folder / "payloads"), list[Event]()
    in_memory(prepared, events.append, run_id="in-memory", run_dir=folder)
    return events


def wired(name: str, folder: Path, image: str | None) -> list[Event]:
    folder.mkdir()
    prepared, events = from_scenario(load(name), folder / "payloads"), list[Event]()
    how = Options(speed=SPEED, image=image)
    asyncio.run(on_wires(prepared, events.append, how, run_id=folder.name, run_dir=folder))
    return events


@pytest.mark.parametrize("name", MARKED)
def test_a_rehearsal_goes_the_same_way_in_three_homes(name: str, image: str, tmp_path: Path) -> None:
    expected = words(virtual(name, tmp_path / "memory"))
    assert words(wired(name, tmp_path / "process", None)) == expected
    assert words(wired(name, tmp_path / "docker", image)) == expected
    assert left("docker") == []
    assert not (tmp_path / "docker" / "control.sock").exists()


def test_a_killed_rehearsal_in_docker_is_gone_on_with(image: str, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    command = ("rehearse", "--docker", "--image", image, "--speed", "150", "--runs", str(runs))
    with started(*command, state=tmp_path) as process:
        until(lambda: process.poll() is not None or step("transfer")(events_of(runs)))
        process.send_signal(signal.SIGKILL)
        process.wait()
    (run,) = runs.iterdir()
    assert left(run.name), "the server goes on"
    code, out, err = resume(runs, tmp_path)
    assert code == 0, out + err
    assert out.splitlines()[-1].startswith("updated: ")
    assert left(run.name) == []

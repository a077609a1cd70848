"""A lab in a container: the learner reaches it at addresses of its own, and nothing is left of it at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from emulators.docker import engine
from emulators.docker.engine import FOLDER
from fwsim.labs import grade
from fwsim.labs import lab as labs
from fwsim.labs import session as sessions
from fwsim.labs.log import records
from fwsim.rehearsal import classroom
from tests.docker_engine import made

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.docker,
    pytest.mark.xdist_group("networks"),
    pytest.mark.timeout(400),
]


def test_a_lost_address_is_found_and_put_back_in_a_container(tmp_path: Path) -> None:
    """The BMC reverts to DHCP and leases for real; its old address is written back from the learner's own notes."""
    lab = labs.load("dhcp-reversion")
    directory = tmp_path / "20260101-000000-lab-dhcp-reversion-0000"
    directory.mkdir()
    image = made()

    async def run() -> grade.Grade:
        ready = await classroom.start(lab, directory, speed=60, image=image)
        assert not ready.ipmi.host.startswith("127.")
        async with classroom.player(lab, ready, directory) as player:
            for act in lab.solution:
                await player.play(act)
        await asyncio.to_thread(classroom.tell, directory)
        rows = records(directory / sessions.WORLD)
        return grade.grade(lab, sessions.since_handed_over(rows, lab, "practice"))

    try:
        found = asyncio.run(run())
    finally:
        classroom.end(directory, lab)
    assert found.passed, [f.item.id for f in found.findings if not f.met]
    mine = {"label": f"{FOLDER}={directory}"}
    client = engine.connect()
    assert client.containers.list(all=True, filters=mine) == []
    assert client.networks.list(filters=mine) == []

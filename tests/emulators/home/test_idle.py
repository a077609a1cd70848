"""When a home counts as idle: whoever talks to its server is using it, its own health check is not."""

from __future__ import annotations

import asyncio
import socket

import pytest

from emulators.docker.probe import ASK
from emulators.home.config import HomeConfig
from emulators.home.home import Home
from emulators.spec import ServerSpec

pytestmark = pytest.mark.wire
SPEC = ServerSpec(board="x11ssh-f", host_address="127.0.0.1", bmc_address="127.0.0.1", dhcp_pool=("127.0.1.100",))


async def asked_from(source: str) -> bool:
    """Is a BMC at 127.0.0.1 that is asked from there in use then? It answers in any case."""
    home = Home(HomeConfig(spec=SPEC))
    home.checks_itself = True
    ready = await home.open()
    try:
        before = home.pump.last_access
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.bind((source, 0))
            client.sendto(ASK, (ready.ipmi.host, ready.ipmi.port))
            answer = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 1024), 5)
        assert answer[:4] == ASK[:4]
        return home.pump.last_access > before
    finally:
        await home.close()


def test_a_containers_health_check_keeps_no_server_alive() -> None:
    assert not asyncio.run(asked_from("127.0.0.1"))


def test_anybody_elses_question_does() -> None:
    assert asyncio.run(asked_from("127.0.0.2"))

"""Many BMCs in one process: all answer, each as itself, for little memory; and none costs anything while idle."""

from __future__ import annotations

import asyncio
import json
import re
import resource
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.lan_client import Client
from emulators import boards
from emulators.boards.series import later, nth
from emulators.home import places
from emulators.home.config import EstateConfig
from emulators.home.crew import shares
from emulators.home.estate import Estate
from emulators.server import VirtualServer
from emulators.spec import ServerSpec

pytestmark = pytest.mark.wire
SYSTEM_GUID = bytes.fromhex("0600ff07 06 00 00000000 00000000 0700 2018c8 81003748")  # RMCP+, no session, 06/37


@contextmanager
def up(*words: str) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """`fwsim emulator up x11ssh-f --json ...`: its pid, and its lines. Ended by its own pid."""
    command = [sys.executable, "-m", "fwsim", "emulator", "up", "x11ssh-f", "--json", *words]
    count = int(words[words.index("--count") + 1])
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        try:
            yield child.pid, [json.loads(child.stdout.readline()) for _ in range(count)]
        finally:
            child.terminate()
            assert child.wait(20) == 0


def guid(at: tuple[str, int]) -> str:
    """Who answers there: one datagram outside any session."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(5)
        client.sendto(SYSTEM_GUID, at)
        answer = client.recv(1000)
    return str(uuid.UUID(bytes_le=answer[23:39]))


def resident_mb(pid: int) -> float:
    [kilobytes] = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(kilobytes) / 1024


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.mark.e2e
@pytest.mark.parametrize("where", [(), ("--spread",)])
def test_two_hundred_bmcs_answer_each_as_itself(where: tuple[str, ...]) -> None:
    began = time.monotonic()
    with up("--count", "200", *where) as (pid, lines):
        seen = {guid((line["ipmi"]["host"], line["ipmi"]["port"])) for line in lines}
        assert time.monotonic() - began < 10
        assert seen == {line["guid"] for line in lines}
        assert len(seen) == 200
        for unique in ("name", "mac", "serial"):
            assert len({line[unique] for line in lines}) == 200
        assert resident_mb(pid) < 90
        hosts = {line["ipmi"]["host"] for line in lines}
        ports = [line["ipmi"]["port"] for line in lines]
        assert (len(hosts), len(set(ports))) == ((200, 1) if where else (1, 200))
        assert where or ports == list(range(ports[0], ports[0] + 200))
        with Client((lines[7]["ipmi"]["host"], ports[7]), "ADMIN", "ADMIN") as client:
            assert client.command(0x06, 0x01)[0] == 0


@pytest.mark.e2e
def test_idle_bmcs_use_no_time() -> None:
    with up("--count", "50") as (pid, lines):
        guid((lines[0]["ipmi"]["host"], lines[0]["ipmi"]["port"]))
        before = cpu_s(pid)
        time.sleep(1)
        assert cpu_s(pid) - before <= 0.02


@pytest.mark.e2e
def test_workers_share_an_estate_and_end_with_it() -> None:
    with up("--count", "7", "--workers", "3") as (pid, lines):
        assert [line["name"] for line in lines] == [f"x11ssh-f-{n:04d}" for n in range(1, 8)]
        pids = {line["pid"] for line in lines}
        assert len(pids) == 3 and pid not in pids
        assert len({guid((line["ipmi"]["host"], line["ipmi"]["port"])) for line in lines}) == 7
    assert not [child for child in pids if Path(f"/proc/{child}").exists()]


@pytest.mark.e2e
def test_what_only_a_whole_server_has_is_refused() -> None:
    command = [sys.executable, "-m", "fwsim", "emulator", "up", "x11ssh-f", "--count", "2", "--ssh-port", "2222"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "") and "--ssh-port" in done.stderr


def estate(count: int, **spec: Any) -> Estate:
    where = tuple(places.consecutive("127.0.0.1", 0, count))
    return Estate(EstateConfig(spec=ServerSpec(board="x11ssh-f", **spec), places=where, speed=100.0))


def test_one_pump_brings_back_every_bmc_that_was_reset() -> None:
    async def main() -> None:
        many = estate(20)
        await many.open()
        try:
            for dweller in many.dwellers[:5]:
                dweller.endpoint.datagram_received(b"", ("127.0.0.1", 9))  # type: ignore[union-attr]
                dweller.server.bmc.cold_reset()
                dweller.live()
            assert [d.server.bmc.answering for d in many.dwellers] == [False] * 5 + [True] * 15
            async with asyncio.timeout(10):
                while not all(d.server.bmc.answering for d in many.dwellers):
                    await asyncio.sleep(0.02)
            assert many.now() >= 120, "its boot takes two minutes"
        finally:
            await many.close()

    asyncio.run(main())


def test_a_bmc_that_gets_another_address_answers_there() -> None:
    async def main() -> None:
        many = estate(2)
        standing = await many.open()
        try:
            port = standing[1].ipmi.port
            many.dwellers[1].server.bmc.lan.address = "127.0.7.7"
            many.dwellers[1].live()
            async with asyncio.timeout(5):
                while many.dwellers[1].at[0] != "127.0.7.7":
                    await asyncio.sleep(0.01)
            reply = await asyncio.to_thread(guid, ("127.0.7.7", port))
            assert reply == standing[1].guid
        finally:
            await many.close()

    asyncio.run(main())


def test_banks_share_the_factory_image_until_one_is_written() -> None:
    one, other = (VirtualServer(ServerSpec(board="x11ssh-f"), hurry=False) for _ in range(2))
    assert one.chips["bmc"].banks[0]._cells is other.chips["bmc"].banks[0]._cells
    one.chips["bmc"].banks[0].write(100, b"changed")
    assert one.chips["bmc"].boot_firmware() is None
    assert other.chips["bmc"].boot_firmware() is not None


def test_a_host_made_late_is_the_host_that_was_there_all_the_time() -> None:
    early, late = (VirtualServer(ServerSpec(board="x11ssh-f"), hurry=hurry) for hurry in (True, False))
    for server in (early, late):
        server.advance(10)
        server.power_reset()
        server.advance(1000)
        server.power_off()
        server.advance(1100)
    assert late._host is None
    assert (late.host.up, late.host.boot_id, late.host.boots) == (early.host.up, early.host.boot_id, early.host.boots)
    for server in (early, late):
        server.power_on()
        server.advance(2000)
    assert late.host.up and late.host.boot_id == early.host.boot_id


@pytest.mark.parametrize("name", boards.names())
def test_boards_of_a_series_differ_in_what_a_factory_makes_different(name: str) -> None:
    made = [nth(boards.load(name), index) for index in range(300)]
    for unique in ("serial", "system_serial", "uuid"):
        assert len({getattr(board, unique) for board in made}) == 300, unique
    assert len({nic.mac for board in made for nic in board.nics}) == 300 * len(made[0].nics)
    assert made[299].product == made[0].product


@pytest.mark.parametrize(
    ("serial", "steps", "expected"),
    [("A09", 1, "A10"), ("A99", 1, "B00"), ("Z9", 1, "A0"), ("7K3XQ42", 58, "7K3XR00"), ("a-9", 1, "b-0")],
)
def test_serial_numbers_count_from_the_right(serial: str, steps: int, expected: str) -> None:
    assert later(serial, steps) == expected


def test_workers_get_nearly_equal_shares_in_order() -> None:
    config = EstateConfig(spec=ServerSpec(board="x11ssh-f"), places=tuple(("127.0.0.1", n) for n in range(10)), first=5)
    parts = shares(config, 3)
    assert [len(part.places) for part in parts] == [4, 3, 3]
    assert [part.first for part in parts] == [5, 9, 12]
    assert sum((part.places for part in parts), ()) == config.places
    assert len(shares(config, 99)) == 10


def test_places_that_are_taken_are_told() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        many = Estate(EstateConfig(spec=ServerSpec(board="x11ssh-f"), places=(("127.0.0.1", port),)))

        async def main() -> None:
            with pytest.raises(OSError, match="in use"):
                await many.open()
            await many.close()

        asyncio.run(main())
    with pytest.raises(OSError, match="beyond 65535"):
        places.consecutive("127.0.0.1", 65000, 1000)


def test_the_limit_of_open_files_is_raised_softly() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(200, soft), hard))
        places.allow_open_files(300)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (364, hard)
        places.allow_open_files(10)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (364, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

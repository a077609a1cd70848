"""The LAN door's clients, each against the same BMC on loopback."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from emulators.bmc.lan import Sessions
from emulators.bmc.rmcp_policy import Policy
from fwsim.doors import BmcAuthenticationRefused, BmcUnreachable, RawReply
from fwsim.network import BmcAddress, IpmitoolNetwork, PyghmiNetwork, choose, probe
from tests.emulators.bmc.lan_toy import GUID, NAME, PASSWORD, ToyBmc
from tests.emulators.bmc.wire_server import listening
from tests.tools import require_tool

pytestmark = pytest.mark.wire

Client = Callable[[BmcAddress], IpmitoolNetwork | PyghmiNetwork]


@pytest.fixture
def bmc() -> ToyBmc:
    return ToyBmc()


@pytest.fixture
def port(bmc: ToyBmc) -> Iterator[int]:
    with listening(Sessions(bmc)) as [(_, port)]:
        yield port


def _ipmitool(address: BmcAddress) -> IpmitoolNetwork:
    return IpmitoolNetwork(address, program=require_tool("ipmitool"))


@pytest.fixture(params=[_ipmitool, PyghmiNetwork], ids=["ipmitool", "pyghmi"])
def client(request: pytest.FixtureRequest) -> Client:
    made: Client = request.param
    return made


def login(port: int, password: str = PASSWORD.decode(), user: str = NAME.decode()) -> BmcAddress:
    return BmcAddress("127.0.0.1", user, password, port)


def test_a_request_brings_the_bmcs_bytes(client: Client, port: int) -> None:
    assert asyncio.run(client(login(port)).raw(0x06, 0x37)) == RawReply(0, GUID)


def test_data_goes_with_the_request(client: Client, port: int, bmc: ToyBmc) -> None:
    asyncio.run(client(login(port)).raw(0x30, 0x01, b"\x0c\xff\x00"))
    assert (0x30, 0, 0x01, b"\x0c\xff\x00") in [ran[:4] for ran in bmc.ran]


def test_a_completion_code_is_an_answer(client: Client, port: int) -> None:
    assert asyncio.run(client(login(port)).raw(0x06, 0x42, b"\x08")) == RawReply(0xCC, b"")


def test_a_wrong_password_is_refused_and_tried_at_most_twice(client: Client, port: int) -> None:
    network = client(login(port, "wrong"))
    for _ in range(3):
        with pytest.raises(BmcAuthenticationRefused) as refused:
            asyncio.run(network.raw(0x06, 0x37))
    assert "not tried again" in str(refused.value)


def test_an_unknown_user_is_refused(client: Client, port: int) -> None:
    with pytest.raises(BmcAuthenticationRefused):
        asyncio.run(client(login(port, user="nobody")).raw(0x06, 0x37))


def test_a_silent_bmc_is_unreachable_within_the_deadline(client: Client) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        with pytest.raises(BmcUnreachable):
            asyncio.run(client(login(mute.getsockname()[1])).raw(0x06, 0x37, timeout_s=0.5))


def test_a_probe_is_one_packet_and_no_login(client: Client, port: int, bmc: ToyBmc) -> None:
    assert asyncio.run(client(login(port)).probe())
    assert bmc.sessions == []


def test_a_probe_of_a_mute_or_absent_bmc_is_no(client: Client) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mute:
        mute.bind(("127.0.0.1", 0))
        port = mute.getsockname()[1]
        assert not asyncio.run(client(login(port)).probe(timeout_s=0.1))
    assert not asyncio.run(client(login(port)).probe(timeout_s=0.1))


def test_a_presence_ping_is_answered_without_a_login(client: Client, port: int, bmc: ToyBmc) -> None:
    assert asyncio.run(client(login(port)).ping())
    assert not asyncio.run(client(login(9)).ping(timeout_s=0.1))
    assert bmc.sessions == []


def test_the_same_login_elsewhere_shares_the_count_of_refusals(client: Client, port: int) -> None:
    here = client(login(port, "wrong"))
    there = here.elsewhere("127.0.0.1")
    assert asyncio.run(there.probe())
    for network in (here, there):
        with pytest.raises(BmcAuthenticationRefused):
            asyncio.run(network.raw(0x06, 0x37))
    with pytest.raises(BmcAuthenticationRefused, match="not tried again"):
        asyncio.run(here.raw(0x06, 0x37))


def test_an_answer_to_a_ping_is_none_to_a_probe() -> None:
    pong = bytes.fromhex("0600ff06000011be40000010" + "00" * 16)
    assert probe.is_pong(pong)
    assert not probe.is_reply(pong)
    assert not probe.is_pong(probe.ping_request())
    assert not probe.is_pong(pong[:11])


def test_the_probes_packet_is_the_one_that_the_specification_shows() -> None:
    assert probe.request().hex(" ") == "06 00 ff 07 00 00 00 00 00 00 00 00 00 09 20 18 c8 81 00 38 8e 04 b5"


@pytest.mark.parametrize(
    "packet", [b"", b"\x06\x00\xff\x07", probe.request(), bytes(64), b"\x06\x00\xff\x07" + bytes(60)]
)
def test_what_is_no_answer_is_not_taken_for_one(packet: bytes) -> None:
    assert not probe.is_reply(packet)


def test_no_password_is_in_argv_environment_or_error(tmp_path: Path) -> None:
    """A stand-in for ipmitool writes down how it was called."""
    program = tmp_path / "ipmitool"
    program.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/argv\ncat >{tmp_path}/secret\nenv >{tmp_path}/env\nexit 1\n')
    program.chmod(0o700)
    network = IpmitoolNetwork(BmcAddress("192.0.2.1", "ADMIN", "hunter2", 1623), program=str(program))
    with pytest.raises(BmcUnreachable) as error:
        asyncio.run(network.raw(0x06, 0x37))
    assert (tmp_path / "secret").read_text().strip() == "hunter2"
    argv = (tmp_path / "argv").read_text()
    assert argv.startswith("-v -I lanplus -H 192.0.2.1 -p 1623 -U ADMIN -f /dev/stdin ")
    assert argv.endswith("raw 0x06 0x37\n")
    assert "hunter2" not in argv + str(error.value) + repr(network.address) + (tmp_path / "env").read_text()


def ask_by_suite(client: Client, bmc: ToyBmc, offered: set[int], asked: int | None) -> RawReply:
    """Of a BMC that offers those cipher suites, by a client whose plan names one."""
    with listening(Sessions(bmc, policy=Policy(suites=frozenset(offered)))) as [(_, port)]:
        address = BmcAddress("127.0.0.1", NAME.decode(), PASSWORD.decode(), port, cipher_suite=asked)
        return asyncio.run(client(address).raw(0x06, 0x37, timeout_s=12))


@pytest.mark.parametrize(("offered", "asked"), [({3, 17}, 3), ({3, 17}, 17), ({3, 17}, None), ({3}, None), ({3}, 3)])
def test_the_cipher_suite_of_the_plan_is_taken(
    client: Client, bmc: ToyBmc, offered: set[int], asked: int | None
) -> None:
    assert ask_by_suite(client, bmc, offered, asked).data == GUID


@pytest.mark.parametrize(("offered", "asked"), [({3}, 17), ({17}, 3), ({3, 17}, 8)])
def test_no_other_suite_is_taken_instead_of_the_plans(
    client: Client, bmc: ToyBmc, offered: set[int], asked: int
) -> None:
    with pytest.raises(BmcUnreachable):
        ask_by_suite(client, bmc, offered, asked)


def test_a_tcp_port_that_listens_is_told_from_one_that_does_not() -> None:
    async def look() -> tuple[bool, bool]:
        server = await asyncio.start_server(lambda reader, writer: writer.close(), "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        network = PyghmiNetwork(login(1))
        async with server:
            before = await network.connects(port)
        return before, await network.connects(port, timeout_s=1)

    assert asyncio.run(look()) == (True, False)


def test_a_child_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fwsim.network.pyghmi_client.START_S", 0.2)
    child = (
        sys.executable,
        "-c",
        f"import os,time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); time.sleep(60)",
    )
    network = PyghmiNetwork(login(1), child=child)
    with pytest.raises(BmcUnreachable):
        asyncio.run(network.raw(0x06, 0x37, timeout_s=0.5))
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_ipmitool_serves_where_its_wall_time_outs_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}")
    assert isinstance(choose(login(1)), IpmitoolNetwork)
    assert isinstance(choose(login(1), speed=60), PyghmiNetwork)
    assert isinstance(choose(login(1), speed=60, real_ipmitool=True), IpmitoolNetwork)
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert isinstance(choose(login(1)), PyghmiNetwork)

"""The console through each LAN door: in memory, by pyghmi in a child, and by the real `ipmitool sol activate`."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulators.bmc.payloads import ACTIVATE
from emulators.home.config import Ready
from emulators.server import VirtualServer
from emulators.spec import Account, ServerSpec
from fwsim.doors import BmcAuthenticationRefused, BmcUnreachable, ConsoleTaken, Network
from fwsim.network import BmcAddress, IpmitoolNetwork, PyghmiNetwork, sol
from fwsim.rehearsal import memory_console
from fwsim.rehearsal.memory import MemoryNetwork, drive
from tests.emulators.bmc.terminal_client import on_terminal
from tests.homes import home
from tests.tools import require_tool

SPEED = 30.0
LOGIN = b"virtual login: "


def _ipmitool(address: BmcAddress) -> Network:
    return IpmitoolNetwork(address, speed=SPEED, program=require_tool("ipmitool"))


def _pyghmi(address: BmcAddress) -> Network:
    return PyghmiNetwork(address, speed=SPEED)


CLIENTS = pytest.mark.parametrize("client", [_ipmitool, _pyghmi], ids=["ipmitool", "pyghmi"])


@pytest.fixture(scope="module")
def ready() -> Iterator[Ready]:
    with home(speed=SPEED) as ready:
        yield ready


def address(ready: Ready, password: str = "") -> BmcAddress:
    at = ready.ipmi
    return BmcAddress(at.host, at.user, password or at.password, at.port)


def tool(ready: Ready, *words: str) -> list[str]:
    at = ready.ipmi
    login = ["-H", at.host, "-p", str(at.port), "-U", at.user, "-P", at.password]
    return [require_tool("ipmitool"), "-I", "lanplus", *login, *words]


# -- in memory


@pytest.fixture
def server() -> VirtualServer:
    return VirtualServer(ServerSpec(board="x11ssh-f", accounts=(Account(password="secret"),)))


def memory(server: VirtualServer, password: str = "ADMIN", at: str = "192.0.2.20") -> MemoryNetwork:
    return MemoryNetwork(server, at, "ADMIN", password)


def test_in_memory_a_return_brings_the_login_prompt(server: VirtualServer) -> None:
    before = server.now
    assert LOGIN in drive(memory(server).console(seconds=5, send=b"\r"))
    assert 5 <= server.now - before < 6


def test_in_memory_nothing_is_heard_of_what_was_written_before(server: VirtualServer) -> None:
    assert drive(memory(server).console(seconds=5)) == b""


def test_in_memory_a_reboot_is_heard_from_post_to_the_kernel(server: VirtualServer) -> None:
    server.agenda.after(1, server.power_reset)
    heard = drive(memory(server).console(seconds=600))
    for words in (b"Press <DEL> to run Setup", b"GRUB", b"Linux version", LOGIN):
        assert words in heard


def test_in_memory_what_was_heard_before_the_bmc_went_dark_is_kept(server: VirtualServer) -> None:
    server.agenda.after(1, server.power_reset)
    server.agenda.after(20, server.bmc.cold_reset)
    before = server.now
    assert b"Press <DEL>" in drive(memory(server).console(seconds=600))
    assert server.now - before < 30


def test_in_memory_a_console_in_use_is_not_given_and_is_given_after(server: VirtualServer) -> None:
    user = server.bmc.users.by_name(b"ADMIN")
    assert user is not None
    other = memory_console.session(user, 0.0)
    held = memory_console.payloads(server)
    assert held.answer(other, ACTIVATE, bytes([1, 1, 0xC0, 0, 0, 0])).completion_code == 0
    with pytest.raises(ConsoleTaken) as taken:
        drive(memory(server).console(seconds=1))
    assert not taken.value.disabled
    server.bmc.cold_reset()
    server.advance(server.now + 600)
    assert drive(memory(server).console(seconds=1)) == b""


def test_in_memory_one_call_after_another_has_the_console(server: VirtualServer) -> None:
    for _ in range(2):
        assert LOGIN in drive(memory(server).console(seconds=1, send=b"\r"))


def test_in_memory_a_disabled_console_is_told_from_one_in_use(server: VirtualServer) -> None:
    user = server.bmc.users.by_name(b"ADMIN")
    assert user is not None
    user.sol = False
    with pytest.raises(ConsoleTaken) as taken:
        drive(memory(server).console(seconds=1))
    assert taken.value.disabled


def test_in_memory_a_dark_bmc_and_a_wrong_password_have_no_console(server: VirtualServer) -> None:
    with pytest.raises(BmcAuthenticationRefused):
        drive(memory(server, "wrong").console(seconds=1))
    with pytest.raises(BmcUnreachable):
        drive(memory(server, at="192.0.2.99").console(seconds=1))
    server.bmc.cold_reset()
    with pytest.raises(BmcUnreachable):
        drive(memory(server).console(seconds=1))


def test_in_memory_typing_to_a_host_without_power_does_nothing(server: VirtualServer) -> None:
    server.power_off()
    assert drive(memory(server).console(seconds=5, send=b"\r")) == b""


# -- on the wire


@pytest.mark.wire
@CLIENTS
def test_a_return_brings_the_login_prompt_and_the_console_is_free_again(client: object, ready: Ready) -> None:
    assert callable(client)
    network = client(address(ready))
    for _ in range(2):
        assert asyncio.run(network.console(seconds=30, send=b"\r")).endswith(LOGIN)


@pytest.mark.wire
@CLIENTS
def test_what_ends_without_a_return_is_typed_as_it_is(client: object, ready: Ready) -> None:
    assert callable(client)
    network = client(address(ready))
    try:
        assert asyncio.run(network.console(seconds=30, send=b"\r~.~x")).endswith(LOGIN + b"~.~x")
        assert asyncio.run(network.console(seconds=15)) == b"", "it typed nothing to leave"
    finally:
        asyncio.run(network.console(seconds=15, send=b"\x03"))


@pytest.mark.wire
@CLIENTS
def test_a_console_in_use_is_not_given(client: object, ready: Ready) -> None:
    assert callable(client)
    with on_terminal(tool(ready, "sol", "activate")) as other:
        other.wait_for("[SOL Session operational.")
        with pytest.raises(ConsoleTaken) as taken:
            asyncio.run(client(address(ready)).console(seconds=1))
        assert not taken.value.disabled
        other.type("\r~.")
        other.end()


@pytest.mark.wire
@CLIENTS
def test_a_disabled_console_is_told_from_one_in_use(client: object, ready: Ready) -> None:
    assert callable(client)
    subprocess.run(tool(ready, "sol", "set", "enabled", "false", "1"), check=True, capture_output=True, timeout=60)
    try:
        with pytest.raises(ConsoleTaken) as taken:
            asyncio.run(client(address(ready)).console(seconds=1))
        assert taken.value.disabled
    finally:
        subprocess.run(tool(ready, "sol", "set", "enabled", "true", "1"), check=True, capture_output=True, timeout=60)


@pytest.mark.wire
@CLIENTS
def test_a_refused_login_counts_and_nobody_there_is_unreachable(client: object, ready: Ready) -> None:
    assert callable(client)
    network = client(address(ready, "wrong"))
    for _ in range(3):
        with pytest.raises(BmcAuthenticationRefused) as refused:
            asyncio.run(network.console(seconds=1))
    assert "not tried again" in str(refused.value)
    with pytest.raises(BmcUnreachable):
        asyncio.run(client(BmcAddress("127.0.0.1", "ADMIN", "ADMIN", 9)).console(seconds=1, timeout_s=1))


def test_no_password_is_in_argv_or_environment(tmp_path: Path) -> None:
    """A stand-in for ipmitool writes down how it was called, and shows a console."""
    program = tmp_path / "ipmitool"
    program.write_text(
        f'#!/bin/sh\necho "$@" >>{tmp_path}/argv\nenv >{tmp_path}/env\n'
        'while [ "$1" != -f ]; do shift; done\n'
        f"cat $2 >{tmp_path}/secret\n"
        "printf '[SOL Session operational.  Use ~? for help]\\r\\nhello'; read keys\n"
    )
    program.chmod(0o700)
    network = IpmitoolNetwork(BmcAddress("192.0.2.1", "ADMIN", "hunter2"), speed=SPEED, program=str(program))
    assert asyncio.run(network.console(seconds=1, send=b"\n")).startswith(b"hello")
    assert (tmp_path / "secret").read_text().strip() == "hunter2"
    assert "hunter2" not in (tmp_path / "argv").read_text() + (tmp_path / "env").read_text()


@pytest.mark.parametrize(
    ("send", "typed"), [(b"a~.", b"a~."), (b"~.", b"~~."), (b"\r~.\n~", b"\r~~.\n~~"), (b"\r~~.", b"\r~~~.")]
)
def test_a_tilde_at_the_start_of_a_line_is_typed_twice(send: bytes, typed: bytes) -> None:
    assert sol.escaped(send) == typed

"""The pages on the wire: TLS, coming and going with the BMC, and clients that do not behave."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest
from uvicorn.protocols.http.h11_impl import H11Protocol

from emulators.home.config import HomeConfig, Login
from emulators.home.home import Home
from emulators.spec import ServerSpec
from emulators.web import endpoint, serving
from fwsim.network import probe
from tests.emulators.web.bench import token

pytestmark = pytest.mark.wire
PATIENCE_S = 20.0


@contextlib.asynccontextmanager
async def at_home(board: str = "x11ssh-f", *, speed: float = 100.0, **spec: Any) -> AsyncIterator[tuple[Home, Login]]:
    made = ServerSpec(
        board=board, host_address="127.0.0.1", bmc_address="127.0.0.1", bmc_netmask="255.0.0.0",
        dhcp_pool=("127.0.1.100",), **spec,
    )  # fmt: skip
    home = Home(HomeConfig(spec=made, speed=speed))
    ready = await home.open()
    serving_ = asyncio.create_task(home.serve())
    try:
        assert ready.web is not None
        yield home, ready.web
    finally:
        serving_.cancel()
        await asyncio.gather(serving_, return_exceptions=True)
        await home.close()


def browser(at: Login, host: str = "") -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"https://{host or at.host}:{at.port}", verify=False, trust_env=False, timeout=10)


async def log_in(client: httpx.AsyncClient, at: Login) -> str:
    fields = {"name": at.user, "password": at.password, "csrf": token(await client.get("/login"))}
    assert (await client.post("/login", data=fields)).headers["location"] == "/overview"
    return token(await client.get("/overview"))


async def until(answers: bool, at: Login, host: str = "") -> None:
    async with asyncio.timeout(PATIENCE_S):
        while await probe.connects(host or at.host, at.port, 1.0) is not answers:
            await asyncio.sleep(0.02)


def on_wire(run: Callable[[], Any]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(60):
            await run()

    asyncio.run(limited())


def test_the_escape_path_s_check_finds_the_pages_and_a_browser_logs_in() -> None:
    async def run() -> None:
        async with at_home() as (_, at), browser(at) as client:
            assert await probe.connects(at.host, at.port, 2.0)
            await log_in(client, at)
            assert "X11SSH-F" in (await client.get("/overview")).text

    on_wire(run)


def test_the_certificate_is_made_for_this_start_and_its_key_is_kept_nowhere() -> None:
    def certificate(at: Login) -> str:
        return ssl.get_server_certificate((at.host, at.port), timeout=10)

    async def run() -> None:
        seen = []
        for _ in range(2):
            async with at_home() as (_home, at):
                seen.append(await asyncio.to_thread(certificate, at))
        assert seen[0] != seen[1]

    on_wire(run)


def test_while_the_bmc_is_dark_connections_are_refused_and_open_ones_are_cut() -> None:
    async def run() -> None:
        async with at_home() as (home, at), browser(at) as client, browser(at) as waiting:
            csrf = await log_in(client, at)
            await waiting.get("/login")
            await client.post("/restart", data={"csrf": csrf})
            await until(False, at)
            with pytest.raises(httpx.TransportError):
                await waiting.get("/login")
            await until(True, at)
            assert home.server.bmc.generation == 2
            assert (await waiting.get("/overview")).headers["location"] == "/login"

    on_wire(run)


def test_the_port_stays_the_bmc_s_own_while_it_is_dark() -> None:
    async def run() -> None:
        async with at_home(speed=1) as (home, at):
            home.server.bmc.cold_reset()
            home.pump.advance()
            await until(False, at)
            with socket.socket() as other, pytest.raises(OSError, match="in use"):
                other.bind((at.host, at.port))

    on_wire(run)


def test_the_pages_move_with_the_bmc_s_address() -> None:
    async def run() -> None:
        async with at_home() as (_, at), browser(at) as client, browser(at, "127.0.0.9") as moved:
            form = {"source": "static", "address": "127.0.0.9", "netmask": "255.0.0.0", "gateway": ""}
            answer = await client.post("/network", data={**form, "csrf": await log_in(client, at)})
            assert f"https://127.0.0.9:{at.port}/" in answer.text
            await until(False, at)
            await until(True, at, "127.0.0.9")
            await log_in(moved, at)

    on_wire(run)


def test_the_pages_move_to_the_lease_and_are_gone_where_no_cable_is() -> None:
    async def run() -> None:
        async with at_home() as (home, at), browser(at) as client, browser(at, "127.0.1.100") as moved:
            await client.post("/network", data={"source": "dhcp", "csrf": await log_in(client, at)})
            await until(True, at, "127.0.1.100")
            await moved.post("/network/mode", data={"mode": "shared", "csrf": await log_in(moved, at)})
            await until(False, at, "127.0.1.100")
            assert home.server.bmc.answering

    on_wire(run)


def test_pages_answer_where_ipmi_over_lan_is_switched_off() -> None:
    async def run() -> None:
        async with at_home() as (home, at):
            home.server.bmc.lan.access_mode = 0
            home.pump.advance()
            await asyncio.sleep(0.1)
            assert home.server.bmc.address is None
            assert await probe.connects(at.host, at.port, 1.0)

    on_wire(run)


def test_the_serial_console_streams_until_it_is_given_back() -> None:
    async def run() -> None:
        async with at_home() as (home, at), browser(at) as client:
            csrf = await log_in(client, at)
            await client.post("/serial/open", data={"csrf": csrf})
            async with client.stream("GET", "/serial/stream") as stream:
                lines = stream.aiter_lines()
                home.server.console.write(b"hello there\r\n")
                while "hello there" not in await anext(lines):
                    pass
                await client.post("/serial/close", data={"csrf": csrf})
                assert [line async for line in lines][-3:-1] == ["event: over", "data: "]

    on_wire(run)


def test_a_home_ends_while_browsers_are_connected() -> None:
    async def run() -> None:
        async with contextlib.AsyncExitStack() as stack:
            async with at_home() as (_, at):
                client = await stack.enter_async_context(browser(at))
                csrf = await log_in(client, at)
                await client.post("/serial/open", data={"csrf": csrf})
                stream = await stack.enter_async_context(client.stream("GET", "/serial/stream"))
            with contextlib.suppress(httpx.TransportError):
                async for _ in stream.aiter_lines():
                    pass
            await until(False, at)

    on_wire(run)


def test_a_server_without_pages_takes_no_port() -> None:
    async def run() -> None:
        home = Home(HomeConfig(spec=ServerSpec(board="r740", host_address="127.0.0.1", bmc_address="127.0.0.1"),
                               web_port=None))  # fmt: skip
        assert (await home.open()).web is None
        await home.close()

    on_wire(run)


# -- clients that do not behave


async def _raw(at: Login, *pieces: bytes) -> bytes:
    """What a TLS client hears that sends these pieces and then waits."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    reader, writer = await asyncio.open_connection(at.host, at.port, ssl=context)
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


HEAD = b"GET /login HTTP/1.1\r\nhost: 127.0.0.1\r\n"


@pytest.mark.parametrize("pieces", [(), (b"GET",), (HEAD, b"x: "), (HEAD + b"\r\n", HEAD)])
def test_who_does_not_end_a_request_s_head_is_cut(pieces: tuple[bytes, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_S", 0.3)
    monkeypatch.setattr(serving, "KEEP_S", 1)  # what comes behind a whole request counts as silence

    async def run() -> None:
        async with at_home() as (_, at):
            heard = await _raw(at, *pieces)
            assert heard.count(b"HTTP/1.1 200") == (1 if len(pieces) == 2 and pieces[1] == HEAD else 0)

    on_wire(run)


def test_who_stalls_in_a_later_request_is_cut_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "HEAD_S", 0.3)

    async def run() -> None:
        async with at_home() as (_, at):
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            reader, writer = await asyncio.open_connection(at.host, at.port, ssl=context)
            writer.write(HEAD + b"\r\n")
            await reader.readuntil(b"</html>")
            writer.write(HEAD)
            async with asyncio.timeout(10):
                with contextlib.suppress(ConnectionError):
                    await reader.read()
            writer.close()

    on_wire(run)


def test_who_does_not_begin_with_tls_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "HANDSHAKE_S", 0.3)

    async def run() -> None:
        async with at_home() as (_, at):
            for said in (b"", b"GET / HTTP/1.1\r\n\r\n", bytes(100)):
                reader, writer = await asyncio.open_connection(at.host, at.port)
                writer.write(said)
                with contextlib.suppress(ConnectionError):
                    assert b"HTTP" not in await reader.read()
                writer.close()

    on_wire(run)


@pytest.mark.parametrize(
    "request_",
    [
        b"GET /login HTTP/1.1\r\n\r\n",
        HEAD + b"host: evil.example\r\n\r\n",
        HEAD + b"x: " + b"y" * 2_000_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 2_000_000 + b" HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
        b"GET /login\r\n\r\n",
        b"\x16\x03\x01" * 50,
        b"GET http://evil.example/ HTTP/1.1\r\nhost: evil.example\r\n\r\n",
        b"GET /\xff\xfe HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        b"POST /login HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 99999999999\r\n\r\n",
        b"POST /bios HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: 1000\r\n\r\nx",
    ],
)
def test_what_is_no_request_of_ours_gets_a_refusal_and_the_next_client_its_page(
    request_: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "HEAD_S", 0.3)
    monkeypatch.setattr(serving, "KEEP_S", 1)

    async def run() -> None:
        async with at_home() as (_, at), browser(at) as client:
            heard = await _raw(at, request_)
            assert b" 200 " not in heard[:30]
            assert b" 500 " not in heard[:30]
            assert (await client.get("/login")).status_code == 200

    on_wire(run)


def test_more_connections_than_there_is_room_for_are_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "CONNECTIONS", 4)

    async def run() -> None:
        async with at_home() as (_, at), contextlib.AsyncExitStack() as stack:
            codes = []
            for _ in range(6):
                client = await stack.enter_async_context(browser(at))
                codes.append((await client.get("/login")).status_code)
            assert codes[:3] == [200, 200, 200]
            assert 503 in codes

    on_wire(run)


# -- what it costs and what it leans on


def test_a_home_whose_pages_nobody_looks_at_loads_no_web_server() -> None:
    code = (
        "import sys; from fwsim.cli import main; import emulators.home.home, emulators.home.estate; "
        "heavy = {'starlette', 'uvicorn', 'jinja2', 'httpx', 'playwright'} & set(sys.modules); "
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_uvicorn_s_protocol_has_what_we_override() -> None:
    for name in ("connection_made", "data_received", "handle_events", "on_response_complete", "connection_lost"):
        assert name in vars(H11Protocol), name

"""The UDP endpoint: hooks around each datagram, scaled delays, errors that it lives through."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from emulators.bmc.endpoint import LanEndpoint
from emulators.bmc.lan import Outgoing, Sessions
from tests.emulators.bmc.lan_toy import ToyBmc

pytestmark = pytest.mark.wire
PING = bytes.fromhex("0600ff06000011be802a0000")


class Slow(Sessions):
    """Answers a ping after ten simulated seconds."""

    def receive(self, datagram: bytes, address: tuple[str, int], now: float) -> list[Outgoing]:
        return [answer._replace(delay_s=10.0) for answer in super().receive(datagram, address, now)]


async def ask(address: tuple[str, int], timeout_s: float = 5.0) -> bytes:
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setblocking(False)
        await loop.sock_sendto(client, PING, address)
        return await asyncio.wait_for(loop.sock_recv(client, 2000), timeout_s)


class Talker(Sessions):
    """Sends a word unasked at each poll, and wants to be polled twice more, at once."""

    client = ("", 0)
    words: list[bytes] = []

    def poll(self, now: float) -> list[Outgoing]:
        return [Outgoing(self.words.pop(0), self.client)] if self.words else []

    def next_wake(self) -> float | None:
        return 0.0 if self.words else None


def serve(sessions: Sessions, test: Callable[[LanEndpoint], object], **options: object) -> None:
    async def main() -> None:
        endpoint = await LanEndpoint.open(sessions, "127.0.0.1", 0, lambda: 0.0, **options)  # type: ignore[arg-type]
        try:
            await test(endpoint)  # type: ignore[misc]
        finally:
            endpoint.close()

    asyncio.run(main())


def test_the_home_advances_before_each_datagram_and_looks_again_after_it() -> None:
    seen: list[str] = []
    bmc = ToyBmc(answering=False)

    def before() -> None:
        seen.append("before")
        bmc.answering = True  # the BMC has come back while nobody looked

    async def test(endpoint: LanEndpoint) -> None:
        assert (await ask(endpoint.address))[8] == 0x40

    serve(Sessions(bmc), test, before=before, after=lambda: seen.append("after"))
    assert seen == ["before", "after"]


def test_what_is_said_unasked_goes_out_at_a_push_and_then_whenever_it_is_due() -> None:
    sessions = Talker(ToyBmc())
    sessions.words = [b"one", b"two", b"three"]

    async def test(endpoint: LanEndpoint) -> None:
        loop = asyncio.get_running_loop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.setblocking(False)
            client.bind(("127.0.0.1", 0))
            sessions.client = client.getsockname()
            endpoint.push()
            heard = [await asyncio.wait_for(loop.sock_recv(client, 2000), 5.0) for _ in range(3)]
        assert heard == [b"one", b"two", b"three"]

    serve(sessions, test)


def test_the_delay_of_an_answer_is_divided_by_the_speed() -> None:
    async def test(endpoint: LanEndpoint) -> None:
        assert await ask(endpoint.address)

    serve(Slow(ToyBmc()), test, speed=1000.0)


def test_an_answer_not_yet_due_is_not_sent() -> None:
    async def test(endpoint: LanEndpoint) -> None:
        with pytest.raises(TimeoutError):
            await ask(endpoint.address, 0.2)

    serve(Slow(ToyBmc()), test, speed=1.0)


def test_a_client_that_went_away_does_not_end_the_endpoint() -> None:
    async def test(endpoint: LanEndpoint) -> None:
        for _ in range(5):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.bind(("127.0.0.1", 0))
                client.sendto(PING, endpoint.address)
            await asyncio.sleep(0.01)  # the answer finds no one: ICMP port unreachable
        assert await ask(endpoint.address)

    serve(Sessions(ToyBmc()), test)


def test_a_closed_endpoint_drops_what_is_not_yet_due_and_frees_its_port() -> None:
    async def test(endpoint: LanEndpoint) -> None:
        address = endpoint.address
        endpoint.datagram_received(PING, ("127.0.0.1", 9))
        endpoint.close()
        endpoint.datagram_received(PING, ("127.0.0.1", 9))
        await asyncio.sleep(0)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as again:
            again.bind(address)
        with pytest.raises(RuntimeError, match="closed"):
            _ = endpoint.address

    serve(Slow(ToyBmc()), test)

"""The client of a virtual server's web pages."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from emulators import boards, packages
from emulators.home.config import HomeConfig
from emulators.home.home import Home
from emulators.spec import ServerSpec
from fwsim.doors import BmcAuthenticationRefused, BmcUnreachable
from fwsim.network import web
from fwsim.network.web import NotWritten, WebAddress, update_bios

pytestmark = pytest.mark.wire
SPEED = 200.0


@contextlib.asynccontextmanager
async def served(board: str, *, on: bool = False) -> AsyncIterator[tuple[Home, WebAddress]]:
    spec = ServerSpec(board=board, host_address="127.0.0.1", bmc_address="127.0.0.1")
    home = Home(HomeConfig(spec=spec, speed=SPEED))
    ready = await home.open()
    serving = asyncio.create_task(home.serve())
    if not on:
        home.server.power_off()
    try:
        assert ready.web is not None
        yield home, WebAddress(ready.web.host, ready.web.user, ready.web.password, ready.web.port)
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await home.close()


def image(board: str) -> bytes:
    return packages.make(boards.load(board), "bios", "9.9").data


def on_wire(run: Callable[[], Any]) -> None:
    asyncio.run(asyncio.wait_for(run(), 60))


@pytest.mark.parametrize("board", ["x11ssh-f", "r740"])
def test_a_dead_bios_is_written_through_the_pages_and_the_host_posts(board: str) -> None:
    async def run() -> None:
        async with served(board) as (home, at):
            chip = home.server.chips["bios"]
            chip.banks[chip.active].data[6000:7000] = bytes(1000)
            assert await update_bios(at, image(board), speed=SPEED) == "done"
            home.pump.catch_up()
            home.server.power_on()
            home.server.advance(home.server.now + 900)
            assert home.server.phase == "up"
            assert home.server.running_bios is not None
            assert home.server.running_bios.version == "9.9"

    on_wire(run)


def test_a_bios_that_starts_is_scheduled_where_the_board_has_jobs() -> None:
    async def run() -> None:
        async with served("r740", on=True) as (_, at):
            assert await update_bios(at, image("r740"), speed=SPEED) == "scheduled"

    on_wire(run)


def test_what_the_pages_refuse_is_told_in_their_words() -> None:
    async def run() -> None:
        async with served("x10dri", on=True) as (_, at):
            with pytest.raises(NotWritten) as refused:
                await update_bios(at, b"nothing", speed=SPEED)
            assert any("product key" in reason for reason in refused.value.reasons)
            assert any("host is on" in reason for reason in refused.value.reasons)

    on_wire(run)


def test_a_wrong_password_is_tried_once() -> None:
    async def run() -> None:
        async with served("x11ssh-f") as (home, at):
            home.server.bmc.lan.bad_password_threshold = 2
            with pytest.raises(BmcAuthenticationRefused):
                await update_bios(WebAddress(at.host, at.user, "wrong", at.port), image("x11ssh-f"), speed=SPEED)
            assert not home.sessions.lockouts.locked(at.user.encode(), 0.0)
            assert await update_bios(at, image("x11ssh-f"), speed=SPEED) == "done"

    on_wire(run)


def test_a_bmc_that_restarts_on_the_way_is_told_as_a_chip_in_doubt() -> None:
    async def run() -> None:
        async with served("x11ssh-f") as (home, at):
            writing = asyncio.create_task(update_bios(at, image("x11ssh-f"), speed=SPEED))
            while home.server.chips["bios"].uploading is None:
                await asyncio.sleep(0.01)
            home.server.bmc.cold_reset()
            home.pump.advance()
            with pytest.raises((NotWritten, BmcUnreachable)):
                await writing
            assert home.server.chips["bios"].boot_firmware() is None

    on_wire(run)


def test_nobody_there_is_unreachable() -> None:
    async def run() -> None:
        async with served("x11ssh-f") as (_, at):
            pass
        with pytest.raises(BmcUnreachable):
            await update_bios(at, b"", speed=SPEED)

    on_wire(run)


def test_pages_that_are_not_ours_get_no_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MARK", "x-another-vendor")

    async def run() -> None:
        async with served("x11ssh-f") as (home, at):
            with pytest.raises(NotWritten, match="in a browser"):
                await update_bios(WebAddress(at.host, at.user, "wrong", at.port), b"", speed=SPEED)
            assert not home.sessions.lockouts._failures

    on_wire(run)

"""The printed ticket of the web-GUI reflash, followed word by word: the laptop's browser is a real Chromium.

The technician has the ticket's text alone; what the text says of pages, links, fields and buttons is looked for on the
pages themselves, and a word that is not there ends the visit.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from emulators.hands import Hands
from emulators.hands.cures import Known
from emulators.home.config import HomeConfig
from emulators.home.home import Home
from emulators.server import VirtualServer
from emulators.spec import BmcAccount, ServerSpec
from fwsim.network.web import WebAddress, update_bios
from recovery.administrator import Administrator
from recovery.render import text
from recovery.technician import Bag, Report, Technician
from recovery.technician_visit import Beside
from recovery.telephone import Call
from recovery.ticket import Ticket
from tests.recovery.beside import Broken, dead_bios, dead_bios_and_loose_cable
from tests.tools import require_tool

pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.xdist_group("networks")]
PROCEDURE, SPEED = "web-gui-reflash", 60.0
LONG_MS = 60_000
VISITOR = BmcAccount(id=5, name="visitor", password="one-visit-7")
ACCOUNT = f"{VISITOR.name} {VISITOR.password}"


@dataclass
class Laptop:
    """What the technician does at the browser, by the words of the ticket."""

    page: Page
    port: int
    folder: Path

    async def browse(self, act: str, given: Mapping[str, str | float]) -> str | None:
        match act:
            case "plug-in":
                return "a network"
            case "address":
                await self.page.goto(f"https://{given['address']}:{self.port}/")
                return await self.page.get_by_role("button", name="Log in").text_content()
            case "login":
                return await self._log_in(*str(given["account"]).split())
            case "page" if "value" in given:
                serial = self.page.locator("dt", has_text="System serial").locator("+ dd")
                return await serial.text_content()
            case "page":
                for name in str(given["page"]).split(", "):
                    await self.page.get_by_role("link", name=name, exact=True).click()
                    await expect(self.page.get_by_role("link", name=name, exact=True)).to_have_attribute(
                        "aria-current", "page" if name == "BIOS Update" else "true"
                    )
                return await self.page.get_by_label("BIOS image").get_attribute("type")
            case "file":
                chosen = self.page.get_by_label("BIOS image")
                await chosen.set_input_files(self.folder / str(given["file"]))
                return await chosen.input_value()
            case "update":
                await self.page.get_by_role("button", name="Check and write").click()
                await expect(self.page.locator("#stage")).to_contain_text("Done", timeout=LONG_MS)
                return "complete"
            case "close":
                await self.page.close()
                return "nothing"
        return None

    async def _log_in(self, name: str, password: str) -> str | None:
        await self.page.get_by_label("User name").fill(name)
        await self.page.get_by_label("Password").fill(password)
        await self.page.get_by_role("button", name="Log in").click()
        await self.page.wait_for_url("**/overview")
        return await self.page.locator("h1").text_content()


@dataclass
class InStep:
    """Hands and telephone of a server at home: time that passes beside it passes for its pages too."""

    home: Home
    beside: Beside
    administrator: Administrator

    async def do(self, act: str, **parameters: object) -> object:
        self.home.pump.catch_up()
        seen = await self.beside.do(act, **parameters)
        self.home.pump.follow()
        await asyncio.sleep(0.05)  # the pages come and go with what was done
        return seen

    async def call(self, call: Call) -> str | None:
        self.home.pump.catch_up()
        answer = await self.administrator.call(call)
        self.home.pump.follow()
        return answer


@contextlib.asynccontextmanager
async def beside(board: str, breaks: Callable[[VirtualServer], None]) -> AsyncIterator[tuple[Home, Broken, int]]:
    """That server at home, broken, with the port of its pages."""
    spec = ServerSpec(
        board=board, name="db07", host_address="127.0.0.1", bmc_address="127.0.0.1", bmc_users=(VISITOR,)
    )  # fmt: skip
    home = Home(HomeConfig(spec=spec, speed=SPEED))
    broken = Broken(board, lambda server: None)
    broken.server, broken.known = home.server, Known.of(home.server)
    ready = await home.open()
    serving = asyncio.create_task(home.serve())
    try:
        assert ready.web is not None
        breaks(home.server)
        home.server.advance(home.server.now + 600)
        home.pump.follow()
        yield home, broken, ready.web.port
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await home.close()


async def attend(home: Home, made: Ticket, administrator: Administrator, laptop: Laptop | None = None) -> Report:
    home.server.bmc.handle(0x00, 0, 0x04, b"\x00\x01", 4)  # the UID LED blinks
    in_step = InStep(home, Beside(Hands(home.server)), administrator)
    technician = Technician(text.render(made), in_step, in_step, Bag(browser=laptop))  # type: ignore[arg-type]
    return await technician.visit()


@pytest.mark.parametrize("board", ["x11ssh-f", "r740"])
def test_the_printed_ticket_of_the_web_gui_reflash_is_true_of_the_pages(board: str, tmp_path: Path) -> None:
    program = require_tool("chromium")

    async def visit() -> None:
        async with beside(board, dead_bios) as (home, broken, port), async_playwright() as playwright:
            made = broken.ticket(PROCEDURE, driver="browser")
            for name, data in broken._media(PROCEDURE)["laptop"].items():
                (tmp_path / name).write_bytes(data)
            chromium = await playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
            page = await chromium.new_page(ignore_https_errors=True)
            administrator = broken.administrator(made)
            administrator.account = ACCOUNT
            report = await attend(home, made, administrator, Laptop(page, port, tmp_path))
            await chromium.close()
            assert report.ended == "done", (report.why, report.log)
            assert broken.healthy

    asyncio.run(asyncio.wait_for(visit(), 110))


def test_an_administrator_writes_through_the_pages_while_the_technician_waits() -> None:
    async def visit() -> None:
        async with beside("x11ssh-f", dead_bios_and_loose_cable) as (home, broken, port):
            made = broken.ticket(PROCEDURE)
            administrator, came = broken.administrator(made), []

            async def writes_bios() -> bool:
                home.pump.follow()
                image = broken._media(PROCEDURE)["laptop"]["BIOS.bin"]
                at = WebAddress("127.0.0.1", VISITOR.name, VISITOR.password, port)
                came.append(await update_bios(at, image, speed=SPEED))
                return came == ["done"]

            administrator.writes_bios = writes_bios
            report = await attend(home, made, administrator)
            assert came == ["done"], (report.why, report.log)
            assert report.ended == "done", (report.why, report.log)
            assert broken.healthy

    asyncio.run(asyncio.wait_for(visit(), 110))

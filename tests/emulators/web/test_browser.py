"""The pages in a real browser: Debian's Chromium, headless. Both faces, two widths, the keyboard alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from emulators import boards, packages
from emulators.faults import Fault
from emulators.home.config import Login, Ready
from emulators.web.faces import FACES
from tests.homes import home
from tests.tools import require_tool

pytestmark = [pytest.mark.browser, pytest.mark.wire, pytest.mark.xdist_group("networks")]
PATHS = [item.path for group in FACES["dell"].menu for item in group.items]
BOARDS = ("x11ssh-f", "r740")
SPEED, HURRY = 60.0, 100.0
LONG_MS = 40_000


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    program = require_tool("chromium")
    expect.set_options(timeout=15_000)  # a busy machine is no defect of a page
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


class Seen:
    """A page in a context of its own; what its console says is kept."""

    def __init__(self, browser: Browser, at: Login, width: int = 1280, **options: Any) -> None:
        size: ViewportSize = {"width": width, "height": 800}
        self._context = browser.new_context(
            ignore_https_errors=True, viewport=size, base_url=f"https://{at.host}:{at.port}", **options
        )
        self.page: Page = self._context.new_page()
        self.at = at
        self.complaints: list[str] = []
        self.page.on("console", lambda said: self.complaints.append(said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def __enter__(self) -> Seen:
        return self

    def __exit__(self, *_: object) -> None:
        self._context.close()

    def log_in(self) -> Page:
        self.page.goto("/")
        self.page.get_by_label("User name").fill(self.at.user)
        self.page.get_by_label("Password").fill(self.at.password)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url("**/overview")
        return self.page


def web(ready: Ready) -> Login:
    assert ready.web is not None
    return ready.web


def image(board: str, version: str, folder: Path) -> Path:
    package = packages.make(boards.load(board), "bios", version)
    file = folder / package.name
    file.write_bytes(package.data)
    return file


def choose(page: Page, file: Path) -> None:
    page.goto("/bios")
    page.get_by_label("BIOS image").set_input_files(file)
    page.get_by_role("button", name="Check and write").click()


def switch(page: Page, act: str) -> None:
    page.goto("/power")
    page.get_by_role("button", name=act, exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("sent")


@pytest.mark.parametrize("board", BOARDS)
def test_a_bios_that_a_fault_has_corrupted_is_written_again_and_the_server_posts(
    board: str, chromium: Browser, tmp_path: Path
) -> None:
    fault = Fault(kind="bios-written-corrupt")
    with home(board, speed=HURRY, faults=(fault,)) as ready, Seen(chromium, web(ready)) as seen:
        page, file = seen.log_in(), image(board, "9.9.9", tmp_path)
        if board == "r740":  # takes it as a job, which the next start writes
            choose(page, file)
            expect(page.locator("#stage")).to_contain_text("Scheduled")
            page.wait_for_timeout(1000)
            switch(page, "Reset")
        else:
            switch(page, "Power off")
            choose(page, file)
            expect(page.locator("#stage")).to_contain_text("Done", timeout=LONG_MS)
            switch(page, "Power on")
        page.goto("/screen")
        expect(page.locator("#screen")).to_contain_text("No video signal", timeout=LONG_MS)
        expect(page.locator(".strip")).to_contain_text("Critical")
        choose(page, file)
        expect(page.locator("main")).to_contain_text("the host is on: switch it off")
        switch(page, "Power off")
        choose(page, file)
        expect(page.get_by_role("progressbar")).to_be_visible()
        expect(page.locator("#stage")).to_contain_text("Done", timeout=LONG_MS)
        page.get_by_role("link", name="Power control").click()
        page.get_by_role("button", name="Power on").click()
        expect(page.get_by_role("status").first).to_contain_text("sent")
        page.goto("/screen")
        expect(page.locator("#screen")).to_contain_text("9.9.9", timeout=LONG_MS)
        expect(page.locator("#screen")).to_contain_text("login:", timeout=LONG_MS)
        expect(page.locator(".strip")).to_contain_text("OK")
        assert [c for c in seen.complaints if "409" not in c] == []


@pytest.mark.parametrize(
    ("board", "way"),
    [
        ("x11ssh-f", (("Maintenance", "/firmware"), ("Remote Control", "/power"))),
        ("r740", (("Maintenance", "/bios"), ("Dashboard", "/overview"), ("Power", "/power"))),
    ],
)
def test_the_keyboard_alone_logs_in_finds_a_page_and_switches_the_server_off(
    board: str, way: tuple[tuple[str, str], ...], chromium: Browser
) -> None:
    with home(board, speed=SPEED) as ready, Seen(chromium, web(ready)) as seen:
        page, keys = seen.page, seen.page.keyboard
        page.goto("/")
        expect(page.get_by_label("User name")).to_be_focused()
        keys.type(seen.at.user)
        keys.press("Tab")
        keys.type(seen.at.password)
        keys.press("Enter")
        page.wait_for_url("**/overview")
        keys.press("Tab")
        assert _focused(page) == "Skip to the content"
        for name, path in way:
            _tab_to(page, name)
            keys.press("Enter")
            page.wait_for_url(f"**{path}")
        _tab_to(page, "Power off")
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        keys.press("Enter")
        expect(page.locator(".strip")).to_contain_text("Off")
        assert seen.complaints == []


def _focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement?.textContent.trim()"))


def _tab_to(page: Page, text: str) -> None:
    for _ in range(40):
        page.keyboard.press("Tab")
        if _focused(page) == text:
            return
    raise AssertionError(f"nothing called {text!r} gets the focus")


def test_the_keyboard_leaves_the_screen_and_types_on_it(chromium: Browser) -> None:
    with home(speed=SPEED) as ready, Seen(chromium, web(ready)) as seen:
        page = seen.log_in()
        page.goto("/serial")
        page.get_by_role("button", name="Open").click()
        console = page.locator("#serial")
        expect(console).to_be_visible()
        page.wait_for_load_state()
        console.focus()
        for line in ("root", "secret", "echo serial $((6*7))"):
            page.keyboard.type(line)
            page.keyboard.press("Enter")
            page.wait_for_timeout(300)
        expect(console).to_contain_text("serial 42")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.tagName") == "BUTTON"
        assert seen.complaints == []


# Every text against the ground that it stands on, by WCAG 2.2's formula; what is disabled needs none.
CONTRAST = """() => {
  const parse = (c) => { const n = c.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const light = (c) => { const [r, g, b] = c.slice(0, 3).map(v => (v /= 255) <= 0.04045 ? v / 12.92
    : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
  const bad = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.data.trim() || !e.checkVisibility() || e.closest(':disabled, noscript, option')) continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) bad.push(`${walk.currentNode.data.trim()}: ${ratio.toFixed(2)}`);
  }
  return bad;
}"""


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (400, "dark")])
@pytest.mark.parametrize("board", BOARDS)
def test_every_page_fits_can_be_read_and_says_nothing_to_the_console(
    board: str, width: int, scheme: str, chromium: Browser
) -> None:
    with home(board, speed=1.0) as ready, Seen(chromium, web(ready), width, color_scheme=scheme) as seen:
        seen.page.goto("/")
        assert seen.page.evaluate(CONTRAST) == []
        page = seen.log_in()
        for path in PATHS:
            page.goto(path)
            page.wait_for_function("document.readyState === 'complete'")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            assert page.evaluate(CONTRAST) == [], path
        assert seen.complaints == []


def test_while_the_bmc_restarts_the_page_says_so_and_comes_back_by_itself(chromium: Browser) -> None:
    with home(speed=SPEED) as ready, Seen(chromium, web(ready)) as seen:
        page = seen.log_in()
        page.goto("/restart")
        page.get_by_role("button", name="Restart the BMC").click()
        expect(page.locator("#gone")).to_be_visible(timeout=LONG_MS)
        page.wait_for_url("**/login", timeout=LONG_MS)
        assert all("ERR_" in complaint or "401" in complaint for complaint in seen.complaints)


def test_without_a_script_the_update_works_as_well(chromium: Browser, tmp_path: Path) -> None:
    with home(speed=HURRY) as ready, Seen(chromium, web(ready), java_script_enabled=False) as seen:
        page = seen.log_in()
        switch(page, "Power off")
        choose(page, image("x11ssh-f", "9.9.9", tmp_path))
        expect(page.locator("#stage")).to_contain_text(re.compile("recovery mode|Writing"))
        expect(page.locator("#stage")).to_contain_text("Done", timeout=LONG_MS)

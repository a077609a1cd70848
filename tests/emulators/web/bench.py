"""The pages of one virtual server without sockets: a client that speaks to the application itself."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

import httpx
from httpx import Response

from emulators import packages
from emulators.home.channel import lan_sessions
from emulators.server import VirtualServer
from emulators.spec import BmcAccount, ServerSpec
from emulators.web.app import application
from emulators.web.site import Site

ORIGIN = "https://192.0.2.20"
ACCOUNTS = (
    BmcAccount(id=3, name="olga", password="operates", privilege=3),
    BmcAccount(id=4, name="ulla", password="uses", privilege=2),
)


class Browser:
    """Cookies are kept and redirects are not followed. What comes after an answer has been done when it returns."""

    def __init__(self, site: Site) -> None:
        self._app = application(site)
        self.cookies = httpx.Cookies()

    def get(self, path: str, **options: Any) -> Response:
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> Response:
        return self.request("POST", path, **options)

    def request(self, method: str, path: str, **options: Any) -> Response:
        return asyncio.run(self._ask(method, path, options))

    async def _ask(self, method: str, path: str, options: dict[str, Any]) -> Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, cookies=self.cookies) as client:
            answer = await client.request(method, path, **options)
            self.cookies = client.cookies
            return answer


@dataclass
class Bench:
    """`wall` is what the pages' clock shows; `time(s)` lets simulated seconds pass."""

    server: VirtualServer
    site: Site
    client: Browser
    wall: list[float] = field(default_factory=lambda: [1000.0])

    def time(self, seconds: float) -> None:
        self.server.advance(self.server.now + seconds)

    def login(self, name: str | None = None, password: str | None = None) -> Response:
        """As the administrator, or as somebody else."""
        known = self.server.board.bmc.users[0]
        fields = {"name": name or known.name, "password": known.password if password is None else password}
        return self.client.post("/login", data={**fields, "csrf": token(self.client.get("/login"))})

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.headers.get("location"))
        return answer.text

    def post(self, path: str, files: Any = None, page: str = "/overview", **fields: str) -> Response:
        """With the session's token."""
        return self.client.post(path, data={**fields, "csrf": token(self.client.get(page))}, files=files)

    def said(self, answer: Response) -> str:
        """What the page after a post says on top."""
        text = self.client.get(answer.headers["location"]).text if answer.status_code == 303 else answer.text
        return " ".join(re.findall(r'<p class="(?:notice|trouble)"[^>]*>([^<]*)', text))

    def another(self) -> Bench:
        """A second browser at the same pages."""
        return Bench(self.server, self.site, Browser(self.site), self.wall)

    def upload(self, kind: Any = "bios", version: str | None = None, path: str = "/bios", **fields: str) -> Response:
        """A file for this very board."""
        part = self.server.board.bios if kind == "bios" else self.server.board.bmc
        package = packages.make(self.server.board, kind, version or part.version)
        page = "/firmware" if path == "/firmware" else "/overview"
        return self.post(path, {"file": (package.name, package.data)}, page, **fields)

    def damage(self) -> None:
        """The BIOS chip loses cells, and the next start finds that."""
        chip = self.server.chips["bios"]
        chip.banks[chip.active].data[6000:7000] = bytes(1000)
        self.server.power_reset()
        self.time(200)
        assert self.server.phase == "hung"


def bench(board: str = "x11ssh-f", **spec: Any) -> Bench:
    server = VirtualServer(ServerSpec(board=board, bmc_users=ACCOUNTS, **spec))
    sessions = lan_sessions(server, lambda: True)
    assert sessions.payloads is not None
    wall = [1000.0]
    site = Site(server, sessions.lockouts, sessions.payloads, lambda: wall[0], linger_s=0.0)
    return Bench(server, site, Browser(site), wall)


def token(answer: Response) -> str:
    """The form's."""
    found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
    assert found is not None, answer.text[:300]
    return found[1]

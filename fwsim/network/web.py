"""A BMC's web pages as an administrator's browser uses them: the BIOS update, on pages that are a virtual server's.

    await update_bios(WebAddress(host, user, password), image)     -> what came of it; raises NotWritten and door errors

Vendors' own pages differ from release to release and nobody promises them: on those a person works in a browser. So
the pages have to say that they are fwsim's before anything is sent to them, the password too.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fwsim.clock import wall_timeout
from fwsim.doors import BmcAuthenticationRefused, BmcUnreachable, DoorError

if TYPE_CHECKING:
    from httpx import AsyncClient, Response

MARK = "x-fwsim-pages"  # the header by which the pages say whose they are
LOOK_S, LEAST_S = 5.0, 0.05  # between two looks at how far it is: of the server's time, and on the wall
ANSWER_S = 30.0  # wall: for one page
_TOKEN = re.compile(r'name="csrf" value="([\w-]+)"')


@dataclass(frozen=True)
class WebAddress:
    host: str
    user: str
    password: str = field(repr=False)
    port: int = 443


class NotWritten(DoorError):
    """The pages took no image, or could not write it. `reasons`: in the pages' words."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


async def update_bios(
    at: WebAddress, image: bytes, *, preserve: bool = True, speed: float = 1.0, timeout_s: float = 1800.0
) -> str:
    """Write `image`; returns once it is in the chip ("done") or waits for a start of the host ("scheduled").

    `timeout_s` is of the server's time. Raises NotWritten, BmcUnreachable, BmcAuthenticationRefused.
    """
    import httpx

    url = f"https://{at.host}:{at.port}"
    # A BMC's certificate is its own: nobody has signed it, as nobody vouches for its IPMI either.
    client = httpx.AsyncClient(base_url=url, verify=False, trust_env=False, timeout=ANSWER_S)
    try:
        async with client, asyncio.timeout(ANSWER_S + wall_timeout(timeout_s, speed)):
            token = await _log_in(client, at)
            await _upload(client, token, image, preserve)
            stage = await _end(client, speed)
            await client.post("/logout", data={"csrf": token})
            return stage
    except httpx.HTTPError as error:
        raise BmcUnreachable(f"the web pages at {at.host}:{at.port} do not answer: {error or type(error)}") from error
    except TimeoutError as error:
        raise BmcUnreachable(f"the web pages at {at.host} have not written it within {timeout_s:g} s") from error


async def _log_in(client: AsyncClient, at: WebAddress) -> str:
    """The session's token."""
    form = await client.get("/login")
    if MARK not in form.headers:
        raise NotWritten(f"the web pages at {at.host} are none that fwsim can use: write the image in a browser")
    fields = {"name": at.user, "password": at.password, "csrf": _token(form)}
    answer = await client.post("/login", data=fields)
    if answer.status_code == 401:
        raise BmcAuthenticationRefused(f"the web pages of the BMC at {at.host} refused {at.user}")
    return _token(await client.get("/overview"))


def _token(page: Response) -> str:
    found = _TOKEN.search(page.text)
    if page.status_code != 200 or found is None:
        raise NotWritten(f"{page.url.path} is not the page that was expected (HTTP {page.status_code})")
    return found[1]


async def _upload(client: AsyncClient, token: str, image: bytes, preserve: bool) -> None:
    fields = {"csrf": token} | ({"preserve": "on"} if preserve else {})
    headers = {"accept": "application/json"}
    answer = await client.post("/bios", data=fields, files={"file": ("bios.bin", image)}, headers=headers)
    if answer.status_code == 409:
        raise NotWritten(*answer.json()["refused"])
    if answer.status_code != 200:
        raise NotWritten(f"the page took no image (HTTP {answer.status_code}): does {client.base_url.host} let this "
                         "user update firmware?")  # fmt: skip


async def _end(client: AsyncClient, speed: float) -> str:
    """Look until it is over."""
    while True:
        answer = await client.get("/live.json")
        update = answer.json().get("bios_update") if answer.status_code == 200 else None
        if update is None:
            raise NotWritten("the BMC has restarted on the way: the chip may be half written, write it again")
        if update["stage"] == "failed":
            raise NotWritten("the BMC could not write the whole image: write it again before the server starts")
        if update["stage"] in ("done", "scheduled"):
            return str(update["stage"])
        await asyncio.sleep(max(LOOK_S / speed, LEAST_S))

"""What stands before every page: names we go by, sizes, deadlines, and the headers that a browser is to obey."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, Response

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from emulators.web.site import Site

UPLOAD_BYTES = 64 * 1024 * 1024
FORM_BYTES = 16 * 1024
UPLOADS = ("/bios", "/firmware")
FORM_S, UPLOAD_S = 10.0, 600.0  # for the whole of a request's body

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "cache-control": "no-store",
    "x-fwsim-pages": "1",
}


class TooLarge(Exception):
    """More came than the page takes."""


class TooSlow(Exception):
    """The body's deadline is over."""


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, site: Site) -> None:
        self.app, self.site = app, site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        upload = scope["path"] in UPLOADS
        limit, seconds = (UPLOAD_BYTES, UPLOAD_S) if upload else (FORM_BYTES, FORM_S)
        app = self._refusal(scope, headers, limit) or self.app
        await app(scope, _Body(receive, limit, seconds), _with_headers(send))

    def _refusal(self, scope: Scope, headers: Headers, limit: int) -> PlainTextResponse | None:
        host = headers.get("host", "")
        if len(headers.getlist("host")) != 1 or not self.site.knows(host):
            return _plain(421, "these pages are not known by that name; use the BMC's address\n")
        if scope["method"] not in ("GET", "HEAD") and not _same_origin(headers, host):
            return _plain(403, "the request came from another site's page\n")
        length = headers.get("content-length", "0")
        if not length.isdigit() or int(length) > limit:
            return _plain(413, f"at most {limit} bytes are taken here\n")
        return None


def _with_headers(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers.setdefault(name, value)
        await send(message)

    return answer


class _Body:
    """Counts what comes, and waits for it no longer than `seconds` in all."""

    def __init__(self, receive: Receive, limit: int, seconds: float) -> None:
        self._receive, self._left, self._complete = receive, limit, False
        self._deadline = asyncio.get_running_loop().time() + seconds

    async def __call__(self) -> Message:
        if self._complete:
            return await self._receive()  # waits for the client to go away
        try:
            async with asyncio.timeout_at(self._deadline):
                message = await self._receive()
        except TimeoutError:
            raise TooSlow from None
        self._left -= len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        if self._left < 0:
            raise TooLarge
        return message


async def too_large(request: Request, error: Exception) -> Response:
    return _plain(413, "more was sent than is taken here\n")


async def unreadable(request: Request, error: Exception) -> Response:
    """The sender names the letters of a form, and may name such as nobody can read or write."""
    return _plain(400, "the form holds what is no text\n")


async def too_slow(request: Request, error: Exception) -> Response:
    return _plain(408, "the request did not come to its end\n")


def _plain(code: int, text: str) -> PlainTextResponse:
    """The rest of what is on its way is not read: the connection ends."""
    return PlainTextResponse(text, code, headers={"connection": "close"})


def _same_origin(headers: Headers, host: str) -> bool:
    """Does a browser say that our own page sent this? Clients that are no browsers say nothing."""
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    try:
        return origin is None or urlsplit(origin).netloc == host
    except ValueError:  # no address at all
        return False

"""The application: one table of routes, and what happens to a request before its handler sees it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from emulators.web import configure, door, guard, remote, updates, views
from emulators.web.sessions import ADMIN, USER, WebSession
from emulators.web.site import UPDATE_MODE, Site
from emulators.web.visit import Upload, Visit

OPERATOR = 3
FIELDS, FIELD_BYTES, NAME_LENGTH = 32, 8192, 120


@dataclass(frozen=True)
class Row:
    """`live`: the page asks by itself, which keeps no session alive; it is answered in update mode too."""

    method: str
    path: str
    handler: Callable[[Visit], Response]
    privilege: int = USER
    live: bool = False


ROUTES = (
    Row("GET", "/overview", views.overview),
    Row("GET", "/health", views.health),
    Row("GET", "/events", views.events),
    Row("POST", "/events/clear", views.clear_events, OPERATOR),
    Row("GET", "/live.json", views.live, live=True),
    Row("GET", "/network", configure.network),
    Row("POST", "/network", configure.set_network, ADMIN),
    Row("POST", "/network/mode", configure.set_mode, ADMIN),
    Row("GET", "/users", configure.users, ADMIN),
    Row("POST", "/users", configure.set_user, ADMIN),
    Row("GET", "/factory", configure.factory, ADMIN),
    Row("POST", "/factory", configure.factory_default, ADMIN),
    Row("GET", "/restart", configure.restart, ADMIN),
    Row("POST", "/restart", configure.restart_now, ADMIN),
    Row("GET", "/power", remote.power),
    Row("POST", "/power", remote.switch, OPERATOR),
    Row("POST", "/identify", remote.identify, OPERATOR),
    Row("GET", "/screen", remote.screen, OPERATOR),
    Row("GET", "/screen.json", remote.screen_now, OPERATOR, live=True),
    Row("POST", "/screen/type", remote.type_at_screen, OPERATOR),
    Row("GET", "/serial", remote.serial),
    Row("POST", "/serial/open", remote.open_serial),
    Row("GET", "/serial/stream", remote.stream_serial, live=True),
    Row("POST", "/serial/type", remote.type_at_serial),
    Row("POST", "/serial/close", remote.close_serial),
    Row("GET", "/bios", updates.bios, ADMIN),
    Row("POST", "/bios", updates.write_bios, ADMIN),
    Row("GET", "/firmware", updates.firmware, ADMIN),
    Row("POST", "/firmware", updates.write_firmware, ADMIN),
    Row("POST", "/firmware/mode", updates.update_mode, ADMIN),
)
IN_UPDATE_MODE = ("/firmware", "/firmware/mode")


def application(site: Site) -> ASGIApp:
    """Everything that a browser can ask of this BMC."""
    routes = [Route(row.path, _endpoint(site, row), methods=[row.method]) for row in ROUTES]
    app = Starlette(
        routes=[
            Route("/", lambda request: RedirectResponse("/overview", 303), methods=["GET"]),
            Route("/favicon.ico", lambda request: RedirectResponse("/static/icon.svg"), methods=["GET"]),
            Route("/login", door.page(site), methods=["GET"]),
            Route("/login", door.enter(site), methods=["POST"]),
            Route("/logout", _endpoint(site, Row("POST", "/logout", door.leave, live=True)), methods=["POST"]),
            *routes,
            Mount("/static", StaticFiles(packages=[("emulators.web", "static")])),
        ],
        exception_handlers={
            HTTPException: _problem,
            ClientDisconnect: guard.too_slow,
            guard.TooLarge: guard.too_large,
            guard.TooSlow: guard.too_slow,
            UnicodeError: guard.unreadable,
        },
    )
    return guard.Guard(app, site)


def _endpoint(site: Site, row: Row) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        visit = _admitted(site, row, request)
        if isinstance(visit, Response):
            return visit
        if request.method == "POST":
            read = await _read(visit)  # which takes its time: server, session and rights may be others by now
            again = _admitted(site, row, request)
            if isinstance(again, Response):
                return again
            if not site.server.bmc.answering or again.session is not read.session:
                return RedirectResponse("/login", 303)
            visit = read
            if not visit.sent_by_our_page():
                return visit.page("refused.html", status_code=403, why="The form is not one of this session's pages.")
        response = row.handler(visit)
        site.after()
        return response

    return endpoint


def _admitted(site: Site, row: Row, request: Request) -> Visit | Response:
    """The visit of somebody who may do this now, or what is answered instead."""
    site.before()
    session = site.sessions.find(door.token(request), site.clock(), touch=not row.live)
    if session is None:
        return JSONResponse({"login": True}, 401) if row.live else RedirectResponse("/login", 303)
    if (elsewhere := _locked(site, row, session)) is not None:
        return elsewhere
    visit = Visit(site, request, session, {})
    return visit if session.privilege >= row.privilege else visit.forbidden(row.privilege)


def _locked(site: Site, row: Row, session: WebSession) -> Response | None:
    """In update mode there is nothing but the update, for the one who entered it."""
    owner = site.server.bmc.volatile.get(UPDATE_MODE)
    if owner is None or row.live:
        return None
    if owner != session.token:
        site.sessions.end(session)
        return RedirectResponse("/login", 303)
    return None if row.path in IN_UPDATE_MODE else RedirectResponse("/firmware", 303)


async def _read(visit: Visit) -> Visit:
    """With the form's fields, and its file: what does not fit into a little memory is on disk without a name."""
    fields: dict[str, str] = {}
    upload = None
    async with visit.request.form(max_files=1, max_fields=FIELDS, max_part_size=FIELD_BYTES) as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                upload = Upload(_shown(value.filename or ""), await value.read())
            else:
                fields[name] = value
    return Visit(visit.site, visit.request, visit.session, fields, upload)


def _shown(name: str) -> str:
    """A file's name for people to read: no folders, nothing that does not print."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(c for c in last if c.isprintable())[:NAME_LENGTH]


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    return PlainTextResponse(f"{error.status_code} {error.detail}\n", error.status_code, headers=headers)

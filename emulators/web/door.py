"""Logging in and out."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from emulators.web.sessions import NAME_SIZE, PASSWORD_SIZE, WebSession
from emulators.web.site import UPDATE_MODE, Site
from emulators.web.visit import Visit

COOKIE, BEFORE = "__Host-session", "__Host-login"
Endpoint = Callable[[Request], Awaitable[Response]]

WHY = {
    "unknown": "Login refused: the name or the password is wrong, or the account is locked.",
    "full": "The maximum number of sessions is reached. Log out elsewhere, or wait for one to end.",
    "update mode": "The controller is in update mode. Nobody can log in before it is over.",
}


def token(request: Request) -> str:
    """The session's, as the browser brings it."""
    return request.cookies.get(COOKIE, "")


def page(site: Site) -> Endpoint:
    """The form."""

    async def endpoint(request: Request) -> Response:
        site.before()
        if site.sessions.find(token(request), site.clock(), touch=False) is not None:
            return RedirectResponse("/overview", 303)
        return _form(site)

    return endpoint


def enter(site: Site) -> Endpoint:
    """Take name and password. The form's own token and a cookie agree, or another site's page has sent it."""

    async def endpoint(request: Request) -> Response:
        async with request.form(max_files=0, max_fields=8, max_part_size=1024) as form:
            fields = {name: value for name, value in form.multi_items() if isinstance(value, str)}
        site.before()
        expected = request.cookies.get(BEFORE, "")
        if not expected or not hmac.compare_digest(fields.get("csrf", "").encode(), expected.encode()):
            return _form(site, "The page was too old, or cookies are off. Please log in again.", 403)
        name, password = fields.get("name", ""), fields.get("password", "")
        if not 0 < len(name.encode()) <= NAME_SIZE or len(password.encode()) > PASSWORD_SIZE:
            return _form(site, WHY["unknown"], 401)
        came = site.sessions.login(name, password, site.clock())
        if not isinstance(came, WebSession):
            site.server.note("bmc-login-refused", user=name, door="web")
            return _form(site, WHY[came], 401)
        response = RedirectResponse("/overview", 303)
        response.delete_cookie(BEFORE, secure=True, httponly=True, samesite="strict")
        response.set_cookie(COOKIE, came.token, secure=True, httponly=True, samesite="strict")
        return response

    return endpoint


def leave(visit: Visit) -> Response:
    """Log out, and give back what was held."""
    site = visit.site
    if site.serial is not None and site.serial.token == visit.session.token:
        site.payloads.release(site.serial)
    site.sessions.end(visit.session)
    response = RedirectResponse("/login", 303)
    response.delete_cookie(COOKIE, secure=True, httponly=True, samesite="strict")
    return response


def _form(site: Site, trouble: str = "", status_code: int = 200) -> Response:
    made = secrets.token_urlsafe(24)
    locked = UPDATE_MODE in site.server.bmc.volatile
    text = site.render("login.html", csrf=made, trouble=trouble, locked=locked)
    response = HTMLResponse(text, status_code)
    response.set_cookie(BEFORE, made, secure=True, httponly=True, samesite="strict")
    return response

"""One request of somebody who is logged in, and what may be answered to it."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from emulators import webflash
from emulators.web import status
from emulators.web.sessions import PRIVILEGES, WebSession
from emulators.web.site import UPDATE_MODE, Site

PRIVILEGE_WORDS = {2: "any user", 3: "an operator", 4: "an administrator"}


@dataclass(frozen=True)
class Upload:
    """A file that came with a form. `name` is the browser's word for it: shown, never used as a path."""

    name: str
    data: bytes = field(repr=False)


class Visit:
    """What a handler works with. `form`: the fields of a POST; `upload`: its file, where the page takes one."""

    def __init__(
        self, site: Site, request: Request, session: WebSession, form: dict[str, str], upload: Upload | None = None
    ) -> None:
        self.site, self.request, self.session = site, request, session
        self.form, self.upload = form, upload

    @property
    def user(self) -> str:
        return self.session.name

    def may(self, privilege: int) -> bool:
        """Has this user that much to say?"""
        return self.session.privilege >= privilege

    def sent_by_our_page(self) -> bool:
        """Does it carry the session's token? Another site's form cannot."""
        token = self.form.get("csrf") or self.request.headers.get("x-csrf-token", "")
        return hmac.compare_digest(token.encode(), self.session.csrf.encode())

    def page(self, template: str, *, status_code: int = 200, **values: Any) -> HTMLResponse:
        """A whole page in the site's face, with what is to be said on top of it once."""
        session = self.session
        notice, session.notice = session.notice, ""
        trouble, session.trouble = session.trouble, ""
        text = self.site.render(
            template,
            visit=self,
            path=self.request.url.path,
            brief=status.brief(self.site.server),
            role=PRIVILEGES.get(session.privilege, ""),
            locked=UPDATE_MODE in self.site.server.bmc.volatile,
            notice=notice,
            trouble=trouble,
            **values,
        )
        return HTMLResponse(text, status_code)

    def forbidden(self, privilege: int) -> Response:
        """This user may not."""
        return self.page("refused.html", status_code=403, why=f"That takes {PRIVILEGE_WORDS[privilege]}.")

    def back(self, path: str, notice: str = "", *, trouble: str = "") -> Response:
        """To a page that says what came of it."""
        self.session.notice, self.session.trouble = notice, trouble
        return RedirectResponse(path, 303)

    def parting(
        self, title: str, text: str, then: Callable[[], None], *, link: str = "", restarts: bool = True
    ) -> Response:
        """Say goodbye, and once that has been sent do what ends the connection.

        Nothing is done where the BMC has gone dark meanwhile, and nothing that `restarts` it where somebody has begun
        to write firmware.
        """
        bmc = self.site.server.bmc
        generation = bmc.generation

        async def afterwards() -> None:
            await asyncio.sleep(self.site.linger_s)
            self.site.before()
            harm = restarts and webflash.firmware_writing(bmc)
            if bmc.answering and bmc.generation == generation and not harm:
                then()
            self.site.after()

        response = self.page("parting.html", title=title, text=text, link=link)
        response.background = BackgroundTask(afterwards)
        return response

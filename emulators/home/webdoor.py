"""The BMC's web pages at home: they listen where the BMC is on its network, and nowhere while it is dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulators.web.endpoint import WebEndpoint

if TYPE_CHECKING:
    from emulators.bmc.lan import Sessions
    from emulators.home.pump import Pump
    from emulators.server import VirtualServer
    from emulators.web.site import Site


class WebDoor:
    """`follow` it to where the BMC is whenever something may have changed. `may_bind`: which addresses are ours."""

    def __init__(self, server: VirtualServer, sessions: Sessions, pump: Pump, may_bind: Callable[[str], bool]) -> None:
        self._server, self._sessions, self._pump, self._may_bind = server, sessions, pump, may_bind
        self._endpoint: WebEndpoint | None = None
        self._old: list[WebEndpoint] = []
        self._pages: Site | None = None

    def open(self, host: str, port: int) -> tuple[str, int]:
        """Take the place and listen there. Raises OSError where it is taken."""
        self._endpoint = WebEndpoint.reserve(self._site, host, port)
        self.follow()
        return self._endpoint.at

    def follow(self) -> None:
        """Listen where the BMC is now, if that is a place of ours; go dark where it is nowhere."""
        if self._endpoint is None:
            return
        wanted = self._server.bmc.on_network
        if wanted is None or not self._may_bind(wanted):
            self._endpoint.go_dark()
            return
        try:
            if wanted != self._endpoint.at[0]:
                moved = WebEndpoint.reserve(self._site, wanted, self._endpoint.at[1])
                self._endpoint.go_dark()
                self._old.append(self._endpoint)
                self._endpoint = moved
            self._endpoint.listen()
        except OSError:
            self._endpoint.go_dark()  # somebody else has that place: nobody answers there for us

    async def close(self) -> None:
        """Stop listening for good."""
        for endpoint in (*self._old, self._endpoint):
            if endpoint is not None:
                await endpoint.close()

    def _site(self) -> Site:
        """One for all places: who is logged in stays so when the address moves."""
        if self._pages is None:
            import time

            from emulators.web.site import Site

            assert self._sessions.payloads is not None
            self._pages = Site(
                self._server,
                self._sessions.lockouts,
                self._sessions.payloads,
                time.monotonic,
                before=self._pump.advance,
                after=self._pump.look_again,
            )
        return self._pages

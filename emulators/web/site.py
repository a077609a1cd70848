"""What every page of one BMC shares: the server, who is logged in, who has the serial console, the templates."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from emulators.bmc import dispatch
from emulators.bmc.reply import Reply
from emulators.web.faces import FACES, Face
from emulators.web.serial import SerialPage
from emulators.web.sessions import WebSessions

if TYPE_CHECKING:
    from emulators.bmc.payloads import Payloads
    from emulators.bmc.rmcp_lockout import Lockouts
    from emulators.server import VirtualServer

UPDATE_MODE = "update-mode"  # in the BMC's RAM: the token of the session that entered it


def _nothing() -> None:
    """The hook of a home that needs none."""


@cache
def templates() -> Environment:
    """Everything that is put into a page is escaped; a name that is not there is an error."""
    return Environment(
        loader=PackageLoader("emulators.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


@dataclass
class Site:
    """`clock` gives wall seconds. `before` runs ahead of each look at the server (the home lives up to now), `after`
    behind each change. `linger_s`: wall seconds between a goodbye and what ends the connection, in which the browser
    fetches what belongs to that last page."""

    server: VirtualServer
    lockouts: Lockouts
    payloads: Payloads
    clock: Callable[[], float]
    before: Callable[[], None] = _nothing
    after: Callable[[], None] = _nothing
    linger_s: float = 1.0
    serial: SerialPage | None = None
    sessions: WebSessions = field(init=False)
    face: Face = field(init=False)

    def __post_init__(self) -> None:
        self.sessions = WebSessions(self.server.bmc, self.lockouts)
        self.face = FACES[self.server.board.vendor]

    def render(self, name: str, **values: Any) -> str:
        """One template, filled."""
        return templates().get_template(name).render(site=self, face=self.face, board=self.server.board, **values)

    def ipmi(self, netfn: int, command: int, data: bytes, privilege: int) -> Reply:
        """Do what an IPMI message does, with its refusals: a page is only another way to send it."""
        reply = dispatch.handle(self.server.bmc, netfn, 0, command, data, privilege)
        return reply if reply is not None else Reply(0xC0)

    def did(self, what: str, user: str) -> None:
        """For whoever watches the server."""
        if self.server.watch is not None:
            self.server.watch.web(what, user)

    def knows(self, host: str) -> bool:
        """Is that how somebody may call us? A name of the network that we do not know may be anybody's (rebinding)."""
        name, colon, port = host.rpartition(":") if ":" in host and not host.endswith("]") else (host, "", "")
        if colon and not (port.isascii() and port.isdigit() and int(port) < 65536):
            return False
        name = name.strip("[]")
        spec = self.server.spec
        if name.lower() in ("localhost", spec.name.lower(), spec.hostname.lower()):
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True

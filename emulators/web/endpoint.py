"""Where the pages listen: TLS on one TCP port of one address, opened and closed as the BMC comes and goes.

The application, its libraries and the certificate are made when the first browser connects: a server whose pages
nobody looks at pays for a socket. While the BMC is dark the port stays ours but nothing listens there, so that
connections are refused, as by a machine whose BMC is dark.

uvicorn's protocol is used without uvicorn's server, which would take the process's signals. What it has no deadline
for, the head of a request, has one here.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ssl
    from asyncio import Server

    from emulators.web.site import Site

HANDSHAKE_S, HEAD_S, KEEP_S = 10.0, 10.0, 15.0  # wall: for the TLS handshake, for a request's head, between requests
END_S = 2.0  # wall: for answers that are being given when the pages end
CONNECTIONS = 64
BACKLOG = 64
HEAD_BYTES = 16 * 1024


class WebEndpoint:
    """`make` gives what is served, once it is wanted. `at` is the place, whether or not anything listens there."""

    def __init__(self, make: Callable[[], Site], reserved: socket.socket) -> None:
        self._make, self._reserved = make, reserved
        self.at: tuple[str, int] = reserved.getsockname()
        self._loop = asyncio.get_running_loop()
        self._waiting: socket.socket | None = None
        self._opening: asyncio.Task[None] | None = None
        self._server: Server | None = None
        self._context: ssl.SSLContext | None = None
        self._protocol: Callable[[], asyncio.Protocol] | None = None
        self._connections: set[Any] = set()
        self._answering: set[asyncio.Task[None]] = set()

    @classmethod
    def reserve(cls, make: Callable[[], Site], host: str, port: int) -> WebEndpoint:
        """Take the place, listen not yet. Port 0 takes a free one. Raises OSError where it is taken."""
        return cls(make, _bound(host, port))

    @property
    def listening(self) -> bool:
        return self._waiting is not None or self._server is not None

    def listen(self) -> None:
        """From now on connections are taken. Raises OSError where somebody else listens there by now."""
        if self.listening:
            return
        self._waiting = _bound(*self.at)
        self._waiting.listen(BACKLOG)
        self._loop.add_reader(self._waiting, self._wanted)

    def go_dark(self) -> None:
        """Nothing listens any more, and who is connected is cut."""
        if self._opening is not None:
            self._opening.cancel()
        if self._waiting is not None:
            self._loop.remove_reader(self._waiting)
            self._waiting.close()
            self._waiting = None
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self._connections):
            connection.transport.close()

    async def close(self) -> None:
        """Give the place back."""
        self.go_dark()
        self._reserved.close()
        if self._opening is not None:
            await asyncio.gather(self._opening, return_exceptions=True)
        if self._answering:
            await asyncio.wait(self._answering, timeout=END_S)  # they hear that nobody listens any more

    def _wanted(self) -> None:
        """The first browser knocks: what it needs is made in a thread, so that IPMI is answered meanwhile."""
        assert self._waiting is not None
        self._loop.remove_reader(self._waiting)
        self._opening = self._loop.create_task(self._serve(self._waiting))

    async def _serve(self, bound: socket.socket) -> None:
        await asyncio.to_thread(import_module, "emulators.web.serving")
        from emulators.web import serving

        if self._protocol is None:
            site = self._make()
            self._context = await asyncio.to_thread(serving.prepare, site.server.spec.name, self.at[0])
            self._protocol = partial(serving.protocol, serving.configured(site), self._connections, self._answering)
        self._server = await self._loop.create_server(
            self._protocol, sock=bound, ssl=self._context, ssl_handshake_timeout=HANDSHAKE_S, backlog=BACKLOG
        )
        self._waiting = None


def _bound(host: str, port: int) -> socket.socket:
    """Several may be bound to one port as long as one of them listens; a port that we find is nobody else's yet."""
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        made.setblocking(False)
        if port:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, port))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    except OSError:
        made.close()
        raise
    return made

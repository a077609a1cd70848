"""uvicorn's HTTP/1.1 protocol around the application, with a deadline for each request's head."""

from __future__ import annotations

import asyncio
import ssl
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from emulators.web import certificate
from emulators.web.app import application
from emulators.web.endpoint import CONNECTIONS, HEAD_BYTES, HEAD_S, KEEP_S
from emulators.web.site import Site, templates


def prepare(name: str, address: str) -> ssl.SSLContext:
    """Whatever takes long: the key, the templates' code."""
    for template in templates().list_templates():
        templates().get_template(template)
    return certificate.context(name, address)


def configured(site: Site) -> uvicorn.Config:
    """How uvicorn's protocol is to behave; nothing of its server, logging or signals."""
    config = uvicorn.Config(
        application(site),
        lifespan="off",
        ws="none",
        log_config=None,
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(KEEP_S),
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=HEAD_BYTES,
    )
    config.load()
    return config


def protocol(config: uvicorn.Config, connections: set[Any], tasks: set[asyncio.Task[None]]) -> asyncio.Protocol:
    """One connection's. `connections` and `tasks`: all that there are."""
    state = ServerState()
    state.connections, state.tasks = connections, tasks
    return TimedProtocol(config=config, server_state=state, app_state={})


class TimedProtocol(H11Protocol):
    """Cuts who does not send a whole head in time: uvicorn waits for the rest of one for ever."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        if self.cycle is None or self.cycle.response_complete:
            self._expect()
        super().data_received(data)

    def handle_events(self) -> None:
        super().handle_events()
        if self.cycle is not None and not self.cycle.response_complete:
            self._forget()

    def on_response_complete(self) -> None:
        self._forget()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _expect(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_S, self.transport.abort)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

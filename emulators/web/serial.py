"""The serial console in a page: the one session of Serial over LAN that a BMC gives, held by a browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emulators.web.terminal import Screen

if TYPE_CHECKING:
    from emulators.server import VirtualServer

SILENT_S = 30.0  # a browser that has not asked for so long has gone
ROWS = 200  # of the history that the page keeps


@dataclass
class SerialPage:
    """One activation. It shows what the console writes from now on."""

    server: VirtualServer
    token: str  # of the session that it belongs to
    clock: Callable[[], float]
    screen: Screen = field(default_factory=Screen)

    def __post_init__(self) -> None:
        self._generation = self.server.bmc.generation
        self._offset = self.server.console.end
        self.seen_at = self.clock()

    @property
    def alive(self) -> bool:
        """Is there a browser behind it, and the BMC that gave it?"""
        bmc = self.server.bmc
        same = bmc.answering and bmc.generation == self._generation
        return same and self.clock() - self.seen_at < SILENT_S

    def read(self) -> str:
        """What stands there now; the browser has asked."""
        self.seen_at = self.clock()
        chunk = self.server.console.read(self._offset)
        self._offset = chunk.offset + len(chunk.data)
        self.screen.feed(chunk.data)
        return self.screen.tail(ROWS)

    def type(self, data: bytes) -> bool:
        """Send characters; False where nobody is at the other end."""
        if not self.server.powered:
            return False
        self.server.console.type(data)
        return True

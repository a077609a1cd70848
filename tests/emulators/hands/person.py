"""A server and somebody beside it."""

from __future__ import annotations

from typing import Any

from emulators import boards
from emulators.faults import Fault
from emulators.hands import Hands
from emulators.server import VirtualServer
from emulators.spec import ServerSpec

HOUR = 3600.0
ALL = tuple(n for n in boards.names() if n != "x11ssh-f-nohpm")
PADS = [n for n in ALL if boards.load(n).cmos.kind == "pads"]
JUMPERS = [n for n in ALL if boards.load(n).cmos.kind == "jumper"]


class Beside:
    """A server and somebody beside it."""

    def __init__(self, board: str = "x11ssh-f", *faults: Fault, **spec: Any) -> None:
        self.server = VirtualServer(ServerSpec(board=board, faults=faults, **spec))
        self.hands = Hands(self.server)

    @property
    def phase(self) -> str:
        """What the host does now."""
        return self.server.phase

    def does(self, *acts: str, **parameters: Any) -> str:
        """Each act in turn; all of them must be possible."""
        text = ""
        for act in acts:
            seen = self.hands.do(act, **parameters)
            assert seen.ok, (act, seen.text)
            text = seen.text
        return text

    def cannot(self, act: str, **parameters: Any) -> str:
        seen = self.hands.do(act, **parameters)
        assert not seen.ok, seen.text
        return seen.text

    def sees(self, at: str) -> str:
        return self.does("look", at=at)

    def mains(self, on: bool) -> None:
        for psu in range(1, len(self.server.psus) + 1):
            self.does("plug" if on else "unplug", psu=psu)

    def opened(self) -> None:
        if self.server.board.nodes > 1:
            self.does("pull-sled")
        else:
            self.does("slide-out")
        self.does("open-cover", "wear-strap")

    def closed(self) -> None:
        self.does("close-cover", "push-sled" if self.server.board.nodes > 1 else "slide-in")

    def later(self, seconds: float = HOUR) -> None:
        self.server.advance(self.server.now + seconds)

    def told(self, kind: str) -> list[dict[str, Any]]:
        return [record for record in self.server.world.records if record["kind"] == kind]


def changed(there: Beside) -> None:
    """Another setting than the default, so that a clearing shows."""
    nvram = there.server.nvram
    setting = next(s for s in nvram.catalogue if s.key == "sr-iov")
    nvram.settings["sr-iov"] = setting.values[1]


def cleared(there: Beside) -> bool:
    return there.server.nvram.settings == there.server.nvram.defaults

"""The operator's machine in a rehearsal: a recorder. Nothing runs there, so nothing of the plan leaves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from fwsim.doors import Completed
from fwsim.events import CommandRan, Event, NotRehearsed


class RecordingHost:
    """Notes the commands that a real run would start on the operator's machine; each seems to succeed."""

    def __init__(self) -> None:
        self.recorded: list[tuple[str, ...]] = []
        self._untold: list[tuple[str, ...]] = []

    def telling(self, emit: Callable[[Event], None]) -> Callable[[Event], None]:
        """The same, and each command that was only noted is told as not rehearsed. The engine hears nothing of it."""

        def hear(event: Event) -> None:
            emit(event)
            if isinstance(event, CommandRan) and event.where == "operator" and event.argv in self._untold:
                self._untold.remove(event.argv)
                emit(NotRehearsed(event.at, event.step, event.argv))

        return hear

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        self._note(*argv)
        return Completed(tuple(argv), 0, "", "")

    async def put(self, local: Path, remote: str, *, timeout_s: float = 600.0) -> None:
        self._note("put", str(local), remote)

    async def get(self, remote: str, *, timeout_s: float = 600.0) -> bytes:
        raise FileNotFoundError(remote)

    async def answers(self, *, timeout_s: float = 5.0) -> bool:
        return True

    def _note(self, *argv: str) -> None:
        self.recorded.append(argv)
        self._untold.append(argv)

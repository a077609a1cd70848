"""A BMC that writes its own flash: what vendor tools hand an image to (SUM UpdateBmc, the iDRAC's updater).

It runs on the BMC, not in a process of the host: nobody need listen, and it ends when the BMC goes dark on the way,
with the bank written as far as it came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulators.host.process import Process, Run

if TYPE_CHECKING:
    from emulators.bmc.controller import Bmc
    from emulators.server import VirtualServer

_KEY = "self-update"  # where the BMC's RAM remembers it


class SelfUpdate:
    """One such writing. `outcome` is None while it runs, then whether all was written."""

    def __init__(
        self,
        server: VirtualServer,
        image: bytes,
        seconds: float,
        *,
        restart_after_s: float = 0.0,
        when_done: Callable[[bool], None] | None = None,
        on_percent: Callable[[int], None] | None = None,
    ) -> None:
        self.server, self.percent = server, 0
        self.outcome: bool | None = None
        self._restart_after_s, self._when_done = restart_after_s, when_done
        self._on_percent = on_percent
        server.bmc.volatile[_KEY] = self
        Process(0, "bmc-self-update", self._run(image, seconds), server.agenda, None).start()

    def _run(self, image: bytes, seconds: float) -> Run[int]:
        bmc = self.server.bmc
        generation = bmc.generation
        writing = self.server.program("bmc", image, seconds, on_percent=self._reached)
        while True:
            try:
                wait = next(writing)
            except StopIteration as stop:
                return self._end(bool(stop.value))
            yield wait
            if not bmc.answering or bmc.generation != generation:
                writing.close()
                return self._end(False)

    def _reached(self, percent: int) -> None:
        self.percent = percent
        if self._on_percent is not None:
            self._on_percent(percent)

    def _end(self, written: bool) -> int:
        bmc, board = self.server.bmc, self.server.board.bmc
        self.outcome = written
        bmc.volatile.pop(_KEY, None)
        if written:
            bmc.make_active()
        if self._when_done is not None:
            self._when_done(written)
        if written and board.resets_itself:
            self.server.agenda.after(self._restart_after_s, bmc.cold_reset)
        return 0 if written else 1


def in_progress(bmc: Bmc) -> bool:
    """Is the BMC's own flash being written now, by itself or block by block (HPM.1)? Then nobody else begins."""
    return _KEY in bmc.volatile or bmc.chip.uploading is not None


def current(bmc: Bmc) -> SelfUpdate | None:
    """The writing that is under way, if any."""
    kept: SelfUpdate | None = bmc.volatile.get(_KEY)
    return kept

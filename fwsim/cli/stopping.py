"""Ctrl-C and the signals that end fwsim. None of them ends a flash: that runs on the host, in a unit of its own."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

from fwsim.events import Event, RunEnded, StepEnded, StepStarted

OTHERS = (signal.SIGTERM, signal.SIGHUP)  # SIGHUP: the operator's own connection broke; nobody is there to be asked
FLASHING = ("bmc-flash", "bios-flash")
WARNING = (
    "fwsim: a flash is running. It goes on in its unit on the host, whether fwsim watches it or not; a server that "
    "is restarted now may not come back.\nfwsim: Ctrl-C once more stops watching; `fwsim resume` goes on from there"
)


class Stopping:
    """Hears the run's events; cancels its task. In a flash the first Ctrl-C only warns."""

    def __init__(self, warn: Callable[[str], None]) -> None:
        self._warn = warn
        self._flashing = self._warned = False

    def hear(self, event: Event) -> None:
        match event:
            case StepStarted(step=step):
                self._flashing, self._warned = step.startswith(FLASHING), False
            case StepEnded() | RunEnded():
                self._flashing = False
            case _:
                pass

    def guard(self, task: asyncio.Task[RunEnded]) -> None:
        """From now on signals are for that task. Cancelled once, the run ends as interrupted with its journal whole."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt, task)
        for number in OTHERS:
            loop.add_signal_handler(number, task.cancel)

    def _interrupt(self, task: asyncio.Task[RunEnded]) -> None:
        if self._flashing and not self._warned:
            self._warned = True
            self._warn(WARNING)
            return
        task.cancel()

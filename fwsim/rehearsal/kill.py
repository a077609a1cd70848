"""The death of an engine, in memory: the world goes on, the engine is dropped, the journal is cut at any byte.

The doors count what goes through them. At the chosen call the engine's coroutine is suspended and closed, as `kill -9`
would end it: nothing of it runs any more. What the call did to the server before stays done (`Kill.after`).
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from fwsim import journal
from fwsim.doors import Clock, Doors, Host, Network
from fwsim.events import Event, RunEnded

T = TypeVar("T")


@dataclass(frozen=True)
class Kill:
    """When: at the call of that number (from 1). `after`: once it has acted, but before its result is heard."""

    call: int
    after: bool = False


class Counter:
    """Counts door calls, and suspends the engine at the one at which it dies."""

    def __init__(self, kill: Kill | None) -> None:
        self.calls = 0
        self.names: list[str] = []
        self._kill = kill

    async def through(self, name: str, call: Callable[..., Coroutine[Any, Any, Any]], *words: Any, **how: Any) -> Any:
        self.calls += 1
        self.names.append(name)
        dies = self._kill is not None and self.calls == self._kill.call
        if dies and self._kill is not None and not self._kill.after:
            await _suspended()
        result = await call(*words, **how)
        if dies:
            await _suspended()
        return result


@types.coroutine
def _suspended() -> Generator[None, None, None]:
    yield


class _Counted:
    """A door whose every awaited method is counted."""

    def __init__(self, door: object, name: str, counter: Counter) -> None:
        self._door, self._name, self._counter = door, name, counter

    def __getattr__(self, attribute: str) -> Any:
        method = getattr(self._door, attribute)
        if not inspect.iscoroutinefunction(method):
            return method
        name = f"{self._name}.{attribute}"
        return lambda *words, **how: self._counter.through(name, method, *words, **how)


def counted(doors: Doors, counter: Counter) -> Doors:
    """The same doors, counted."""
    return Doors(
        cast(Clock, _Counted(doors.clock, "clock", counter)),
        cast(Host, _Counted(doors.host, "host", counter)),
        cast(Network, _Counted(doors.network, "network", counter)),
        cast(Host, _Counted(doors.operator, "operator", counter)),
        doors.passwords,
        doors.passphrase,
    )


def run_until_killed(running: Coroutine[Any, Any, RunEnded]) -> RunEnded | None:
    """Drive an engine whose doors are counted. None where it was killed: its coroutine is closed then."""
    try:
        running.send(None)
    except StopIteration as stop:
        return cast(RunEnded, stop.value)
    running.close()
    return None


def cut(path: Path, at: int) -> list[Event]:
    """Cut a journal at that byte, open it as `resume` would, and read back what is in it."""
    data = path.read_bytes()[:at]
    path.write_bytes(data)
    journal.Journal(path).close()  # opening it cuts off a torn line
    return journal.read(path)

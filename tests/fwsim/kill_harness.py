"""A kill -9 in memory: the world stays, the engine dies at one of its events, the journal is cut, another resumes.

What an engine has told is on the disk before it goes on, so a kill leaves the events up to that one, and of the next
any part of its line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fwsim import boards, journal, payload
from fwsim.doors import Doors, Host
from fwsim.engine import Engine
from fwsim.events import Event, RunEnded, to_json
from fwsim.rehearsal.memory import MemoryClock, drive
from fwsim.rehearsal.operator import RecordingHost
from tests.fwsim.engine_bench import Bench


class Killed(GeneratorExit):
    """Goes through the engine as a dropped coroutine does: nobody is there to say anything."""


@dataclass
class Mortal:
    """A bench whose engine dies and is followed by another. `told`: what is on the disk."""

    test: Bench
    told: list[Event] = field(default_factory=list)
    engines: int = 0
    operator: Host = field(default_factory=RecordingHost)

    def live(self, dies: Callable[[int, Event], bool] = lambda number, event: False, **options: Any) -> RunEnded | None:
        """One engine, until `dies(number of its event, the event)`: that event is not on the disk. None for dead."""
        numbers = iter(range(1_000_000))
        past = tuple(self.told)

        def emit(event: Event) -> None:
            if dies(next(numbers), event):
                raise Killed
            self.told.append(event)

        try:
            return drive(self._engine(past, emit, **options).run())
        except Killed:
            return None

    def _engine(self, past: Sequence[Event], emit: Callable[[Event], None], **options: Any) -> Engine:
        test = self.test
        self.engines += 1
        doors = Doors(
            MemoryClock(test.server, 0.0), test.host, test.network, self.operator, test.prepared.bmc_passwords
        )
        return Engine(
            test.plan, boards.load(test.plan.board), payload.read_all(test.plan), doors, emit,
            run_id=test.run_id, run_dir=test.folder, allow_synthetic=test.synthetic, past=past, **options,
        )  # fmt: skip

    def cut(self, data: bytes, folder: Path) -> None:
        """What is on the disk is that journal, opened as a resume opens it."""
        path = folder / "events.jsonl"
        path.write_bytes(data)
        journal.Journal(path).close()
        self.told = journal.read(path)

    @property
    def flashes(self) -> dict[str, int]:
        """How often each chip was written, by the world's word."""
        kinds = [r["chip"] for r in self.test.server.world.records if r["kind"] == "flash-started"]
        return {kind: kinds.count(kind) for kind in ("bmc", "bios")}


def lines(events: Sequence[Event]) -> list[bytes]:
    return [to_json(event).encode() + b"\n" for event in events]

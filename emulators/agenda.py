"""What the virtual server will do next, and when. Time is a parameter: nothing here reads a clock."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass

Action = Callable[[], None]


@dataclass(eq=False, slots=True)
class Entry:
    """One thing to do, at `due` in simulated seconds."""

    due: float
    action: Action
    cancelled: bool = False

    def cancel(self) -> None:
        self.cancelled = True


class Agenda:
    """Runs entries in (due, sequence) order. `now` is simulated seconds since the server's epoch."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self._entries: list[tuple[float, int, Entry]] = []  # the number breaks ties in the order of asking
        self._sequence = 0

    def at(self, due: float, action: Action) -> Entry:
        """Do `action` at `due` (not before now). The entry returned can be cancelled."""
        self._sequence += 1
        entry = Entry(due if due > self.now else self.now, action)
        heapq.heappush(self._entries, (entry.due, self._sequence, entry))
        return entry

    def after(self, delay_s: float, action: Action) -> Entry:
        """Do `action` `delay_s` simulated seconds from now."""
        return self.at(self.now + delay_s, action)

    def next_due(self) -> float | None:
        """When there is something to do, or None."""
        while self._entries and self._entries[0][2].cancelled:
            heapq.heappop(self._entries)
        return self._entries[0][0] if self._entries else None

    def advance(self, now: float) -> None:
        """Run all that is due up to `now`. Time never goes back: an older `now` does nothing."""
        entries = self._entries
        while entries and (entries[0][0] <= now or entries[0][2].cancelled):
            due, _, entry = heapq.heappop(entries)
            if entry.cancelled:
                continue
            if due > self.now:
                self.now = due
            entry.action()
        if now > self.now:
            self.now = now

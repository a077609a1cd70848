"""What the rules of DESIGN section 8 are judged by: the events, the world's record, and the server's true state.

All of it is plain data that the caller hands in. `Told` reads the events once, so that each rule is a few lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar, cast

from fwsim import deeds
from fwsim.boards import Kind
from fwsim.deeds import Deed, FlashStart
from fwsim.events import CommandRan, Event, Fact, RunEnded, RunStarted, StepEnded, to_json

E = TypeVar("E", bound=Event)
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Broken:
    """A rule that did not hold. `at`: seconds since the run began."""

    rule: int
    text: str
    at: float

    def __str__(self) -> str:
        return f"rule {self.rule} at {self.at:.1f} s: {self.text}"


@dataclass(frozen=True)
class Condition:
    """What a server truly is at one moment, by its own word.

    `versions`: what runs, "" where nothing does. `whole`: would the next boot find a whole image? `bmc_at`: where its
    BMC answers over LAN, "" for nowhere. `kept`: everything that an update must leave alone, by name.
    """

    versions: Mapping[Kind, str]
    whole: Mapping[Kind, bool]
    host_up: bool
    bmc_at: str
    kept: Mapping[str, str]

    def ills(self, wanted_at: str) -> list[str]:
        """What is wrong with it, in words; [] for a healthy server that is reachable at its BMC's address."""
        found = [] if self.host_up else ["the host is down"]
        if self.bmc_at != wanted_at:
            found.append(f"the BMC answers at {self.bmc_at or 'no address'}, not at {wanted_at}")
        return found + [
            f"the {kind.upper()} that would boot next is not whole" for kind, w in self.whole.items() if not w
        ]


@dataclass(frozen=True)
class FinalState:
    """The truth, and what was left behind. `over`: False where the engine was killed, and more may follow."""

    before: Condition
    after: Condition
    bmc_address: str
    wanted: Mapping[Kind, str] = field(default_factory=dict)
    payloads: Mapping[str, Kind] = field(default_factory=dict)  # SHA-256 -> what it is
    fallbacks: Mapping[str, Kind] = field(default_factory=dict)  # the same, of what a repair may go back to
    recovers: bool = False  # does somebody look for remedies after a bad end?
    endpoints: tuple[str, ...] = ()  # the only addresses that events may act on
    forbidden: tuple[str, ...] = ()  # words of the operator's own plan that must stand nowhere
    secrets: tuple[str, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)  # what the run wrote on the operator's side
    journal: bytes | None = None
    left_on_host: tuple[str, ...] = ()
    allowed: frozenset[str] = frozenset()  # deeds that the plan's policy allows without asking
    operators_word: bool = False  # did a person allow restarts though a bank may be incomplete?
    over: bool = True


@dataclass(frozen=True)
class Command:
    """A command with its place in the events and what it does."""

    index: int
    event: CommandRan
    deed: Deed

    @property
    def began(self) -> float:
        return self.event.at - self.event.took_s

    @property
    def line(self) -> str:
        return " ".join(self.event.argv)[:160]


@dataclass(frozen=True)
class Start:
    """A command that begins a flash."""

    command: Command
    flash: FlashStart
    kind: Kind | None


class Told:
    """The events of one run, in the order in which they were told."""

    def __init__(self, events: Sequence[Event], final: FinalState) -> None:
        self.events, self.final = events, final
        self._places: dict[type[Event], list[int]] = {}  # of each kind that was asked for

    def of(self, kind: type[E], before: int | None = None, after: int = -1) -> Iterator[tuple[int, E]]:
        """Events of that kind with their places, between two places."""
        if kind not in self._places:
            self._places[kind] = [index for index, event in enumerate(self.events) if isinstance(event, kind)]
        for index in self._places[kind]:
            if before is not None and index >= before:
                return
            if index > after:
                yield index, cast(E, self.events[index])

    @cached_property
    def lines(self) -> list[str]:
        """The events as the journal has them."""
        return [to_json(event) for event in self.events]

    @cached_property
    def started(self) -> RunStarted | None:
        return next((e for _, e in self.of(RunStarted)), None)

    @cached_property
    def ended(self) -> RunEnded | None:
        return next((e for _, e in reversed(list(self.of(RunEnded)))), None)

    @cached_property
    def commands(self) -> list[Command]:
        return [Command(i, e, deeds.of(e.where, e.argv)) for i, e in self.of(CommandRan)]

    @cached_property
    def starts(self) -> list[Start]:
        """Every command that begins a flash. What ran in a unit is told again once it has ended: that is no start."""
        rows = []
        for command in self.commands:
            flash = deeds.flash_start(command.event.argv) if command.deed == "flash" else None
            if flash is not None and (flash.unit or not self._in_a_unit(command)):
                known = {**self.final.fallbacks, **self.final.payloads}
                kind = known.get(flash.sha256, flash.kind) or self._by_step(command)
                rows.append(Start(command, flash, kind))
        return rows

    def _in_a_unit(self, command: Command) -> bool:
        """Was this very command handed to a unit before, or such a unit seen by an engine that was resumed?"""
        line = deeds.inner(command.event.argv)
        return any(
            (c.event.argv[0] == "systemd-run" and deeds.inner(c.event.argv) == line)
            or (c.event.argv[:2] == ("systemctl", "show") and "Description=fwsim run=" in c.event.stdout)
            for c in self.commands
            if c.index < command.index
        )

    @staticmethod
    def _by_step(command: Command) -> Kind | None:
        step = command.event.step.removeprefix("repair-re").removeprefix("flash-")
        return next((k for k in ("bmc", "bios") if step.startswith(k)), None)

    def tool_end(self, start: Start) -> Command | None:
        """The event that says how the tool of that start ended."""
        line = deeds.inner(start.command.event.argv)
        return next(
            (
                c
                for c in self.commands
                if c.index > start.command.index and deeds.inner(c.event.argv) == line and c.event.argv == line
            ),
            None,
        )

    def ran(self, *words: str, where: str = "host", before: int | None = None, after: int = -1) -> CommandRan | None:
        """The last command that began with those words and exited 0."""
        fitting = [
            e
            for _, e in self.of(CommandRan, before, after)
            if e.where == where and e.argv[: len(words)] == words and e.status == 0
        ]
        return fitting[-1] if fitting else None

    def step_done(self, step: str, before: int) -> bool:
        """Has that step ended well before that place?"""
        return any(e.step == step and e.outcome in ("done", "warned", "waived") for _, e in self.of(StepEnded, before))

    def fact(self, key: str, before: int | None = None, after: int = -1) -> str | None:
        """The last value told for that key."""
        values = [e.value for _, e in self.of(Fact, before, after) if e.key == key]
        return values[-1] if values else None

"""What a scenario expects, held against what became of it: the events, the world's record, the server's own truth."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from emulators.truth import Truth
from emulators.world import Record
from fwsim.events import EXIT_CODES, Event, Fact, RunEnded, StepStarted, to_json
from fwsim.rehearsal.scenario import Expect, Seen
from fwsim.rules_repair import STEP, TICKET

NOTHING = "nothing"  # as a version: what runs where nothing does


@dataclass(frozen=True)
class Difference:
    """One thing that is not as the scenario's `expect` has it. `field`: below `expect`, as in `final.bmc`."""

    field: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.field}: expected {self.expected}, got {self.got}"


@dataclass(frozen=True)
class Became:
    """What became of a rehearsal. `address`: the BMC's before it; `records`: the world's."""

    events: Sequence[Event]
    records: Sequence[Record]
    truth: Truth
    address: str


def differences(expect: Expect, became: Became) -> list[Difference]:
    """Everything that is not as expected."""
    return [
        *ending(expect, became.events), *_truth(expect, became), *_told(expect, became),
        *_remedies(expect, became.events),
    ]  # fmt: skip


def ending(expect: Expect, events: Sequence[Event]) -> Iterator[Difference]:
    """The same of how it ended alone."""
    ended = events[-1] if events else None
    if not isinstance(ended, RunEnded):
        yield Difference("ending", expect.ending, "no end")
    elif ended.ending != expect.ending:
        yield Difference("ending", expect.ending, ended.ending)
    elif ended.exit_code != EXIT_CODES[expect.ending]:
        yield Difference("exit_code", str(EXIT_CODES[expect.ending]), str(ended.exit_code))


def _truth(expect: Expect, became: Became) -> Iterator[Difference]:
    truth = became.truth
    for kind, version in expect.versions.items():
        if (seen := truth.versions[kind] or NOTHING) != version:
            yield Difference(f"versions.{kind}", version, seen)
    if expect.final.phase not in (None, truth.phase):
        yield Difference("final.phase", str(expect.final.phase), truth.phase)
    where = "nowhere" if not truth.bmc_at else "as-before" if truth.bmc_at == became.address else "elsewhere"
    if expect.final.bmc not in (None, where):
        yield Difference("final.bmc", str(expect.final.bmc), f"{where} ({truth.bmc_at})" if truth.bmc_at else where)


def _told(expect: Expect, became: Became) -> Iterator[Difference]:
    for index, seen in enumerate(expect.must):
        if not _occurs(seen, became):
            yield Difference(f"must[{index}]", _words(seen), "none of it")
    for index, seen in enumerate(expect.never):
        if _occurs(seen, became):
            yield Difference(f"never[{index}]", f"no {_words(seen)}", "one")


def _words(seen: Seen) -> str:
    return " ".join(f"{k}={v}" for k, v in seen.model_dump(exclude_none=True).items())


def _remedies(expect: Expect, events: Sequence[Event]) -> Iterator[Difference]:
    """What recovery has done; nothing is expected of it where it was not asked."""
    tried = [e.step.removeprefix(STEP) for e in events if isinstance(e, StepStarted) and e.step.startswith(STEP)]
    ticket = next((e.value for e in reversed(events) if isinstance(e, Fact) and e.key == TICKET), None)
    if tuple(tried) != expect.repairs:
        yield Difference("repairs", _listed(expect.repairs), _listed(tried))
    if ticket != expect.ticket:
        yield Difference("ticket", expect.ticket or "none", ticket or "none")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) or "none"


def _occurs(seen: Seen, became: Became) -> bool:
    if seen.world is not None:
        return any(record["kind"] == seen.world for record in became.records)
    return any(_is(seen, event) for event in became.events)


def _is(seen: Seen, event: Event) -> bool:
    if event.name != seen.event or (seen.step is not None and getattr(event, "step", None) != seen.step):
        return False
    return seen.text is None or seen.text in to_json(event)

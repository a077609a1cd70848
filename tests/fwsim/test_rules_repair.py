"""Rules 6 and 7 of what is done after a bad end: each catches a recovery that breaks it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from emulators.server import VirtualServer
from emulators.world import World
from fwsim.aftermath import Aftermath
from fwsim.events import EXIT_CODES, Event, Fact, RunEnded, StepEnded, StepStarted
from fwsim.judged import Broken, Condition, FinalState, Told
from fwsim.rehearsal import in_memory, truth
from fwsim.rehearsal.prepare import from_scenario
from fwsim.rehearsal.scenario import load
from fwsim.rules_repair import least_first, remedied
from recovery import loop, unattended
from recovery.loop import Way
from recovery.repair import REPAIRS


def state(*, well: bool, files: dict[str, bytes] | None = None, recovers: bool = True) -> FinalState:
    condition = Condition({}, {}, well, "192.0.2.20" if well else "", {})
    return FinalState(condition, condition, "192.0.2.20", files=files or {}, recovers=recovers)


def end(ending: Any = "failed") -> RunEnded:
    return RunEnded(9.0, ending, EXIT_CODES[ending], "", "look", {})


def told(*events: Event, **how: Any) -> Told:
    return Told(events, state(**how))


def look(*causes: str) -> list[Event]:
    return [StepStarted(1.0, "diagnose", 1, 1, ""), *(Fact(1.0, "diagnose", "diagnosis", c) for c in causes)]


def repair(name: str) -> Event:
    return StepStarted(2.0, f"repair-{name}", 1, 1, "")


def ended(name: str, outcome: Any) -> Event:
    return StepEnded(2.5, f"repair-{name}", outcome, "", 0.5)


def left(cause: str) -> Event:
    return Fact(3.0, "hand-over", "left-to-operator", cause)


def ticket(name: str) -> Event:
    return Fact(3.0, "hand-over", "ticket", name)


def rules(found: Any) -> list[str]:
    return [broken.text for broken in found]


def test_a_server_that_is_down_wants_a_remedy_or_a_ticket() -> None:
    assert rules(remedied(told(end(), well=False), ()))
    assert not rules(remedied(told(end(), well=True), ()))
    seen = (*look("D1 x: y (certain); remedies: a"), repair("a"))
    assert not rules(remedied(told(*seen, ended("a", "done"), end(), well=False), ()))
    assert "a, failed" in rules(remedied(told(*seen, ended("a", "failed"), end(), well=False), ()))[0]
    files = {"tickets/cmos-clear.txt": b"do"}
    assert not rules(remedied(told(ticket("cmos-clear"), end("needs-hands"), well=False, files=files), ()))


def test_a_ticket_that_is_told_of_and_is_not_there_does_not_count() -> None:
    assert "is not there" in rules(remedied(told(ticket("cmos-clear"), end("needs-hands"), well=False), ()))[0]


def test_a_ticket_before_a_remedy_that_failed_does_not_count() -> None:
    files = {"tickets/cmos-clear.txt": b"do"}
    rows = (ticket("cmos-clear"), repair("a"), ended("a", "failed"), end("needs-hands"))
    assert "a, failed" in rules(remedied(told(*rows, well=False, files=files), ()))[0]


@pytest.mark.parametrize(("confidence", "remedy", "holds"), [("certain", "type it", True), ("likely", "type it", False),
                                                             ("certain", "", False)])  # fmt: skip
def test_what_is_left_to_the_operator_is_certain_and_said(confidence: str, remedy: str, holds: bool) -> None:
    seen = look(f"D42 disk-asks: y ({confidence}); remedies: pass-f1")
    last = replace(end(), remedy=remedy)
    broken = rules(remedied(told(*seen, left("D42 disk-asks"), last, well=False), ()))
    assert bool(broken) != holds
    assert rules(remedied(told(*seen, left("D40 host-off"), last, well=False), ()))


def test_nothing_is_expected_of_a_run_that_nobody_recovers() -> None:
    assert not rules(remedied(told(end(), well=False, recovers=False), ()))


CAUSE = "D1 cause: words (certain); remedies: first > second > (visit) > third"


@pytest.mark.parametrize(
    ("events", "text"),
    [
        ([repair("first")], ""),
        ([repair("first"), repair("second")], ""),
        ([repair("second")], "before first"),
        ([repair("other")], "no diagnosis names it"),
        ([ticket("visit")], "before first"),
        ([repair("first"), repair("second"), ticket("visit")], ""),
        ([repair("first"), Fact(2.0, "hand-over", "repair.declined", "second"), ticket("visit")], ""),
        ([repair("first-2"), repair("second-2"), repair("third")], ""),
    ],
)
def test_the_least_invasive_remedy_comes_first(events: list[Event], text: str) -> None:
    found = rules(least_first(told(*look(CAUSE), *events, end(), well=False), ()))
    assert text in " ".join(found) if text else not found


def test_a_repair_without_any_look_is_told() -> None:
    assert rules(least_first(told(repair("first"), end(), well=True), ()))


def test_the_last_look_is_what_counts() -> None:
    events = [*look(CAUSE), repair("first"), *look("D2 other: words (likely); remedies: third")]
    assert not rules(least_first(told(*events, repair("third"), end(), well=True), ()))


# -- the real loop, broken in one place


def judged(folder: Path, scenario: str, recover: Any) -> list[Broken]:
    prepared = from_scenario(load(scenario), folder / "payloads")
    server = VirtualServer(prepared.spec, World())
    before = truth.condition(server)
    events: list[Event] = []
    in_memory(prepared, events.append, run_id=prepared.run_id, run_dir=folder, server=server, recover=recover)
    return truth.judge(prepared, server, before, events, folder, recovers=True)


def test_the_whole_loop_breaks_no_rule(tmp_path: Path) -> None:
    assert judged(tmp_path, "severe-lock", unattended.recover) == []


def test_a_loop_that_forgets_its_ticket_is_caught(tmp_path: Path) -> None:
    async def yes(*_: object) -> bool:
        return True

    async def recover(after: Aftermath) -> RunEnded:
        return await loop.recover(after, Way(yes, lambda *_: "tickets/nothing.txt"))

    assert {b.rule for b in judged(tmp_path, "severe-lock", recover)} == {6}


def test_a_loop_that_gives_up_at_once_is_caught(tmp_path: Path) -> None:
    async def recover(after: Aftermath) -> RunEnded:
        return after.ended

    assert {b.rule for b in judged(tmp_path, "severe-lock", recover)} == {6}


def test_a_loop_that_takes_the_strongest_remedy_first_is_caught(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = loop._choose

    async def strongest(after: Any, way: Any, seen: Any, tried: Any) -> Any:
        if "restore-bios-settings" in seen.first.remedies:
            return REPAIRS["restore-bios-settings"], seen.first
        return await real(after, way, seen, tried)

    monkeypatch.setattr(loop, "_choose", strongest)
    assert 7 in {b.rule for b in judged(tmp_path, "sata-mode-reset", unattended.recover)}


def test_a_repair_that_asks_nobody_about_rule_11_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from recovery import ground

    async def never_mind(context: Any, what: str) -> None:
        return None

    async def first(after: Any, way: Any, seen: Any, tried: Any) -> Any:
        return REPAIRS["cold-reset"], seen.first

    monkeypatch.setattr(ground, "may_reset_bmc", never_mind)
    monkeypatch.setattr(loop, "_choose", first)
    assert 11 in {b.rule for b in judged(tmp_path, "flash-interrupted", unattended.recover)}


def test_a_repair_that_nobody_agreed_to_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    monkeypatch.setitem(REPAIRS, "power-cycle", replace(REPAIRS["power-cycle"], deeds=()))
    assert 15 in {b.rule for b in judged(tmp_path, "host-never-returns", unattended.recover)}


def test_power_may_be_switched_once_post_stands_still_on_a_bios_and_not_while_that_is_written_again() -> None:
    from fwsim.events import CommandRan
    from fwsim.rules_flash import incomplete_bank

    def switched(at: float) -> Event:
        return CommandRan(at, "repair-x", "bmc", ("raw", "0x00", "0x02", "0x00"), 0, "", "", 0.0, False)

    def record(at: float, kind: str, **more: Any) -> dict[str, Any]:
        return {"at": at, "kind": kind, **more}

    cut = [record(1.0, "flash-started", chip="bios"), record(2.0, "flash-interrupted", chip="bios")]
    hung, again = record(3.0, "post-hung", code=0x19), record(5.0, "flash-started", chip="bios")
    assert rules(incomplete_bank(told(switched(4.0), end(), well=False), cut))
    assert not rules(incomplete_bank(told(switched(4.0), end(), well=False), [*cut, hung]))
    assert rules(incomplete_bank(told(switched(6.0), end(), well=False), [*cut, hung, again]))
    other = [{**r, "chip": "bmc"} if "chip" in r else r for r in [*cut, hung]]
    assert rules(incomplete_bank(told(switched(4.0), end(), well=False), other))

"""The checker can fail: the engine, broken a rule at a time, is caught on a real rehearsal; unbroken it is not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fwsim.events import Fact
from fwsim.rules import RULES
from fwsim.steps import guard
from tests.fwsim.judged_bench import Judged
from tests.fwsim.mutations import INTERRUPTED, MUTATIONS, Mutation

by_name = pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda m: f"{m.rule}-{m.name}")


def judged(mutation: Mutation, folder: Path) -> Judged:
    return Judged(folder, *mutation.faults, **mutation.options)


@by_name
def test_the_checker_catches(mutation: Mutation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = judged(mutation, tmp_path)
    mutation.apply(monkeypatch, run)
    if mutation.second is not None:
        mutation.second(monkeypatch, run)
    broken = run.broken()
    assert mutation.rule in {b.rule for b in broken}, f"{run.test.events[-1]}: {[str(b) for b in broken]}"


@pytest.mark.parametrize("mutation", [m for m in MUTATIONS if m.second], ids=lambda m: m.name)
@pytest.mark.parametrize("line", ["apply", "second"])
def test_each_of_two_lines_of_defence_holds_alone(
    mutation: Mutation, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = judged(mutation, tmp_path)
    getattr(mutation, line)(monkeypatch, run)
    assert [str(b) for b in run.broken()] == []


@by_name
def test_the_same_rehearsal_with_the_engine_whole_breaks_no_rule(mutation: Mutation, tmp_path: Path) -> None:
    assert [str(b) for b in judged(mutation, tmp_path).broken()] == []


def test_every_rule_has_a_mutation_that_breaks_it() -> None:
    assert {m.rule for m in MUTATIONS} == set(RULES)


def test_the_operators_word_goes_past_rule_11_and_only_where_it_was_told_after_the_flash(tmp_path: Path) -> None:
    run = Judged(tmp_path, INTERRUPTED, only="bmc")
    run.engine._context.job, run.word_given = replace(run.engine.job, despite_incomplete=True), True
    assert [str(b) for b in run.broken()] == []
    events = run.test.events
    words = [e for e in events if isinstance(e, Fact) and e.key == guard.WORD]
    assert words
    assert run.test.happened("bmc-dark")
    events[:] = [e for e in events if e not in words]
    assert 11 in {b.rule for b in run.judge()}, "nobody has said the word"
    events[1:1] = words
    assert 11 in {b.rule for b in run.judge()}, "said before there was anything to say it of"


def test_a_torn_journal_is_caught(tmp_path: Path) -> None:
    run = Judged(tmp_path, only="bmc")
    assert run.broken() == []
    journal = tmp_path / "run" / "events.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole[:500] + whole[520:])
    assert 9 in {b.rule for b in run.judge()}
    journal.write_bytes(whole[: whole[:-1].rfind(b"\n") + 1])
    assert 9 in {b.rule for b in run.judge()}

"""What can be asked of a lab's log, question by question."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from fwsim.labs.log import Entry, Log
from fwsim.labs.predicates import Asked, Pattern, Predicate, ask

NAMED = {
    "hash": (Pattern(door=("host",), what=r"\bsha256sum\b", ok=True),),
    "flash": (Pattern(kind="flash-started"),),
    "off": (Pattern(what="power", state={"writing": "any"}),),
    "trouble": (Pattern(kind="fault-fired"),),
    "look": (Pattern(what="^look"),),
    "small": (Pattern(what="^small"),),
    "large": (Pattern(what="^large"),),
}
LADDER = ("look", "small", "large")


def did(at: float, what: str, *, status: int | None = 0, **state: Any) -> Entry:
    return Entry(at, "did", "host", what, status, at, state)


def told(at: float, kind: str, **fields: Any) -> Entry:
    return Entry(at, kind, fields=fields)


def holds(question: dict[str, Any], *entries: Entry, cure: str = "small") -> bool:
    return ask(Predicate.model_validate(question), Asked(Log(entries), NAMED, LADDER, cure)).holds


def test_a_moment_is_seen_or_absent() -> None:
    assert holds({"seen": "hash"}, did(1, "sha256sum -c S"))
    assert not holds({"absent": "hash"}, did(1, "sha256sum -c S"))
    assert holds({"absent": "hash"}, did(1, "sha512sum -c S"))


def test_a_command_that_failed_is_not_one_that_went_well() -> None:
    assert not holds({"seen": "hash"}, did(1, "sha256sum -c S", status=1))


def test_before_looks_at_the_first_of_each() -> None:
    early, late = did(1, "sha256sum x"), did(9, "sha256sum x")
    assert holds({"before": ["hash", "flash"]}, early, told(5, "flash-started"))
    assert not holds({"before": ["hash", "flash"]}, told(5, "flash-started"), late)
    assert holds({"before": ["hash", "flash"]}), "nothing was flashed: nothing came too late"


def test_after_wants_it_once_more() -> None:
    assert not holds({"after": ["hash", "flash"]}, did(1, "sha256sum x"), told(5, "flash-started"))
    assert holds({"after": ["hash", "flash"]}, told(5, "flash-started"), did(6, "sha256sum x"))


def test_a_gap_is_counted_from_the_last_before_it() -> None:
    entries = told(5, "flash-started"), did(20, "sha256sum x")
    assert holds({"gap": ["flash", "hash"], "at_least_s": 15}, *entries)
    assert not holds({"gap": ["flash", "hash"], "at_least_s": 16}, *entries)


def test_between_two_moments_something_is_absent() -> None:
    question = {"absent_between": "hash", "start": "flash", "end": "off"}
    inside = told(1, "flash-started"), did(2, "sha256sum x"), did(3, "power off", writing=["bmc"])
    after = told(1, "flash-started"), did(3, "power off", writing=["bmc"]), did(4, "sha256sum x")
    assert not holds(question, *inside)
    assert holds(question, *after)


def test_the_state_beside_an_act_counts() -> None:
    assert holds({"seen": "off"}, did(3, "power off", writing=["bmc"]))
    assert not holds({"seen": "off"}, did(3, "power off", writing=[]))


def test_the_state_at_the_end_is_the_last_one() -> None:
    first = Entry(1, "became", state={"versions": {"bmc": "1"}})
    last = Entry(2, "became", state={"versions": {"bmc": "2"}})
    assert holds({"state": {"versions.bmc": "2"}}, first, last)
    assert not holds({"state": {"versions.bmc": "1"}}, first, last)
    assert not holds({"state": {"no.such": "1"}}, first, last)


def test_what_is_kept_is_what_was_seen_last() -> None:
    assert holds({"kept": {"images": 0}}, told(1, "kept", images=2), told(2, "kept", images=0))


@pytest.mark.parametrize(
    ("acts", "climbed"),
    [
        (["look", "small"], True),
        (["small"], False),
        (["look", "large"], False),
        (["look", "large", "small"], False),
        (["look", "small", "large"], True),  # the cure was tried first
        (["look"], False),
        ([], False),
    ],
)
def test_the_ladder_is_climbed_rung_by_rung(acts: list[str], climbed: bool) -> None:
    entries = [did(10 + n, what) for n, what in enumerate(acts)]
    assert holds({"ladder": "cure"}, told(5, "fault-fired"), *entries) is climbed


def test_the_ladder_counts_from_the_trouble_on() -> None:
    assert not holds({"ladder": "cure"}, did(1, "look"), did(2, "small"))
    assert holds({"ladder": "cure"}, did(1, "large"), told(5, "fault-fired"), did(6, "look"), did(7, "small"))


def test_questions_combine() -> None:
    both = [{"seen": "hash"}, {"seen": "flash"}]
    assert not holds({"all": both}, did(1, "sha256sum x"))
    assert holds({"any": both}, did(1, "sha256sum x"))
    assert not holds({"none": both}, did(1, "sha256sum x"))


@pytest.mark.parametrize("question", [{}, {"seen": "hash", "absent": "flash"}, {"sen": "hash"}])
def test_a_question_is_exactly_one(question: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Predicate.model_validate(question)


def test_a_pattern_that_is_no_regular_expression_is_told() -> None:
    with pytest.raises(ValidationError, match="regular expression"):
        Pattern(what="(")

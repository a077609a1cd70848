"""What to look at next: what tells most for its price."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fwsim import boards
from recovery import asking
from recovery.asking import Left
from recovery.diagnosis import diagnose
from recovery.observation import Evidence, Observation, keys
from recovery.ruletable import Rule, rules

BOARDS = [boards.load(name) for name in ("x11ssh-f", "r740")]
WORDS = [(key, value) for key, known in keys().items() for value in (*(known.values or ("92",)), None)]
SEEN = st.lists(st.sampled_from(WORDS), max_size=20)
ASKED = [key for key, known in keys().items() if known.who != "nobody" and known.values]
TWO = st.lists(st.sampled_from(rules()), min_size=2, max_size=5, unique_by=lambda rule: rule.cause)


def of(words: Sequence[tuple[str, str | None]]) -> Evidence:
    return Evidence(tuple(Observation(key, value, 0.0, "test") for key, value in words))


def rule(cause: str, **clues: Mapping[str, tuple[str, ...]]) -> Rule:
    return Rule(rule=cause, cause=cause, text=cause, **clues)  # type: ignore[arg-type]


def ask(*left: Rule, words: Sequence[tuple[str, str | None]] = ()) -> asking.Question | None:
    return asking.best([Left(one, 1.0) for one in left], of(words))


def key_of(question: asking.Question | None) -> str:
    return question.key if question else ""


@pytest.mark.parametrize("key", ASKED)
def test_two_causes_that_one_key_tells_apart_are_asked_for_that_key(key: str) -> None:
    """Whatever else both of them look at, and however cheap that is."""
    same = {k: (keys()[k].values[0],) for k in ("host.answers", "bmc.pings", "seen.beeps") if k != key}
    first, second = keys()[key].values[:2]
    a, b = rule("a", signs={**same, key: (first,)}), rule("b", signs={**same, key: (second,)})
    assert key_of(ask(a, b)) == key


def test_causes_that_nothing_tells_apart_are_asked_for_nothing() -> None:
    same = {"seen.video": ("none",), "power": ("on",)}
    assert ask(rule("a", signs=same), rule("b", signs=same)) is None


def test_of_two_that_tell_the_same_the_cheaper_is_asked() -> None:
    """A look from here, then a login, then somebody's eyes."""
    order = ["bmc.pings", "disk", "seen.power_led"]
    for dearer, key in enumerate(order[:-1], 1):
        clues = [{k: (keys()[k].values[side],) for k in (key, order[dearer])} for side in (0, 1)]
        assert key_of(ask(rule("a", signs=clues[0]), rule("b", signs=clues[1]))) == key


def test_a_dearer_look_that_settles_it_comes_before_a_cheap_one_that_hardly_tells() -> None:
    """One tells one cause in eight from the rest, the other halves them for three times the price."""
    odd = rule("odd", signs={"bmc.web": ("yes",)}, needs={"users": ("other",)})
    rest = [rule(f"u{n}", needs={"users": ("other",)}) for n in range(3)]
    rest += [rule(f"p{n}", needs={"users": ("as-before",)}) for n in range(4)]
    assert key_of(ask(odd, *rest)) == "users"


def test_what_somebody_tried_in_vain_is_asked_last() -> None:
    a = rule("a", signs={"bmc.pings": ("yes",), "seen.power_led": ("on",)})
    b = rule("b", signs={"bmc.pings": ("no",), "seen.power_led": ("off",)})
    assert key_of(ask(a, b)) == "bmc.pings"
    assert key_of(ask(a, b, words=[("bmc.pings", None)])) == "seen.power_led"


@pytest.mark.parametrize("key", ASKED)
def test_what_is_told_is_not_asked_again(key: str) -> None:
    first, second = keys()[key].values[:2]
    a, b = rule("a", signs={key: (first,)}), rule("b", signs={key: (second,)})
    assert ask(a, b, words=[(key, first)]) is None
    assert ask(a, b, words=[(key, first), (key, None)]) is None


def test_what_no_way_leads_to_is_not_asked() -> None:
    a, b = rule("a", signs={"lan.mac": ("none",)}), rule("b", signs={"lan.mac": ("as-before",)})
    assert key_of(ask(a, b)) == "lan.mac"
    assert ask(a, b, words=[("kcs", "silent")]) is None
    assert ask(a, b, words=[("host.answers", "no")]) is None, "no login without the host, and no KCS without a login"


def test_what_says_nothing_while_a_bmc_starts_is_no_question_then() -> None:
    a, b = rule("a", signs={"seen.fans": ("100%",)}), rule("b", signs={})
    assert key_of(ask(a, b)) == "seen.fans"
    assert ask(a, b, words=[("bmc.age", "starting")]) is None


@given(TWO, SEEN)
@settings(max_examples=200, deadline=None)
def test_nothing_is_asked_that_is_told_and_every_answer_is_worth_something(
    left: list[Rule], words: list[tuple[str, str | None]]
) -> None:
    question = ask(*left, words=words)
    if question is not None:
        assert question.key not in {key for key, value in words if value is not None}
        assert keys()[question.key].who != "nobody"
        assert question.gain > 0


@given(TWO, SEEN)
@settings(max_examples=200, deadline=None)
def test_nobody_is_sent_where_a_look_from_here_tells_as_much(
    left: list[Rule], words: list[tuple[str, str | None]]
) -> None:
    question, tried = ask(*left, words=words), {key for key, _ in words}
    if question is None or keys()[question.key].who != "technician" or question.key in tried:
        return
    causes = [Left(one, 1.0) for one in left]
    for key, known in keys().items():
        here = known.who not in ("technician", "nobody") and key not in tried
        closed = any(way in tried for way in known.through)
        if here and not closed:
            assert asking.gain(key, causes, of(words)) < question.gain, key


@given(SEEN)
@settings(max_examples=200, deadline=None)
def test_the_diagnosis_asks_with_one_sentence_of_why_and_only_where_it_is_unsure(
    words: list[tuple[str, str | None]],
) -> None:
    for board in BOARDS:
        found = diagnose(of(words), board)
        assert bool(found.next_observation) == bool(found.next_why)
        assert not (found.next_observation and found.first.confidence == "certain")
        assert found == diagnose(of(words), board)


def test_a_dell_is_not_asked_for_a_code_that_it_does_not_tell() -> None:
    seen = "host.answers=no host.pings=no power=on bmc.answers=steady bmc.login=in posts=one sel.firmware=quiet"
    words = [
        (key, value)
        for key, _, value in (word.partition("=") for word in f"{seen} host.login=silent console=silent".split())
    ]
    x11, r740 = (diagnose(of(words), board).next_observation for board in BOARDS)
    assert (x11, r740 != "post.code") == ("post.code", True)

"""What to look at next: of all that nobody has told yet, what would tell most between the causes left, for its price.

Pure, and reckoned from the table of rules alone. A cause makes those answers likely that speak for it, and impossible
those that rule it out; what an answer is worth is how much less doubt there would be after it, in bits, on average.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import log2

from recovery.moot import moot
from recovery.observation import Evidence, Key, keys
from recovery.ruletable import Rule, rules

PROVES, SPEAKS, NEUTRAL = 6.0, 3.0, 1.0  # how much more likely such an answer is than one that says nothing
SOMEBODY_GOES = 10  # times dearer: a visit is a ticket, a drive and an hour
NOTHING = 1e-9  # bits

Odds = Mapping[str, float]


@dataclass(frozen=True)
class Left:
    """A cause that is left. `weight`: how likely it is against the others. One that asks nothing fits every answer."""

    rule: Rule
    weight: float


@dataclass(frozen=True)
class Question:
    """`gain`: bits. `why`: one sentence."""

    key: str
    gain: float
    price: float
    why: str


def best(left: Sequence[Left], evidence: Evidence, lacking: Collection[str] = ()) -> Question | None:
    """The first of `left` is the likeliest. None where nothing that can be asked would tell. What somebody has tried
    in vain comes after all that nobody has tried. `lacking`: keys that such a server has no answer to."""
    tried = {seen.key for seen in evidence.observations}
    asked = [key for key in keys() if key not in lacking and _askable(key, evidence)]
    asked = [key for key in asked if any(key in one.rule.asked for one in left)]
    questions = [question for key in asked if (question := _question(key, left, evidence)).gain > NOTHING]
    return min(questions, key=lambda q: (q.key in tried, -q.gain / q.price, q.price), default=None)


def price(key: Key) -> float:
    """A look from here is cheaper than a login, and that than somebody's look beside the server."""
    return float(key.cost * (SOMEBODY_GOES if key.who == "technician" else 1))


def gain(key: str, left: Sequence[Left], evidence: Evidence) -> float:
    """By how many bits its answer makes the doubt less, on average."""
    total = sum(one.weight for one in left)
    causes = [one.weight / total for one in left]
    answers = [_answers(key, one.rule, evidence) for one in left]
    after = 0.0
    for value in answers[0]:
        joint = [weight * odds[value] for weight, odds in zip(causes, answers, strict=True)]
        after += sum(joint) * _doubt(joint)
    return _doubt(causes) - after


def _askable(key: str, evidence: Evidence) -> bool:
    """Has nobody told it yet, and may a way lead to it?"""
    return keys()[key].who != "nobody" and not evidence.values(key) and _reached(key, evidence)


def _reached(key: str, evidence: Evidence) -> bool:
    """Is a way to it open, or not known to be closed? A way that none leads to is closed."""
    ways = keys()[key].through
    return not ways or any(_is_open(way, values, evidence) for way, values in ways.items())


def _is_open(way: str, values: tuple[str, ...], evidence: Evidence) -> bool:
    told = evidence.values(way)
    return bool(told & {*values}) if told else _reached(way, evidence)


def _question(key: str, left: Sequence[Left], evidence: Evidence) -> Question:
    worth, costs = gain(key, left, evidence), price(keys()[key])
    return Question(key, worth, costs, _why(key, left, evidence))


def _why(key: str, left: Sequence[Left], evidence: Evidence) -> str:
    of = {one.rule.cause: _answers(key, one.rule, evidence) for one in left}
    first = left[0].rule.cause if key in left[0].rule.asked else next(c for c in of if _asks(c, key, left))
    others = [cause for cause, answers in of.items() if cause != first and answers != of[first]]
    names = " and ".join(others[:2]) + (f" and {len(others) - 2} more" if len(others) > 2 else "")
    return (
        f"it tells {first} from {names or 'the rest'}, and {_costs(keys()[key])}; nothing left tells more for its price"
    )


def _asks(cause: str, key: str, left: Sequence[Left]) -> bool:
    return any(one.rule.cause == cause and key in one.rule.asked for one in left)


def _costs(key: Key) -> str:
    if key.who == "technician":
        return "costs a look by somebody there"
    return "is free to ask from here" if key.cost <= 1 else "costs a login"


def _answers(key: str, rule: Rule, evidence: Evidence) -> Odds:
    """How likely each answer is if it is that cause."""
    weights = {value: _fits(rule, key, value, evidence) for value in _values(key)}
    total = sum(weights.values())
    return {value: (weight / total if total else 1 / len(weights)) for value, weight in weights.items()}


def _fits(rule: Rule, key: str, value: str, evidence: Evidence) -> float:
    if value in rule.never.get(key, ()) or (key in rule.needs and value not in rule.needs[key]):
        return 0.0
    if moot(key, value, evidence):
        return NEUTRAL
    if value in rule.proof.get(key, ()):
        return PROVES
    return SPEAKS if value in rule.needs.get(key, ()) or value in rule.signs.get(key, ()) else NEUTRAL


def _values(key: str) -> tuple[str, ...]:
    """Free text is worth what the rules know of it, and one answer that they do not."""
    known = keys()[key].values
    if known:
        return known
    clues = (clues.get(key, ()) for rule in rules() for clues in (rule.needs, rule.never, rule.signs, rule.proof))
    return (*dict.fromkeys(value for values in clues for value in values), "another")


def _doubt(weights: Sequence[float]) -> float:
    """Of a choice between so many, in bits."""
    total = sum(weights)
    shares = [weight / total for weight in weights if weight > 0] if total > 0 else []
    return -sum(share * log2(share) for share in shares)

"""A diagnosis in words, and as data: what speaks for each cause and against it, what to do, what to look at next."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from typing import Any

from recovery import remedies
from recovery.diagnosis import Cause, Diagnosis
from recovery.observation import REPORTED, Evidence, Observation, keys

WIDTH = 100
SHOWN = 4  # causes in full; the others in a line each
HANDS, WELL, WRONG = 4, 0, 1
NOTHING_WRONG = ("nothing-wrong", "ended-well")


def exit_code(found: Diagnosis) -> int:
    """0: nothing wrong that can be seen; 4: only somebody beside the server can help; else 1."""
    first = found.first
    if first.name in NOTHING_WRONG:
        return WELL
    return HANDS if first.remedies and all(remedies.table()[name].visit for name in first.remedies) else WRONG


def text(found: Diagnosis, evidence: Evidence, target: str) -> str:
    """For a person. `target`: what `fwsim diagnose` was given."""
    rows = [*_causes(found), *_next(found, target), *_untold(evidence), *_out(found), *_observed(evidence)]
    return "\n".join(row.rstrip() for row in rows).strip("\n")


def _causes(found: Diagnosis) -> Iterator[str]:
    shown = [c for c in found.causes if c.name != "unknown" or len(found.causes) == 1]
    for number, cause in enumerate(shown[:SHOWN], 1):
        yield from _cause(number, cause)
    for cause in shown[SHOWN:]:
        yield f"also {cause.confidence}: {cause.name} ({cause.rule})"
    if len(shown) > SHOWN:
        yield ""


def _cause(number: int, cause: Cause) -> Iterator[str]:
    yield f"{number}. {cause.name}: {cause.confidence} (rule {cause.rule})"
    yield from _wrapped(cause.text, "   ")
    yield from _seen("for", cause.for_)
    yield from _seen("against", cause.against)
    if cause.confirm and cause.confidence != "certain":
        yield from _wrapped(", ".join(cause.confirm), "   ", "would tell more  ")
    for place, name in enumerate(cause.remedies, 1):
        yield from _wrapped(_remedy(name), "   ", f"{'remedies' if place == 1 else '':<9} {place}. ")
    if cause.withheld:
        yield from _wrapped(
            f"{', '.join(cause.withheld)}: nothing restarts or takes power while a bank may be incomplete",
            "   ",
            "withheld  ",
        )
    if cause.advice:
        yield from _wrapped(cause.advice, "   ", "advice    ")
    yield ""


def _remedy(name: str) -> str:
    row = remedies.table()[name]
    words = [f"about {row.minutes} min"]
    words += ["somebody goes there"] if row.visit else []
    words += ["the host is down meanwhile"] if row.downtime else []
    return f"{name}: {row.does} ({', '.join(words)})"


def _seen(word: str, observations: Iterable[Observation]) -> Iterator[str]:
    rows = {f"{o.key} = {o.value}": o.source for o in observations}
    for row, source in rows.items():
        yield from _wrapped(f"{row} ({source})", "   ", f"{word:<10}")
        word = ""


def _next(found: Diagnosis, target: str) -> Iterator[str]:
    key = found.next_observation
    if not key:
        return
    known = keys()[key]
    yield from _wrapped(f"{key}: {known.means} - {known.how}", "", "look next: ")
    yield from _wrapped(found.next_why, "           ")
    if key.startswith(REPORTED):
        values = "|".join(known.values)
        yield f'           then: fwsim diagnose {target} --observed "{key.removeprefix(REPORTED)}={values}"'
    yield ""


def _untold(evidence: Evidence) -> Iterator[str]:
    rows = {o.key: o.why for o in evidence.observations if o.value is None and not evidence.values(o.key)}
    if rows:
        yield "could not tell"
        for key, why in rows.items():
            yield from _wrapped(why or "?", "  ", f"{key:<16} ")
        yield ""


def _out(found: Diagnosis) -> Iterator[str]:
    if found.ruled_out:
        words = (f"{out.name} ({out.against[0].key} = {out.against[0].value})" for out in found.ruled_out)
        yield from _wrapped(", ".join(words), "", "ruled out: ")
        yield ""


def _observed(evidence: Evidence) -> Iterator[str]:
    yield "observed"
    for o in evidence.observations:
        if o.value is not None:
            yield f"  {o.at:>8.0f} s  {o.key:<16} {o.value:<16} {o.source}"


def _wrapped(words: str, indent: str, head: str = "") -> list[str]:
    first = f"{indent}{head}"
    return textwrap.wrap(
        words, WIDTH, initial_indent=first, subsequent_indent=" " * len(first), break_on_hyphens=False
    ) or [first]


def document(found: Diagnosis, evidence: Evidence, target: str) -> dict[str, Any]:
    """As JSON has it."""
    return {
        "target": target,
        "exit_code": exit_code(found),
        "causes": [_record(cause) for cause in found.causes],
        "next_observation": _key(found) if found.next_observation else None,
        "ruled_out": [
            {"cause": out.name, "rule": out.rule, "against": [_plain(o) for o in out.against]}
            for out in found.ruled_out
        ],
        "evidence": [_plain(o) for o in evidence.observations],
    }


def _record(cause: Cause) -> dict[str, Any]:
    return {
        "cause": cause.name,
        "rule": cause.rule,
        "confidence": cause.confidence,
        "text": cause.text,
        "for": [_plain(o) for o in cause.for_],
        "against": [_plain(o) for o in cause.against],
        "confirm": list(cause.confirm),
        "remedies": list(cause.remedies),
        "withheld": list(cause.withheld),
        "advice": cause.advice,
    }


def _plain(seen: Observation) -> dict[str, Any]:
    return {"key": seen.key, "value": seen.value, "at": round(seen.at, 3), "source": seen.source, "why": seen.why}


def _key(found: Diagnosis) -> dict[str, Any]:
    key, known = found.next_observation, keys()[found.next_observation]
    words = {"key": key, "means": known.means, "how": known.how, "who": known.who, "why": found.next_why}
    return {**words, "values": list(known.values)}

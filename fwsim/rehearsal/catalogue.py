"""The catalogue of faults as the matrix asks it: which kinds there are, in which variants, and where one can fire.

Nothing of a kind stands here by name but for what its parameters may be: a new kind in `emulators.faults` is in the
matrix by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from emulators.faults import BLOCK, POINTS, Fault, Faults, Kind

PERCENTAGES = (1.0, 25.0, 50.0, 75.0, 99.0)
USUAL_PERCENT = 50.0
BLOCK_COMMAND_ANSWERS = (0x82,)  # HPM.1: checksum error
ANSWERS = (0xD5, 0xC0)  # not supported in the present state; node busy
SLOW_S = 30.0
TWICE: tuple[Kind, ...] = ("payload-corrupted",)  # where the second time meets another answer than the first


@dataclass(frozen=True)
class Passed:
    """A moment of the model's life that a rehearsal went through."""

    step: str
    point: str
    command: int | None


class Watching(Faults):
    """Armed faults, and a note of every moment at which one could have fired."""

    def __init__(self, armed: tuple[Fault, ...] = ()) -> None:
        super().__init__(armed)
        self.step = ""
        self.passed: dict[Passed, int] = {}

    @property
    def attentive(self) -> bool:
        return True

    def passing(self, point: str, *, percent: float = 100.0, command: int | None = None) -> list[Fault]:
        moment = Passed(self.step, point, command)
        self.passed[moment] = self.passed.get(moment, 0) + 1
        return super().passing(point, percent=percent, command=command)


def kinds() -> tuple[Kind, ...]:
    """Every kind, in the catalogue's order."""
    return tuple(POINTS)


def variants(kind: Kind, passed: Iterable[Passed]) -> list[Fault]:
    """The kind with each parameter worth trying on a run that passed there; the usual one first."""
    commands = sorted({p.command for p in passed if p.command is not None and p.point in POINTS[kind]})
    if commands and "hpm.command" in POINTS[kind]:
        return [fault for command in commands for fault in _about_command(kind, command)]
    if any(point.endswith((".block", ".write")) for point in POINTS[kind]):
        rest = [p for p in PERCENTAGES if p != USUAL_PERCENT]
        return [Fault(kind=kind, percent=percent) for percent in (USUAL_PERCENT, *rest)]
    try:
        plain = [Fault(kind=kind)]
    except ValidationError:  # it needs a command, and the run sent none
        return []
    return [*plain, Fault(kind=kind, times=2)] if kind in TWICE else plain


def _about_command(kind: Kind, command: int) -> list[Fault]:
    if kind == "hpm-answer":
        codes = BLOCK_COMMAND_ANSWERS if command == BLOCK else ANSWERS
        return [Fault(kind=kind, command=command, completion_code=code) for code in codes]
    return [Fault(kind=kind, command=command, seconds=SLOW_S if kind == "hpm-slow" else 0.0)]


def applies(fault: Fault, moment: Passed) -> bool:
    """Could this fault fire at that moment?"""
    return moment.point in POINTS[fault.kind] and fault.command == moment.command


def label(fault: Fault) -> str:
    """The fault in one word: its kind, and what differs from the usual, as in `flash-interrupted:percent=25`."""
    usual = {name: field.default for name, field in Fault.model_fields.items()}
    words = [f"{k}={_word(k, v)}" for k, v in fault.model_dump().items() if k != "kind" and v != usual[k]]
    return f"{fault.kind}:{','.join(words)}" if words else fault.kind


def _word(name: str, value: object) -> str:
    if name in ("command", "completion_code") and isinstance(value, int):
        return f"{value:#04x}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def parse(text: str) -> Fault:
    """The fault of that label. Raises ValueError, which says what is wrong."""
    kind, _, rest = text.partition(":")
    words = dict(_pair(word) for word in rest.split(",") if word)
    if kind not in POINTS:
        raise ValueError(f"no fault is called {kind!r}; there are: {', '.join(POINTS)}")
    try:
        return Fault.model_validate({"kind": kind, **words})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(p) for p in first["loc"]) or kind
        raise ValueError(f"{text}: {place}: {first['msg']}") from error


def _pair(word: str) -> tuple[str, int | str]:
    name, equals, value = word.partition("=")
    if not equals:
        raise ValueError(f"expected NAME=VALUE, not {word!r}")
    return name, int(value, 16) if value.lower().startswith("0x") else value

"""Remote-hands procedures as data: one YAML file each, and the steps that several share in blocks.yaml.

Words in braces are filled in from the board and the inventory (`FIELDS`); `when` keeps a step, tool or sentence only
where every flag of it holds (`Flag`). What each act comes to for a virtual server stands beside it, for whoever judges.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Flag = Literal[
    "identify",  # the BMC lives: its identify LED is on for the visit
    "mains",  # power is cut at the power supplies
    "sled",  # power is cut by pulling a sled out of its chassis
    "short",  # the BIOS settings are cleared by a short between two pads
    "jumper",  # ... by a jumper, across one start
    "battery",  # the battery comes out for it
    "spare",  # a spare cable goes into the dedicated port
    "present",  # a cable is there already
    "extra",  # one of the two: a management cable that carries nothing else
    "move",  # there is only the cable that the host uses, too
    "administrator",  # an administrator drives the web pages from outside
    "browser",  # the technician does
    "supermicro",
    "dell",
]
FIELDS = frozenset(
    (
        *("name", "model", "serial", "serial_name", "serial_at", "rack", "unit", "phone", "address"),
        *("psus", "power_minutes", "cables", "cables_to_ports", "switch", "switch_port"),
        *("bmc_port", "bmc_cable", "shared_port", "shared_cable", "spare_cable", "management_cable"),
        *("identify", "identify_at", "bmc_led", "bmc_led_at", "bmc_led_alive", "button_s"),
        *("jumper", "jumper_keep", "jumper_clear", "cmos_s", "file", "sha256", "place", "board_part"),
        *("here", "answers"),
    )
)
"""What may stand in braces. `here`: the step's own number; `answers`: the numbers that may be heard."""
BLOCKS = "blocks"


def placeholders(text: str) -> Iterable[str]:
    """What stands in braces there."""
    return (name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def _fields_known(text: str) -> str:
    unknown = sorted(set(placeholders(text)) - FIELDS)
    if unknown:
        raise ValueError(f"unknown field {{{unknown[0]}}}; expected one of {', '.join(sorted(FIELDS))}")
    return text


Text = Annotated[str, Field(min_length=1), AfterValidator(_fields_known)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Line(Part):
    """A tool, a do-not or a stop condition."""

    text: Text
    when: tuple[Flag, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, value: Any) -> Any:
        return {"text": value} if isinstance(value, str) else value


class Hazard(Part):
    """What can happen, what follows, how it is avoided. The signal word is ANSI Z535's."""

    signal: Literal["DANGER", "WARNING", "CAUTION", "NOTICE"]
    hazard: Text
    consequence: Text
    avoid: Text
    when: tuple[Flag, ...] = ()


class Act(Part):
    """What a step comes to, in the terms of a virtual server's hands. `each`: once for every power supply or cable."""

    act: str
    given: dict[str, str | int] = {}
    each: Literal["psu", "cable"] | None = None


class Branch(Part):
    """Steps that are done only when their number is heard. `why`: what the administrator has seen."""

    name: str
    why: Text


class Step(Part):
    """One step. `if_not` of "" means stop and call, as the ticket says once for all of them.

    `serves`: cures; protects people, data or other servers; or gathers evidence. `hold`: nobody goes on without the
    word. `answers`: the ids of the steps that may be named, where the call decides. `then`: the id of the next step.
    `administrator`: what the other end looks at before it answers; `repairs`: what it does, by the remedies' names.
    """

    id: str = Field(pattern=r"^[a-z0-9-]+$")
    do: Text
    see: Text
    if_not: Annotated[str, AfterValidator(_fields_known)] = ""
    hazards: tuple[Hazard, ...] = ()
    acts: tuple[Act, ...] = ()
    when: tuple[Flag, ...] = ()
    branch: Branch | None = None
    then: str = ""
    hold: bool = False
    answers: tuple[str, ...] = ()
    serves: Literal["cure", "protection", "evidence"] = "cure"
    irreversible: bool = False
    administrator: str = ""
    repairs: tuple[str, ...] = ()


class Procedure(Part):
    """One procedure. `minutes` and `maximum_minutes` are for the technician's bill; the maximum is a billing step."""

    name: str
    title: Text
    purpose: Text
    vendors: tuple[Literal["supermicro", "dell"], ...]
    needs: Literal["cmos", "reset-button", "usb", "sd", None] = None
    work: Literal["basic", "advanced"]
    category: Literal["cable", "power", "pictures", "equipment"]
    service: Text
    minutes: int
    maximum_minutes: int
    takes_power: bool
    whole_chassis: bool = False  # may take the mains of neighbours, where their owners agree
    identify: Literal["on", "off", "never"] = "on"  # where nothing is known of the BMC: does its LED blink?
    drivers: tuple[Literal["administrator", "browser"], ...] = ()
    tools: tuple[Line, ...] = ()
    do_not: tuple[Line, ...]
    stop: tuple[Line, ...] = Field(min_length=2)
    consents: tuple[Line, ...] = ()
    report: tuple[Text, ...]
    photos: tuple[Text, ...] = ()
    steps: tuple[Step, ...] = Field(min_length=3)
    before: tuple[str, ...] = ()  # what the administrator does before the visit
    after: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _steps_name_each_other(self) -> Self:
        ids = [step.id for step in self.steps]
        for step in self.steps:
            for target in (*step.answers, *([step.then] if step.then else [])):
                if target not in ids:
                    raise ValueError(f"step {step.id}: there is no step {target!r}")
        for identity in ids:
            flags = [set(step.when) for step in self.steps if step.id == identity]
            if not all(_exclusive(one, other) for i, one in enumerate(flags) for other in flags[:i]):
                raise ValueError(f"step {identity} is here twice, and both may hold")
        return self


APART: tuple[set[Flag], ...] = (
    {"mains", "sled"},
    {"short", "jumper"},
    {"administrator", "browser"},
    {"spare", "present", "move"},
    {"extra", "move"},
    {"supermicro", "dell"},
)
"""Flags of which one at most holds."""


def _exclusive(one: set[Flag], other: set[Flag]) -> bool:
    return any(len(group & one) == len(group & other) == 1 and group & one != group & other for group in APART)


class UnknownProcedure(LookupError):
    """No procedure of that name."""

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(f"no procedure is called {name!r}; there are: {', '.join(known)}")
        self.name, self.known = name, known


def names() -> tuple[str, ...]:
    """The procedures there are, in alphabetical order."""
    found = (f.name[:-5] for f in files(__package__).iterdir() if f.name.endswith(".yaml"))
    return tuple(sorted(name for name in found if name != BLOCKS))


@cache
def load(name: str) -> Procedure:
    """The procedure of that name. Raises UnknownProcedure."""
    if name not in names():
        raise UnknownProcedure(name, names())
    fields = _read(name)
    fields["steps"] = [step for entry in fields["steps"] for step in _expanded(entry)]
    return Procedure.model_validate(fields)


def _expanded(entry: dict[str, Any]) -> list[dict[str, Any]]:
    """`{use: BLOCK, ...}` stands for the block's steps; what else it says is laid over the last of them, and `as` over
    the end of their ids, where a procedure uses a block twice. `branch` and `when` are laid over each."""
    if "use" not in entry:
        return [entry]
    given = {key: value for key, value in entry.items() if key not in ("use", "as", "branch", "when")}
    steps = [dict(step) for step in _read(BLOCKS)[entry["use"]]]
    for step in steps:
        step["id"] += f"-{entry['as']}" if "as" in entry else ""
        step["when"] = [*step.get("when", []), *entry.get("when", [])]
        if "branch" in entry:
            step["branch"] = entry["branch"]
    last = steps[-1]
    return [*steps[:-1], {**last, **given}]


@cache
def _text(name: str) -> str:
    return files(__package__).joinpath(f"{name}.yaml").read_text("utf-8")


def _read(name: str) -> dict[str, Any]:
    fields: dict[str, Any] = yaml.safe_load(_text(name))
    return fields

"""A lab's file: a server, a job, perhaps a fault; hints, goals, what counts besides the rubric, and a solution."""

from __future__ import annotations

import difflib
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from fwsim import yamlfile
from fwsim.labs.predicates import Part, Pattern, Predicate
from fwsim.rehearsal.scenario import Fault, Server

Level = Literal["first steps", "everyday", "trouble", "stress"]
Kind = Literal["bmc", "bios"]
ACTS = ("host", "lan", "console", "wait", "until", "repeat", "web", "ticket", "hands")


class ShelfFile(Part):
    """A file on the server's /srv/firmware. An image (`kind`, `version`; `board`: whose it is; `corrupt`: damaged on
    its way, after its checksum was published), or a text. `name`: the vendor's for an image where left out."""

    name: str = ""
    kind: Kind | None = None
    version: str = ""
    board: str | None = None
    requires_bmc: str = ""
    corrupt: bool = False
    text: str = ""

    @model_validator(mode="after")
    def _image_or_text(self) -> ShelfFile:
        if (self.kind is None) == (not self.text) or (self.kind is not None and not self.version):
            raise ValueError("expected an image (kind and version) or a text with a name")
        if self.text and not self.name:
            raise ValueError("expected a name for the text")
        return self


class Hint(Part):
    """What helps, and how many points it costs."""

    text: str
    cost: int = Field(3, ge=0)


class Goal(Part):
    """What must be so in the end. `missing` says what is not so yet, without saying how to do it."""

    id: str
    text: str
    check: Predicate
    missing: str


class Item(Part):
    """What is graded. `gate`: without it nobody passes; `cap`: nor gets more points than that. `when`: all of these.
    `instead`: what people do in its place.
    """

    id: str
    skill: str
    points: int = Field(ge=0)
    title: str
    golden: str
    check: Predicate
    gate: bool = False
    cap: int | None = None
    when: dict[str, Any] = {}
    instead: tuple[str, ...] = ("go on without it",)


class Until(Part):
    """Wait until the host or the BMC answers from outside, at most that many seconds of the server's time."""

    up: Literal["host", "bmc"]
    limit_s: float = 1800.0


class Repeat(Part):
    """A host's command line that is given again until its output fits, at most that many seconds."""

    host: str
    shows: str
    every_s: float = 30.0
    limit_s: float = 3600.0


class Act(Part):
    """One act of the solution; exactly one of host, lan, console, wait, until, repeat, web, ticket, hands.

    `host`: a shell line over ssh; `lan`: words for ipmitool from outside; `console`: what is typed over SOL; `wait`: s.
    `shows`: the rubric's items that it is for; `say`: why. `status`: the exit status to expect of a host's line, None
    for any.
    """

    say: str = ""
    shows: tuple[str, ...] = ()
    host: str = ""
    status: int | None = 0
    lan: str = ""
    console: str = ""
    wait: float = 0.0
    until: Until | None = None
    repeat: Repeat | None = None
    web: dict[str, str] = {}
    ticket: str = ""
    hands: dict[str, Any] = {}

    @model_validator(mode="after")
    def _one(self) -> Act:
        if sum(bool(getattr(self, name)) for name in ACTS) != 1:
            raise ValueError(f"expected exactly one of {', '.join(ACTS)}")
        return self


class Lab(Part):
    """One lab. `cure`: the rung of the ladder (rubric.yaml) that brings the server back, where something is broken.

    `flashes`: what the job has the learner write; `tool`: with what the BMC is. `broken`: what the preparation does
    before the learner comes (acts, as in the solution). `without`: items of the rubric that make no sense here.
    """

    title: str
    level: Level
    minutes: int = Field(60, gt=0)
    story: str
    job: str
    board: str
    versions: dict[Kind, str] = {}
    server: Server = Server()
    faults: tuple[Fault, ...] = ()
    speed: float = Field(10.0, gt=0)
    shelf: tuple[ShelfFile, ...] = ()
    broken: tuple[Act, ...] = ()
    flashes: tuple[Kind, ...] = ()
    tool: Literal["hpm", "sum", "racadm"] | None = None
    cure: str | None = None
    hints: tuple[Hint, ...] = ()
    goals: tuple[Goal, ...] = Field(min_length=1)
    moments: dict[str, tuple[Pattern, ...]] = {}
    items: tuple[Item, ...] = ()
    without: tuple[str, ...] = ()
    solution: tuple[Act, ...] = Field(min_length=1)
    debrief: str = ""


class UnknownLab(LookupError):
    """No lab of that name."""


def folder() -> Path:
    """Where the labs that ship with the package lie."""
    return Path(str(files("scenarios"))) / "labs"


def names() -> list[str]:
    """The labs that ship, easiest first."""
    levels = {name: load(name).level for name in (path.stem for path in folder().glob("*.yaml"))}
    order: tuple[str, ...] = ("first steps", "everyday", "trouble", "stress")
    return sorted(levels, key=lambda name: (order.index(levels[name]), name))


def load(name: str) -> Lab:
    """The lab of that name, or in that file. Raises UnknownLab, yamlfile.FileError."""
    return yamlfile.load(find(name), Lab)


def find(name: str) -> Path:
    """The file of that lab, or that file itself. Raises UnknownLab."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") and path.exists():
        return path.absolute()
    found = folder() / f"{name}.yaml"
    if "/" in name or not found.exists():
        known = sorted(p.stem for p in folder().glob("*.yaml"))
        close = difflib.get_close_matches(name.lower(), known, n=2, cutoff=0.6)
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        raise UnknownLab(f"no lab is called {name!r}; {hint}`fwsim lab list` shows them")
    return found

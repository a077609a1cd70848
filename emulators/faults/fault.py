"""One fault as data, and what it waits for."""

from __future__ import annotations

from typing import Literal, assert_never, get_args

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emulators.faults.kinds import MOMENT, Kind
from emulators.faults.table import ABOUT, POINTS

BLOCK = 0x32  # Upload Firmware Block: the one HPM.1 command that knows how far the writing is
Moment = Literal["runs", "uploaded", "reset", "post", "at", "step"]
MOMENTS: tuple[str, ...] = get_args(Moment)


class When(BaseModel):
    """What a fault waits for, if not for the first moment at which it can fire. One of:

    runs      the `nth` start of that command on the host, e.g. sum
    uploaded  an upload to the BMC or the BIOS that has come so far, in percent
    reset     the nth restart of the BMC
    post      the nth POST
    at        a moment, in simulated seconds since the server was handed over
    step      a step of the engine that is announced; a rehearsal turns it into an injection, the server knows no steps

    and with it, or by itself, `probability`: each time that it could fire it does with that probability, by the
    server's seed. What others do to the server acts as the trigger comes; what needs a moment of the server's own
    life acts at the next such moment after it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    runs: str | None = None
    nth: int = Field(default=1, ge=1)
    uploaded: float | None = Field(default=None, ge=0, le=100)
    reset: int | None = Field(default=None, ge=1)
    post: int | None = Field(default=None, ge=1)
    at: float | None = Field(default=None, ge=0)
    step: str | None = None
    probability: float = Field(default=1.0, gt=0, le=1)

    @model_validator(mode="after")
    def _waits_for_one(self) -> When:
        named = [name for name in MOMENTS if getattr(self, name) is not None]
        if len(named) > 1:
            raise ValueError(f"waits for one thing, not for {' and '.join(named)}")
        if not named and self.probability == 1.0:
            raise ValueError(f"expected one of {', '.join(MOMENTS)}, or a probability")
        if self.nth != 1 and self.runs is None:
            raise ValueError("nth goes with runs; reset and post are numbers themselves")
        return self

    @property
    def moment(self) -> Moment | None:
        """What is waited for; None where it is a probability alone."""
        return next((name for name in get_args(Moment) if getattr(self, name) is not None), None)

    @property
    def number(self) -> int:
        """At which occurrence."""
        return self.reset or self.post or self.nth

    @property
    def words(self) -> str:
        """What is waited for, for people; "" where it is a probability alone."""
        match self.moment:
            case "runs":
                return f"start {self.nth} of `{self.runs}` on the host"
            case "uploaded":
                return f"an upload that has come to {self.uploaded:g} %"
            case "reset":
                return f"restart {self.reset} of the BMC"
            case "post":
                return f"POST {self.post}"
            case "at":
                return f"{self.at:.10g} s of the server's time"
            case "step":
                return f"the step {self.step}"
            case None:
                return ""
        assert_never(self.moment)

    def meets(self, moment: Moment, name: str, percent: float) -> bool:
        """Is this an occurrence of what is waited for?"""
        if moment != self.moment:
            return False
        if moment == "uploaded":
            return self.uploaded is not None and percent >= self.uploaded
        return moment != "runs" or name == self.runs


class Fault(BaseModel):
    """One fault. `percent`: for flash faults, how far the writing is when it fires. `target`: bmc or bios, or both.

    `command` is an HPM.1 command, 0x30 to 0x38; a fault at blocks (0x32) fires from `percent` on, one at others at
    their `nth` time. What each kind does, and which parameters mean something for it, stands in the catalogue.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    target: Literal["bmc", "bios", "any"] = "any"
    percent: float = 50.0
    nth: int = 1
    times: int | None = 1  # None: for ever
    command: int | None = None
    completion_code: int | None = None
    seconds: float = 0.0
    code: int | None = None  # of POST
    name: str = ""  # of a user, a command or a kernel module
    number: int = 1  # of a power supply
    share: float = Field(default=0.3, ge=0, le=1)  # of the datagrams
    when: When | None = None

    @model_validator(mode="after")
    def _says_what_it_needs(self) -> Fault:
        about_command = "hpm.command" in POINTS[self.kind]
        if about_command != (self.command is not None):
            raise ValueError(f"{self.kind} {'needs a' if about_command else 'takes no'} command")
        if self.kind == "hpm-answer" and self.completion_code is None:
            raise ValueError("hpm-answer needs a completion_code")
        for name in ("code", "name", "number", "share"):
            if getattr(self, name) != type(self).model_fields[name].default and name not in ABOUT[self.kind].parameters:
                raise ValueError(f"{self.kind} takes no {name}")
        return self

    @property
    def waits_for(self) -> str:
        """The moment at which it fires, for people."""
        trigger = self.when.words if self.when is not None else ""
        if trigger and POINTS[self.kind] == MOMENT:
            return trigger
        chance = f"{self.nth}. " if self.nth > 1 else ""
        points = " or ".join(POINTS[self.kind])
        return f"{trigger}, and then the {chance}{points}" if trigger else f"the {chance}{points}"

    def seconds_or(self, usual: float) -> float:
        """`seconds`, or what is usual where it was left out."""
        return self.seconds or usual

"""How a step ends. Good endings are returned, the others are raised and end the run.

Which one decides the exit code, so the words are used exactly: a refusal means that nothing was flashed, configured or
left behind; needs-hands means that no command from here can help any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from fwsim.events import Outcome

BadEnding = Literal["refused", "failed", "needs-hands", "interrupted"]


@dataclass(frozen=True)
class Result:
    """A step that lets the run go on."""

    outcome: Outcome
    message: str
    remedy: str = ""


def done(message: str) -> Result:
    return Result("done", message)


def skipped(message: str) -> Result:
    return Result("skipped", message)


def warned(message: str, remedy: str = "") -> Result:
    return Result("warned", message, remedy)


def waived(message: str) -> Result:
    """Something is wrong, and the plan says why it may be."""
    return Result("waived", message)


class Stop(Exception):
    """The run ends here. `message`: what was expected and seen; `remedy`: what to do next."""

    ending: ClassVar[BadEnding]

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message, self.remedy = message, remedy


class Refuse(Stop):
    """Something does not match, and nothing was changed. The engine turns it into Fail once something was."""

    ending: ClassVar[BadEnding] = "refused"


class Fail(Stop):
    """It did not work; commands from here may still help."""

    ending: ClassVar[BadEnding] = "failed"


class NeedsHands(Stop):
    """Only somebody beside the server can help."""

    ending: ClassVar[BadEnding] = "needs-hands"


class Interrupt(Stop):
    """Stopped from outside; the run can be resumed."""

    ending: ClassVar[BadEnding] = "interrupted"

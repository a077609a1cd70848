"""What is seen before a flash is started: the unit, the version that runs, does the BMC answer? See fwsim/look.py."""

from __future__ import annotations

from dataclasses import dataclass

from fwsim import look, units, versions
from fwsim.context import Context
from fwsim.doors import CommandTimeout
from fwsim.look import UnitSeen, Verdict, VersionSeen
from fwsim.outcomes import Stop
from fwsim.paths import Hop
from fwsim.returning import bmc_answers
from fwsim.steps import guard, reading
from fwsim.tools import Unparsable

__all__ = ["Seen", "bmc_answers", "look_at"]


@dataclass(frozen=True)
class Seen:
    """`version` is what runs, "" where it cannot be read. `foreign`: another run's unit that has ended well here."""

    unit: UnitSeen
    version: str
    version_is: VersionSeen
    answers: bool
    foreign: str = ""

    @property
    def verdict(self) -> Verdict:
        return look.follows(self.unit, self.version_is, self.answers)

    def __str__(self) -> str:
        return (
            f"unit {self.unit}, version {self.version_is}{f' ({self.version})' if self.version else ''}, "
            f"BMC {'answers' if self.answers else 'silent'}"
        )


async def look_at(context: Context, image: Hop) -> Seen:
    """Look at all three. Raises Refuse where somebody else's flash is running on this host."""
    unit = await units.look_before(context)
    mine = unit.tag is not None and (unit.tag.run, unit.tag.sha256) == (context.job.run_id, image.sha256)
    if unit.state == "running" and mine:
        return Seen("active", "", "unreadable", False)  # nothing else is sent to a BMC that is being written
    if unit.state == "running":
        await units.make_room(context, unit)
    answers = await bmc_answers(context)
    version = await _version(context, image)
    seen: UnitSeen = "ended" if mine and unit.state == "ended" else "unknown"
    return Seen(seen, version, _compared(context, image, version), answers, guard.foreign(context, unit))


async def _version(context: Context, image: Hop) -> str:
    try:
        return versions.Version(await reading.version(context, image.kind)).text
    except (Stop, Unparsable, CommandTimeout, versions.BadVersion):
        return ""


def _compared(context: Context, image: Hop, version: str) -> VersionSeen:
    """An image on the way is `new` as well where a later one on the way runs already: nobody goes back to it."""
    if not version:
        return "unreadable"
    if image not in context.job.images(image.kind):  # a fallback image: nothing is on the way to it
        return "new" if versions.same(version, image.version) else "old"
    target = versions.Version(context.job.images(image.kind)[-1].version)
    low, high = sorted((versions.Version(image.version), target))
    return "new" if low <= versions.Version(version) <= high else "old"

"""What the journal proves of a flash bank, and whether it is in doubt (DESIGN rule 11): one answer for whoever acts.

Guards, repairs and the diagnosis ask here. The checker (rules_flash.py) reads the events by itself, for it judges them.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal

from fwsim.boards import BiosMethod, BmcMethod, Kind
from fwsim.context import Job
from fwsim.findings import Findings
from fwsim.paths import Hop

State = Literal["untouched", "maybe-incomplete", "awaits-restart", "applying", "whole", "verified"]
"""`applying`: staged, and the start that writes it has begun. `whole`: written, and restarted into."""

SETTLED = frozenset({"scheduled", "completed"})  # jobs of an iDRAC that has not begun to write, or has done so
POSTS = frozenset({"passed", "hang"})  # of the event log: the BIOS itself ran, to its end or to a code where it stands


def state(job: Job, found: Findings, image: Hop) -> State:
    """Of the bank into which that image goes."""
    if image in found.verified:
        return "verified"
    if image not in found.flashed:
        return "untouched"
    if image not in found.whole:
        return "maybe-incomplete"
    method = found.method.get(image) or next(iter(job.methods(image)), None)
    by_itself = isinstance(method, BmcMethod) and method.resets_itself
    if image not in found.restarting and not by_itself:
        return "awaits-restart"
    return "applying" if isinstance(method, BiosMethod) and method.applies == "staged" else "whole"


def last(job: Job, found: Findings, kind: Kind) -> State:
    """Of the last image of that kind that was begun."""
    begun = [image for image in job.images(kind) if image in found.flashed]
    return state(job, found, begun[-1]) if begun else "untouched"


def is_settled(jobs: Collection[str], firmware: Collection[str], posts: Collection[str] = ()) -> bool:
    """Is a start that was to write a staged image known to be over, or not to write?

    `jobs`: the worst state of the iDRAC's jobs; one at work outweighs whatever else is told. `firmware`: what the event
    log says of the BIOS since that start. `posts`: "many" where the console has shown POST begin again and again since:
    then the BIOS runs, and nothing writes it.
    """
    if "running" in jobs:
        return False
    return bool(SETTLED & {*jobs} or POSTS & {*firmware} or "many" in posts)


def is_doubtful(told: str, *, settled: bool) -> bool:
    """May a bank of that state be incomplete? `settled`: whatever was to be written during a start has been."""
    return told == "maybe-incomplete" or (told == "applying" and not settled)


def doubtful(job: Job, found: Findings) -> list[Hop]:
    """The images whose bank may be incomplete, by the journal alone: not whether a start still writes one."""
    return [image for image in job.all_images if is_doubtful(state(job, found, image), settled=True)]

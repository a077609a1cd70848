"""Which images have to be flashed, in which order, to come from the running version to the wanted one."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from fwsim.versions import Requirement, Version

if TYPE_CHECKING:
    from fwsim.plan import Image, PayloadEntry


@dataclass(frozen=True)
class Hop:
    """One flash: this file, which brings this version. `last`: it is the version that the plan wants."""

    kind: Literal["bmc", "bios"]
    file: Path
    version: str
    sha256: str
    requires: str
    last: bool


class NoPath(Exception):
    """The plan's images do not lead from the running version to the wanted one. The message says what is missing."""


class Downgrade(NoPath):
    """The wanted version is older than the running one. The plan may allow it."""


def hops(entry: PayloadEntry, running: str, *, allow_downgrade: bool = False) -> tuple[Hop, ...]:
    """The shortest row of flashes, () where the wanted version runs already. Raises NoPath, Downgrade, BadVersion."""
    start, wanted = Version(running), Version(entry.version)
    if start == wanted:
        return ()
    if wanted < start and not allow_downgrade:
        raise Downgrade(
            f"{entry.kind} {running} runs, {entry.version} is older; set policy.allow_downgrade: true if that is meant"
        )
    row = _shortest(entry, start, wanted)
    if row is None:
        raise NoPath(_gap(entry, running))
    return tuple(Hop(entry.kind, i.file, i.version, i.sha256, i.requires, i is entry) for i in row)


def _shortest(entry: PayloadEntry, start: Version, wanted: Version) -> tuple[Image, ...] | None:
    """Breadth first, newest first; never away from the wanted version and back."""
    low, high = sorted((start, wanted))
    between = [i for i in entry.intermediate if low < Version(i.version) < high]
    candidates = [entry, *sorted(between, key=lambda i: Version(i.version), reverse=True)]
    queue: deque[tuple[Version, tuple[Image, ...]]] = deque([(start, ())])
    seen = {start}
    while queue:
        at, row = queue.popleft()
        for image in candidates:
            if not Requirement(image.requires).allows(str(at)):
                continue
            if image is entry:
                return (*row, image)
            if Version(image.version) not in seen:
                seen.add(Version(image.version))
                queue.append((Version(image.version), (*row, image)))
    return None


def _gap(entry: PayloadEntry, running: str) -> str:
    text = f"{entry.kind} {entry.version} requires {entry.requires} and {running} runs; "
    if not entry.intermediate:
        return text + f"add the missing version ({entry.requires}) under intermediate, as the release notes say"
    listed = ", ".join(f"{i.version} (requires {i.requires or 'nothing'})" for i in entry.intermediate)
    return text + f"the intermediate versions do not lead there: {listed}"

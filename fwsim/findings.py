"""What the steps have learned and done so far.

Whatever of it must outlive the engine changes by `Findings.reach`, and by facts: fwsim/recall.py makes the same
findings from a journal again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from fwsim.boards import BmcMethod, Kind
from fwsim.events import Stage
from fwsim.paths import Hop

UNRESTORED = "unrestored."  # facts of that name: what is not as before -> what to do about it
CHANGED = "changed."  # facts of that name tell what was done to the server
SEEN_STILL = "start.seen-still"  # the fact: somebody there has seen that a start, its time long over, does not go on
AGAIN = "bmc-again"  # the change: the BMC was flashed for its repair, whichever image that took
BMC_WRITES = "bmc.writes"  # facts of that name: a BIOS was handed to the BMC ("begun"), or that has ended ("ended")
LOGIN = "bmc.login"  # facts of that name tell what became of a login at the BMC
Login = Literal["tried", "in", "refused", "unanswered"]


@dataclass
class Findings:
    """`resumed`: an engine before this one has worked on the same run."""

    resumed: bool = False
    boot_id: str = ""
    missing_tools: tuple[str, ...] = ()
    guid: str = ""
    channel: int = 0
    versions: dict[str, list[str]] = field(default_factory=dict)  # kind -> every reading
    path: dict[str, tuple[Hop, ...]] = field(default_factory=dict)  # kind -> the flashes that are needed
    backup: dict[str, str] = field(default_factory=dict)  # name -> the tool's output
    unread: set[str] = field(default_factory=set)  # kinds written to since their version was last read
    transferred: bool = False
    canary_under: str = ""  # the boot id under which the canary reboot was asked for
    restart_under: str = ""  # the boot id under which the host's last restart was asked for
    restart_is_power_cycle: bool = False
    flashed: set[Hop] = field(default_factory=set)  # begun
    whole: set[Hop] = field(default_factory=set)  # proved complete: only then may anything be reset
    over_lan: set[Hop] = field(default_factory=set)  # begun from the operator's machine, over the network
    restarting: dict[Hop, str] = field(default_factory=dict)  # restart sent, under which boot id
    verified: set[Hop] = field(default_factory=set)
    method: dict[Hop, BmcMethod] = field(default_factory=dict)  # of BMC images: which one the board takes
    jobs: dict[Hop, str] = field(default_factory=dict)  # Dell's job of that flash
    jobs_before: dict[Hop, frozenset[str]] = field(default_factory=dict)  # the jobs that were there before it
    retried: set[str] = field(default_factory=set)  # kind-version whose failed job was cleared, and tried once more
    watchdog: bytes = b""  # its settings from before it was disarmed, while it is ours to put back
    unrestored: dict[str, str] = field(default_factory=dict)  # what is not as before -> what to do about it
    changes: dict[str, str] = field(default_factory=dict)  # what was changed -> in words
    bmc_writes_since: float | None = None  # a BIOS was handed to the BMC then, and of its end nobody has heard
    seen_still: bool = False  # somebody beside the server has seen that a start, its time long over, does not go on
    logins_refused: int = 0  # by the BMC, in all of this run
    logins_unheard: int = 0  # an engine died before it heard what became of them, and none was let in since
    login_open: bool = False  # tried, and not heard of yet

    @property
    def done(self) -> tuple[str, ...]:
        """Changes to the server, in words."""
        return tuple(self.changes.values())

    def version(self, kind: Kind) -> str:
        """The latest reading, "" where there is none."""
        return self.versions.get(kind, [""])[-1]

    def was_written(self, image: Hop) -> bool:
        """Was its chip written in this run, be it with the fallback for its repair? Then settings may be lost."""
        return image in self.flashed or (image.kind == "bmc" and AGAIN in self.changes)

    def pending(self, kind: Kind) -> Hop | None:
        """The image of that kind whose flash was begun, and which was not read back yet."""
        return next((i for i in self.flashed - self.verified if i.kind == kind), None)

    def read(self, kind: str, version: str) -> None:
        """A version was read from the server."""
        self.versions.setdefault(kind, []).append(version)
        self.unread.discard(kind)

    def log_in(self, how: str) -> None:
        """A login at the BMC was tried, or what became of it."""
        self.logins_unheard += self.login_open and how == "tried"
        self.logins_refused += how == "refused"
        self.logins_unheard *= how != "in"
        self.login_open = how == "tried"

    def bmc_writes(self, how: str, at: float) -> None:
        """The BMC begins to write a BIOS by itself, or is known to have ended. `at`: seconds since the run began."""
        self.bmc_writes_since = at if how == "begun" else None

    def change(self, key: str, text: str) -> None:
        """Something was done to the server; "" takes it back."""
        self.changes[key] = text
        if not text:
            del self.changes[key]

    def reach(self, image: Hop, stage: Stage, note: Mapping[str, str]) -> None:
        """An image has come as far as `stage`."""
        key, name = f"{image.kind}-{image.version}", f"{image.kind.upper()} {image.version}"
        match stage:
            case "begun":
                self._forget(image)
                self.flashed.add(image)
                self.seen_still = False
                if note.get("where") == "operator":
                    self.over_lan.add(image)
                self.unread.add(image.kind)
                self.jobs_before[image] = frozenset(note.get("jobs", "").split())
                self.changes[key] = f"the flash of {name} was begun"
            case "not-begun":
                self._forget(image)
                self.unread.discard(image.kind)
                self.changes.pop(key, None)
            case "whole":
                self.whole.add(image)
                self.changes[key] = f"{name} was written"
                if note.get("job"):
                    self.jobs[image] = note["job"]
            case "restarting":
                self.restarting[image] = note.get("boot", "")
                self.seen_still = False
            case "verified":
                self.verified.add(image)
                self.changes[key] = f"{image.kind.upper()} updated to {note.get('version', image.version)}"

    def _forget(self, image: Hop) -> None:
        for known in (self.flashed, self.whole, self.verified, self.over_lan):
            known.discard(image)
        self.restarting.pop(image, None)
        self.jobs.pop(image, None)

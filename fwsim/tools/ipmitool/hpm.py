"""`ipmitool hpm check` and `hpm upgrade`: the version table, and the progress that a log shows while it runs.

The log has stdout and stderr in one file. The percentage is rewritten with backspaces and no newline; a prompt is not
flushed into a file at all. `Firmware upgrade procedure successful` with exit 0 is no proof: it also follows a rollback.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from fwsim.tools import Argv, Unparsable, ipmitool
from fwsim.tools.ipmitool import raw
from fwsim.tools.text import as_displayed

_ROW = re.compile(r"^\|([* ])([\^ ])([ \d]\d)\|(.{13})\|(.{17})\|(.{17})\|(.*)\|")
_NO_VERSION = "---.--"
_REFUSALS = (  # what `hpm check` and `hpm upgrade` print on stderr when the file is not for this board, or broken
    "Invalid MD5 signature",
    "Invalid image signature",
    "Unrecognized image version",
    "Invalid header checksum",
    "Invalid Action record",
    "Invalid action record",
    "Invalid Action type",
    "Invalid device ID",
    "Invalid image file for product",
    "Invalid image file for manufacturer",
    "Not compatible with",
    "Some components present in the image file are not supported",
    "Upgrade undesirable at this moment",
    "does not support backup",
    "does not support preparation",
    "Cannot open image file",
)
TARGET_CAPABILITIES: Argv = raw.argv(0x2C, 0x2E, 0x00)
UPGRADE_STATUS: Argv = raw.argv(0x2C, 0x34, 0x00)
ACTIVATE: Argv = ipmitool.argv("hpm", "activate")  # polls to the end; the raw command (2c/35) answers 0x80 at once


def check(file: str | None = None) -> Argv:
    """Versions on the board, or the board compared with a file. Give it no standard input: mismatches prompt."""
    return ipmitool.argv("hpm", "check", *([file] if file else []))


def upgrade(file: str) -> Argv:
    """The flash. `force` skips the version comparison, never identity: allowed after a clean check alone."""
    return ipmitool.argv("hpm", "upgrade", file, "force")


ROLL_BACK: Argv = ipmitool.argv("hpm", "rollback")


@dataclass(frozen=True)
class Capabilities:
    """Get Target Upgrade Capabilities. Time-outs in seconds, 0 = the board does not say."""

    version: int
    self_test: bool
    automatic_rollback: bool
    manual_rollback: bool
    services_affected: bool
    deferred_activation: bool
    undesirable: bool
    upgrade_timeout_s: int
    self_test_timeout_s: int
    rollback_timeout_s: int
    inaccessible_s: int
    components: tuple[int, ...]


def parse_capabilities(data: bytes) -> Capabilities:
    """From the reply of TARGET_CAPABILITIES. Raises Unparsable."""
    if len(data) < 8 or data[0] != 0:
        raise Unparsable("Get Target Upgrade Capabilities", "00 and seven bytes", data.hex(" "))
    _, version, flags, upgrade_t, self_test_t, rollback_t, inaccessible_t, mask = data[:8]
    return Capabilities(
        version=version,
        self_test=bool(flags & 0x01),
        automatic_rollback=bool(flags & 0x02),
        manual_rollback=bool(flags & 0x04),
        services_affected=bool(flags & 0x08),
        deferred_activation=bool(flags & 0x10),
        undesirable=bool(flags & 0x80),
        upgrade_timeout_s=upgrade_t * 5,
        self_test_timeout_s=self_test_t * 5,
        rollback_timeout_s=rollback_t * 5,
        inaccessible_s=inaccessible_t * 5,
        components=tuple(i for i in range(8) if mask >> i & 1),
    )


@dataclass(frozen=True)
class UpgradeStatus:
    """Get Upgrade Status: the last command, and its completion code (0x80 = still at work)."""

    command: int
    completion_code: int

    @property
    def busy(self) -> bool:
        return self.completion_code == 0x80


def parse_status(data: bytes) -> UpgradeStatus:
    """From the reply of UPGRADE_STATUS. Raises Unparsable."""
    if len(data) < 3 or data[0] != 0:
        raise Unparsable("Get Upgrade Status", "00, a command and a completion code", data.hex(" "))
    return UpgradeStatus(data[1], data[2])


@dataclass(frozen=True)
class Component:
    """A row of the table. Versions as `3.90`, "" for none; `last` is the file's in a check of a file, else deferred."""

    id: int
    name: str
    active: str
    backup: str
    last: str
    cold_reset: bool
    upgradable: bool


@dataclass(frozen=True)
class Check:
    """`refusals` are the tool's own lines that say why the file does not fit; clean = none of them, and a table."""

    components: tuple[Component, ...]
    refusals: tuple[str, ...]
    asked: bool  # it wanted to ask whether to go on in spite of a mismatch
    supported: bool  # False: the board has no HPM.1

    @property
    def clean(self) -> bool:
        return bool(self.components) and not self.refusals and not self.asked and self.supported


def parse_check(stdout: str, stderr: str, status: int) -> Check:
    """Raises Unparsable where there is neither a table nor a reason."""
    both = as_displayed(stdout) + "\n" + as_displayed(stderr)
    found = Check(
        components=_components(stdout),
        refusals=refusals(both),
        asked="Continue ignoring" in both or "Continue IGNORING" in both,
        supported=ipmitool.UNSUPPORTED_HPM not in both,
    )
    if status != 0 and found.clean:
        return Check(found.components, (f"ipmitool ended with status {status}",), found.asked, found.supported)
    if not found.components and not found.refusals and not found.asked and found.supported:
        raise Unparsable("ipmitool hpm check", "a table of components", both)
    return found


def refusals(text: str) -> tuple[str, ...]:
    """The tool's lines that say why a file does not fit or is broken."""
    lines = [line.strip() for line in text.splitlines()]
    return tuple(line for line in lines if any(word in line for word in _REFUSALS))


def _components(stdout: str) -> tuple[Component, ...]:
    rows = (_ROW.match(line) for line in as_displayed(stdout).splitlines())
    return tuple(
        Component(
            id=int(row[3]),
            name=row[4].strip(),
            active=_version(row[5]),
            backup=_version(row[6]),
            last=_version(row[7].split("|")[0]),
            cold_reset=row[1] == "*",
            upgradable=row[2] == "^",
        )
        for row in rows
        if row
    )


def _version(cell: str) -> str:
    words = cell.split()
    return "" if not words or words[0].startswith(_NO_VERSION) else words[0]


@dataclass(frozen=True)
class Upgrade:
    """What the log of an upgrade says so far. `percent` None before the upload; of the component at hand.

    `complete`: the tool's completion line stands there. `rolled_back`: so does the rollback's, which it precedes.
    """

    stage: str  # "", "validating", "preparing", "uploading", "activating", "ended"
    percent: int | None
    component: str
    size_bytes: int | None
    complete: bool
    failed: bool
    rolled_back: bool
    complaints: tuple[str, ...]


_STAGES = (
    ("Firmware upgrade procedure", "ended"),
    ("Performing activation stage", "activating"),
    ("|ID  | Name", "uploading"),
    ("Performing preparation stage", "preparing"),
    ("Validating firmware image integrity", "validating"),
)


@lru_cache(maxsize=256)  # a flash's log is read at every look, and rehearsals of one plan write the same ones
def parse_upgrade(log: str) -> Upgrade:
    """Never raises: any prefix of a log, cut at any byte, says something."""
    names = re.findall(r"^\|[* ][\^ ][ \d]\d\|(.{13})\|", log, re.MULTILINE)
    sizes = re.findall(r"Image Size:\s*(\d+) bytes", log)
    return Upgrade(
        stage=next((stage for word, stage in _STAGES if word in log), ""),
        percent=_last_percent(log),
        component=names[-1].strip() if names else "",
        size_bytes=int(sizes[-1]) if sizes else None,
        complete="Firmware upgrade procedure successful" in log,
        failed="Firmware upgrade procedure failed" in log,
        rolled_back="Rollback occurred" in log,
        complaints=_complaints(as_displayed(log)),
    )


def _last_percent(log: str) -> int | None:
    """From the end: a log of thousands of figures is read again at every look."""
    end = log.rfind("%|")
    while end >= 0:
        digits = _DIGITS.search(log, max(0, end - 3), end)
        if digits is not None:
            return min(100, int(digits[0]))
        end = log.rfind("%|", 0, end)
    return None


_DIGITS = re.compile(r"\d{1,3}$")
_MARKS = re.compile(
    "|".join(map(re.escape, ("Error ", "compcode=", "TotalSent", "Timeout", "Self test failed", *_REFUSALS)))
)


def _complaints(text: str) -> tuple[str, ...]:
    if _MARKS.search(text) is None:
        return ()
    return tuple(line.strip() for line in text.splitlines() if _MARKS.search(line.strip()))

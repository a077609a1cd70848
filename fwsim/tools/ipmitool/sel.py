"""`ipmitool sel elist`: the BMC's event log, and which of its events are a reason not to flash."""

from __future__ import annotations

import re
from dataclasses import dataclass

from fwsim.tools import Argv, Unparsable, ipmitool

LIST: Argv = ipmitool.argv("sel", "elist")
INFO: Argv = ipmitool.argv("sel", "info")
SET_TIME: Argv = ipmitool.argv("sel", "time", "set", "now")  # the host's own clock
PRE_INIT = 0x20000000  # up to here a stamp counts from the BMC's start (IPMI 2.0 section 37.1)
EMPTY = "SEL has no entries"
_CRITICAL = (  # (sensor, event) as regular expressions: a server with these needs repair first
    (r"Power Supply|PS ?\d|Redundancy", r"Failure detected|AC lost|Redundancy Lost|Non-Redundant"),
    (r"Memory|DIMM", r"Uncorrectable"),
    (r"Processor|CPU", r"IERR|Thermal Trip|FRB|Configuration Error"),
    (r"System Firmware", r"BIOS corruption|Unrecoverable"),
    (r"Critical Interrupt|PCI", r"Fatal|Uncorrectable|NMI"),
    (r".*", r"non-?recoverable"),
)


@dataclass(frozen=True)
class Event:
    """One record. `when` is "" while the BMC's clock was unset; `asserted` None for OEM records."""

    id: int
    when: str
    sensor: str
    event: str
    asserted: bool | None

    @property
    def is_critical(self) -> bool:
        return self.asserted is True and any(
            re.search(sensor, self.sensor, re.IGNORECASE) and re.search(event, self.event, re.IGNORECASE)
            for sensor, event in _CRITICAL
        )


def parse(stdout: str, stderr: str = "") -> tuple[Event, ...]:
    """Every record, () for an empty log. Raises Unparsable."""
    if EMPTY in stderr or EMPTY in stdout:
        return ()
    lines = [line for line in stdout.splitlines() if line.strip()]
    if not lines:
        raise Unparsable("ipmitool sel elist", "records or that there are none", stderr)
    return tuple(_record(line) for line in lines)


def _record(line: str) -> Event:
    cells = [cell.strip() for cell in line.split("|")]
    if len(cells) < 3 or not re.fullmatch(r"[0-9a-fA-F]+", cells[0]):
        raise Unparsable("ipmitool sel elist", "id | date | time | sensor | event | direction", line)
    number = int(cells[0], 16)
    if "OEM record" in line:
        return Event(number, "", next(c for c in cells if c.startswith("OEM record")), " ".join(cells[2:]), None)
    when = "" if cells[1].startswith("Pre-Init") else f"{cells[1]} {cells[2]}"
    rest = [*cells[3:], "", "", ""]
    direction = {"Asserted": True, "Deasserted": False}.get(rest[2])
    return Event(number, when, rest[0], rest[1], direction)


def unresolved(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """Critical events that no later Deasserted of the same sensor and event took back."""
    open_: dict[tuple[str, str], Event] = {}
    for event in events:
        key = (event.sensor, event.event)
        if event.is_critical:
            open_[key] = event
        elif event.asserted is False:
            open_.pop(key, None)
    return tuple(open_.values())


def is_unset(time: bytes) -> bool:
    """Get SEL Time's answer (0a/48): has the log's clock never been set since the BMC's start?"""
    return len(time) >= 4 and int.from_bytes(time[:4], "little") <= PRE_INIT


def parse_info(stdout: str) -> int:
    """How many records there are. Raises Unparsable."""
    match = re.search(r"^Entries +: (\d+)", stdout, re.MULTILINE)
    if match is None:
        raise Unparsable("ipmitool sel info", "Entries", stdout)
    return int(match[1])

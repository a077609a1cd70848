"""The BMC's event log since the run began, over LAN, newest first: what it says of firmware, watchdog and power.

Get SEL Entry (0a/43, IPMI 2.0 section 31.5); sensor types and offsets by table 42-3. The ids tell which records are new
where the backup has the log of before; else the stamps do, against the log's own clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from fwsim.doors import DoorError
from recovery.from_journal import Past
from recovery.notes import Notes

ENTRY, TIME = (0x0A, 0x43), (0x0A, 0x48)
LAST, MOST = 0xFFFF, 24
DAY_S = 86400
SYSTEM_EVENT, POWER_SUPPLY, FIRMWARE, START, WATCHDOG = 0x02, 0x08, 0x0F, 0x1D, 0x23
INPUT_LOST, FIRMWARE_ERROR, FIRMWARE_HANG, FIRMWARE_PROGRESS = 0x03, 0x00, 0x01, 0x02
CORRUPT, BOOTS = 0x0B, 0x13  # event data 2 of a firmware error, and of its progress: the system's start is begun
DEASSERTED = 0x80


@dataclass(frozen=True)
class Record:
    """A system event. `stamp`: the log's own clock."""

    id: int
    stamp: int
    sensor: int
    offset: int
    detail: int
    asserted: bool


def parse(data: bytes) -> Record | None:
    """From Get SEL Entry's answer: the next id, then the record. None for other kinds of records."""
    record = data[2:]
    if len(record) != 16 or record[2] != SYSTEM_EVENT:
        return None
    stamp = int.from_bytes(record[3:7], "little")
    number = int.from_bytes(record[:2], "little")
    return Record(number, stamp, record[10], record[13] & 0x0F, record[14], not record[12] & DEASSERTED)


async def look(notes: Notes, past: Past, source: str) -> None:
    try:
        records = await _since(notes, past)
    except DoorError as error:
        for key in ("sel.firmware", "sel.watchdog", "sel.power"):
            notes.cannot(key, str(error), source)
        return
    notes.saw("sel.firmware", _firmware(records), source)
    notes.saw("sel.watchdog", "fired" if any(r.sensor == WATCHDOG and r.asserted for r in records) else "quiet", source)
    lost = next((r for r in records if r.sensor == POWER_SUPPLY and r.offset == INPUT_LOST), None)
    notes.saw("sel.power", "lost" if lost is not None and lost.asserted else "quiet", source)


def _firmware(records: list[Record]) -> str:
    """The latest word on it. What stands before the last start of the host is of an earlier one (sensor type 1Dh)."""
    for record in (r for r in records if r.sensor in (FIRMWARE, START) and r.asserted):
        if record.sensor == START:
            return "quiet"
        if record.offset == FIRMWARE_ERROR and record.detail == CORRUPT:
            return "corrupt"
        if record.offset == FIRMWARE_HANG:
            return "hang"
        if record.offset == FIRMWARE_PROGRESS and record.detail == BOOTS:
            return "passed"
    return "quiet"


async def _since(notes: Notes, past: Past) -> list[Record]:
    """The new ones, newest first, at most MOST."""
    oldest = None
    if past.last_event is None:
        clock = await notes.context.lan(*TIME)
        oldest = int.from_bytes(clock.data[:4], "little") - max(DAY_S, notes.context.now())
    found: list[Record] = []
    number = LAST
    for _ in range(MOST):
        reply = await notes.context.lan(*ENTRY, bytes([0, 0, *number.to_bytes(2, "little"), 0, 0xFF]))
        if reply.completion_code != 0 or len(reply.data) < 4:
            break
        own = int.from_bytes(reply.data[2:4], "little")
        record = parse(reply.data)
        if past.last_event is not None and own <= past.last_event:
            break
        if record is not None and oldest is not None and record.stamp < oldest:
            break
        found += _one(record)
        number = own - 1
        if number < 1:
            break
    return found


def _one(record: Record | None) -> Iterator[Record]:
    if record is not None:
        yield record

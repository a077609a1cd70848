"""The System Event Log (IPMI 2.0 sections 31 and 32): 16-byte records in NVRAM, and the clock that stamps them."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from emulators.bmc.controller import Bmc
    from emulators.server import VirtualServer

CAPACITY = 512
RECORD_SIZE = 16
LAST = 0xFFFF
BMC_ADDRESS = 0x20
BIOS_ID = 0x01  # generator: software id 0, as BIOS events carry it (IPMI 2.0 table 32-1)
SYSTEM_EVENT, OEM_TIMESTAMPED_FIRST, OEM_PLAIN_FIRST = 0x02, 0xC0, 0xE0
SENSOR_SPECIFIC = 0x6F

# Sensor types (IPMI 2.0 table 42-3).
POWER_SUPPLY, POWER_UNIT, SYSTEM_FIRMWARE, OS_BOOT, WATCHDOG_2, VERSION_CHANGE = 0x08, 0x09, 0x0F, 0x1F, 0x23, 0x2B


@dataclass(frozen=True)
class Record:
    """One entry. `body` is the record without its id: type and 13 more bytes."""

    id: int
    body: bytes

    def encode(self) -> bytes:
        """The 16 bytes of Get SEL Entry."""
        return struct.pack("<H", self.id) + self.body


@dataclass
class Sel:
    """The log of one BMC. It is in NVRAM and survives resets; a reservation does not survive a change."""

    server: VirtualServer
    records: list[Record] = field(default_factory=list)
    clock_offset: float = 0.0  # what Set SEL Time made of the calendar
    added: int = 0
    erased: int = 0
    overflow: bool = False
    reservation: int = 0
    _last_id: int = 0

    @property
    def time(self) -> int:
        """The BMC's clock: Unix seconds."""
        return int(self.server.calendar + self.clock_offset) & 0xFFFFFFFF

    def set_time(self, seconds: int) -> None:
        """Set the BMC's clock."""
        self.clock_offset = seconds - self.server.calendar

    def forget_time(self) -> None:
        """The clock starts at nothing: up to 0x20000000, stamps count from here on (IPMI 2.0 section 37.1)."""
        self.clock_offset = -self.server.calendar

    def add(
        self,
        sensor_type: int,
        sensor: int,
        offset: int,
        *,
        data: tuple[int, int] = (0xFF, 0xFF),
        event_type: int = SENSOR_SPECIFIC,
        asserted: bool = True,
        generator: int = BMC_ADDRESS,
    ) -> int | None:
        """Log an event of the BMC's own or of the BIOS. The record's id, or None when the log is full.

        `offset` is the event's within its sensor type (table 42-3); `data` are event data 2 and 3, 0xff unspecified.
        """
        used = (0xC0 if data[0] != 0xFF else 0) | (0x30 if data[1] != 0xFF else 0)  # sensor-specific codes (29.7)
        kind = event_type | (0 if asserted else 0x80)
        event = bytes([0x04, sensor_type, sensor, kind, used | (offset & 0x0F), *data])
        stamp = struct.pack("<IH", self.time, generator)
        return self.append(bytes([SYSTEM_EVENT]) + stamp + event)

    def append(self, body: bytes) -> int | None:
        """Log a record of any type: `body` is 14 bytes, stamped already. Its id, or None when the log is full."""
        if len(self.records) >= CAPACITY:
            self.overflow = True
            return None
        self._last_id = self._last_id % (LAST - 1) + 1
        self.records.append(Record(self._last_id, body))
        self.added = self.time
        self.reservation_lost()
        return self._last_id

    def add_encoded(self, record: bytes) -> int | None:
        """Add SEL Entry (section 31.6): 16 bytes whose id and time stamp the BMC sets."""
        body = bytearray(record[2:RECORD_SIZE])
        if body[0] < OEM_PLAIN_FIRST:
            body[1:5] = struct.pack("<I", self.time)
        return self.append(bytes(body))

    def find(self, record_id: int) -> tuple[Record, int] | None:
        """The record of that id (0 first, 0xffff last) and the id after it (0xffff at the end)."""
        index = self._index(record_id)
        if index is None:
            return None
        following = self.records[index + 1].id if index + 1 < len(self.records) else LAST
        return self.records[index], following

    def delete(self, record_id: int) -> int | None:
        """Remove a record; its id, or None where there is none."""
        index = self._index(record_id)
        if index is None:
            return None
        self.erased = self.time
        self.reservation_lost()
        return self.records.pop(index).id

    def clear(self) -> None:
        """Erase all."""
        self.records.clear()
        self.overflow = False
        self.erased = self.time
        self.reservation_lost()

    def reserve(self) -> int:
        """A new reservation; the older one is void."""
        self.reservation = self.reservation % 0xFFFF + 1
        return self.reservation

    def reservation_lost(self) -> None:
        """The log has changed: whoever held the reservation must ask again."""
        self.reservation = self.reservation % 0xFFFF + 1 if self.reservation else 0

    def _index(self, record_id: int) -> int | None:
        if not self.records:
            return None
        if record_id in (0, LAST):
            return 0 if record_id == 0 else len(self.records) - 1
        return next((i for i, record in enumerate(self.records) if record.id == record_id), None)


Happening = Literal["power-off", "power-on", "power-cycle", "reset", "boot-initiated", "post-hang", "bios-corrupt"]

_HAPPENINGS: dict[Happening, tuple[int, int, int, tuple[int, int], int]] = {
    # name: sensor type, sensor number, offset, event data 2 and 3, generator
    "power-off": (POWER_UNIT, 0xF0, 0x00, (0xFF, 0xFF), BMC_ADDRESS),
    "power-cycle": (POWER_UNIT, 0xF0, 0x01, (0xFF, 0xFF), BMC_ADDRESS),
    "power-on": (0x1D, 0xE8, 0x00, (0xFF, 0xFF), BMC_ADDRESS),
    "reset": (0x1D, 0xE8, 0x01, (0xFF, 0xFF), BMC_ADDRESS),
    "boot-initiated": (SYSTEM_FIRMWARE, 0xD0, 0x02, (0x13, 0xFF), BIOS_ID),
    "post-hang": (SYSTEM_FIRMWARE, 0xD0, 0x01, (0x00, 0xFF), BIOS_ID),
    "bios-corrupt": (SYSTEM_FIRMWARE, 0xD0, 0x00, (0x0B, 0xFF), BIOS_ID),
}
"""Events of the server's life (table 42-3: Power Unit 09, System Boot Initiated 1d, System Firmware Progress 0f)."""


def log(bmc: Bmc, happening: Happening) -> None:
    """Log one of the server's own happenings. A BMC that is dark sees nothing."""
    if bmc.answering:
        sensor_type, sensor, offset, data, generator = _HAPPENINGS[happening]
        bmc.sel.add(sensor_type, sensor, offset, data=data, generator=generator)


def log_supply(bmc: Bmc, index: int, mains: bool) -> None:
    """Log that a power supply (counted from 0) lost its mains, or got them back."""
    supplies = [number for number, s in enumerate(bmc.board.sensors, start=1) if s.kind == "power-supply"]
    if bmc.answering and index < len(supplies):
        bmc.sel.add(POWER_SUPPLY, supplies[index], 0x03, asserted=not mains)

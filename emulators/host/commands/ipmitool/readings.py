"""A sensor's reading: asked for, converted, judged."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.host.commands.ipmitool.sdr_record import FULL, Record
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.process import Run

SENSOR_EVENT = 0x04
GET_THRESHOLDS, GET_ENABLE, GET_STATUS, GET_READING = 0x27, 0x29, 0x2B, 0x2D

STATUS = (  # bit, short, extended, verbose
    (0x04, "nr", "lnr", "Lower Non-Recoverable"),
    (0x20, "nr", "unr", "Upper Non-Recoverable"),
    (0x02, "cr", "lcr", "Lower Critical"),
    (0x10, "cr", "ucr", "Upper Critical"),
    (0x01, "nc", "lnc", "Lower Non-Critical"),
    (0x08, "nc", "unc", "Upper Non-Critical"),
)
SHORT, EXTENDED, VERBOSE = 0, 1, 2


@dataclass
class Reading:
    """What Get Sensor Reading said of one sensor."""

    record: Record
    raw: int = 0
    valid: bool = False
    scanning_disabled: bool = False
    answered: bool = False
    states: tuple[int, int] = (0, 0)

    @property
    def analog(self) -> bool:
        return self.record.is_analog

    @property
    def value(self) -> float:
        return self.record.reading(self.raw) if self.valid and self.analog else 0.0

    def text(self, places: int) -> str:
        """The figure without its unit: whole numbers without decimals."""
        return decimal(self.value, places)

    @property
    def units(self) -> str:
        return self.record.units if self.analog and self.answered else ""

    def status(self, form: int, invalid: str = "ns") -> str:
        """Which threshold is crossed: nc, cr, nr or ok."""
        if not self.valid:
            return invalid
        return next((names[form] for bit, *names in STATUS if self.states[0] & bit), "ok")


def decimal(value: float, places: int) -> str:
    return f"{value:.{0 if value == int(value) else places}f}" if value == value else "nan"


def read(tool: Tool, record: Record) -> Run[Reading]:
    reading = Reading(record)
    reply = yield from tool.send(SENSOR_EVENT, GET_READING, bytes([record.sensor]), lun=record.lun)
    if reply is None or reply.completion_code or len(reply.data) < 2:
        return reading
    flags = reply.data[1]
    if not flags & 0x40:
        reading.scanning_disabled = True
        return reading
    reading.answered = True
    if not flags & 0x20:
        reading.valid, reading.raw = True, reply.data[0]
    states = reply.data[2:4].ljust(2, b"\0")
    reading.states = (states[0], states[1])
    return reading


@dataclass(frozen=True)
class Threshold:
    """One of the six: its letters, its bit in a mask and its place in Get Sensor Thresholds' answer."""

    letters: str
    name: str
    bit: int
    at: int


THRESHOLDS = (
    Threshold("lnr", "Lower Non-Recoverable", 0x04, 3),
    Threshold("lcr", "Lower Critical", 0x02, 2),
    Threshold("lnc", "Lower Non-Critical", 0x01, 1),
    Threshold("unc", "Upper Non-Critical", 0x08, 4),
    Threshold("ucr", "Upper Critical", 0x10, 5),
    Threshold("unr", "Upper Non-Recoverable", 0x20, 6),
)


def thresholds(tool: Tool, record: Record) -> Run[dict[str, int] | None]:
    """Raw thresholds by their letters, those that can be read; None where the sensor gives none."""
    reply = yield from tool.send(SENSOR_EVENT, GET_THRESHOLDS, bytes([record.sensor]), lun=record.lun)
    if reply is None or reply.completion_code or not reply.data:
        return None
    data = reply.data.ljust(7, b"\0")
    return {threshold.letters: data[threshold.at] for threshold in THRESHOLDS if data[0] & threshold.bit}


def threshold_text(record: Record, raw: int) -> str:
    if record.kind == FULL and not record.is_discrete:
        return f"{record.reading(raw):.3f}"
    return f"0x{raw:x}"

"""Sensor data records (IPMI 2.0 section 43): what a client needs to know of a sensor to print its reading.

A board gives values in their unit; the record's factors turn the byte that Get Sensor Reading answers into them:
value = (m * raw + b) * 10 ** exponent. They are chosen so that the board's own values come out as written.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache

from emulators.boards import BmcBoard, Sensor

VERSION = 0x51
FULL, COMPACT, MC_LOCATOR = 0x01, 0x02, 0x12
BMC_ADDRESS = 0x20
THRESHOLD, SENSOR_SPECIFIC = 0x01, 0x6F
HEADROOM = 1.25  # how far above the board's highest figure a reading can go

# kind of sensor: sensor type (table 42-3), base unit (table 43-15), entity id (table 43-13)
KINDS = {
    "temperature": (0x01, 1, 0x07),
    "voltage": (0x02, 4, 0x07),
    "fan": (0x04, 18, 0x1D),
    "power-supply": (0x08, 0, 0x0A),
    "power": (0x0B, 6, 0x13),
}
LOWER_CRITICAL, UPPER_CRITICAL = 0x02, 0x10  # bits of a threshold mask (table 35-9)
ASSERT_LOWER_CRITICAL_LOW, ASSERT_UPPER_CRITICAL_HIGH = 1 << 2, 1 << 9
RETURNS_LOWER_CRITICAL = RETURNS_UPPER_CRITICAL = 1 << 13
PRESENT, FAILED, INPUT_LOST = 0x01, 0x02, 0x08  # offsets of a power supply (table 42-3, type 08h)


@dataclass(frozen=True)
class Factors:
    """A linear sensor's factors. `exponent` is R; the exponent of B is 0."""

    m: int
    exponent: int
    b: int = 0

    @property
    def step(self) -> float:
        """What one count of the raw byte is worth."""
        return self.m * 10.0**self.exponent

    def raw(self, value: float) -> int:
        """The byte nearest to `value`."""
        return max(0, min(255, round((value / 10.0**self.exponent - self.b) / self.m)))

    def value(self, raw: int) -> float:
        """What a client makes of the byte."""
        return round((raw * self.m + self.b) * 10.0**self.exponent, 6)

    @property
    def encoded(self) -> bytes:
        """M, B and the exponents as a full record and Get Sensor Reading Factors have them; tolerance, accuracy 0."""
        return bytes(
            [self.m & 0xFF, self.m >> 2 & 0xC0, self.b & 0xFF, self.b >> 2 & 0xC0, 0, (self.exponent & 0x0F) << 4]
        )


@cache
def factors(sensor: Sensor) -> Factors:
    """The finest factors that show the board's readings exactly, and its thresholds as well as can be."""
    readings = [v for v in (sensor.value, sensor.standby) if v is not None]
    limits = [v for v in (sensor.upper_critical, sensor.lower_critical) if v is not None]
    if not readings + limits:
        return Factors(1, 0)
    reach = max(readings + limits) * HEADROOM / 255
    scales = [Factors(m, e) for e in (0, -1, -2, -3) for m in range(1, 512)]
    fitting = [f for f in scales if f.step >= reach]
    fitting += [Factors(f.m, f.exponent, round(readings[0] / 10.0**f.exponent) % f.m) for f in fitting if readings]

    def miss(values: list[float], f: Factors) -> float:
        return round(sum(abs(f.value(f.raw(v)) - v) for v in values), 6)

    def choice(f: Factors) -> tuple[float, ...]:
        """Lower is better. A step of a whole unit, where it does, is what real boards have for temperatures."""
        return miss(readings, f), f.b > 0, miss(limits, f), abs(f.step - 1) > 1e-9, f.step, f.m

    return min(fitting, key=choice)


def type_length(text: str) -> bytes:
    """An 8-bit ASCII string with its type/length byte; at most 16 characters."""
    encoded = text.encode("latin-1", "replace")[:16]
    return bytes([0xC0 | len(encoded)]) + encoded


def _with_header(record_id: int, kind: int, body: bytes) -> bytes:
    return struct.pack("<HBBB", record_id, VERSION, kind, len(body)) + body


def _common(number: int, instance: int, sensor: Sensor, event_type: int, capabilities: int) -> bytes:
    sensor_type, _, entity = KINDS[sensor.kind]
    return bytes([BMC_ADDRESS, 0, number, entity, instance, 0x7F, capabilities, sensor_type, event_type])


def threshold_mask(sensor: Sensor) -> int:
    """The thresholds that a sensor has, as bits of table 35-9."""
    lower = LOWER_CRITICAL if sensor.lower_critical is not None else 0
    return lower | (UPPER_CRITICAL if sensor.upper_critical is not None else 0)


def full(record_id: int, number: int, instance: int, sensor: Sensor) -> bytes:
    """A full sensor record, type 01h (table 43-1)."""
    scale = factors(sensor)
    lower, upper = sensor.lower_critical, sensor.upper_critical
    events = ASSERT_LOWER_CRITICAL_LOW if lower is not None else 0
    events |= ASSERT_UPPER_CRITICAL_HIGH if upper is not None else 0
    low_mask = events | (RETURNS_LOWER_CRITICAL if lower is not None else 0)
    high_mask = events | (RETURNS_UPPER_CRITICAL if upper is not None else 0)
    mask = threshold_mask(sensor)
    body = _common(number, instance, sensor, THRESHOLD, 0x68)
    body += struct.pack("<HHBB", low_mask, high_mask, mask, mask)
    body += bytes([0x00, KINDS[sensor.kind][1], 0x00, 0x00])  # unsigned; base unit; no modifier; linear
    body += scale.encoded
    nominal = scale.raw(sensor.value or 0)
    body += bytes([0x01, nominal, 0, 0, 0xFF, 0x00])
    body += bytes([0, scale.raw(upper or 0), 0, 0, scale.raw(lower or 0), 0])
    body += bytes([0, 0, 0, 0, 0]) + type_length(sensor.name)
    return _with_header(record_id, FULL, body)


def compact(record_id: int, number: int, instance: int, sensor: Sensor) -> bytes:
    """A compact sensor record, type 02h (table 43-2), for a discrete sensor."""
    states = PRESENT | FAILED | INPUT_LOST
    body = _common(number, instance, sensor, SENSOR_SPECIFIC, 0x40)
    body += struct.pack("<HHH", states, states, states)
    body += bytes([0xC0, 0, 0, 0x01, 0, 0, 0, 0, 0, 0, 0]) + type_length(sensor.name)
    return _with_header(record_id, COMPACT, body)


def mc_locator(record_id: int, board: BmcBoard) -> bytes:
    """The management controller's own record, type 12h (table 43-9)."""
    body = bytes([BMC_ADDRESS, 0, 0, board.device_support, 0, 0, 0, 0x06, 0x01, 0]) + type_length("BMC")
    return _with_header(record_id, MC_LOCATOR, body)


@cache
def repository(board: BmcBoard) -> tuple[bytes, ...]:
    """All records of a board, ids from 1. Sensor numbers are the places in the board's list, from 1."""
    records = []
    instances: dict[int, int] = {}
    for number, sensor in enumerate(board.sensors, start=1):
        entity = KINDS[sensor.kind][2]
        instances[entity] = instance = instances.get(entity, 0) + 1
        build = compact if sensor.kind == "power-supply" else full
        records.append(build(number, number, instance, sensor))
    return (*records, mc_locator(len(records) + 1, board))

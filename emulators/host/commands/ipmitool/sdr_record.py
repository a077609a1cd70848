"""One sensor data record: its fields, and raw readings turned into figures (IPMI 2.0 section 43)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from emulators.host.commands.ipmitool.sensor_names import UNITS
from emulators.host.commands.ipmitool.values import c_string

FULL, COMPACT, EVENT_ONLY, GENERIC, FRU, CONTROLLER = 0x01, 0x02, 0x03, 0x10, 0x11, 0x12
NAME_AT = {FULL: 42, COMPACT: 26, EVENT_ONLY: 11, GENERIC: 10, FRU: 10, CONTROLLER: 10}
THRESHOLD_EVENTS = 0x01

LINEARIZATION: dict[int, Callable[[float], float]] = {
    1: math.log,
    2: math.log10,
    3: math.log2,
    4: math.exp,
    5: lambda value: 10.0**value,
    6: lambda value: 2.0**value,
    7: lambda value: value**-1.0,
    8: lambda value: value**2.0,
    9: lambda value: value**3.0,
    10: math.sqrt,
    11: lambda value: math.copysign(abs(value) ** (1 / 3), value),
}


def _signed(value: int, bits: int) -> int:
    return value - (1 << bits) if value & 1 << bits - 1 else value


@dataclass(frozen=True)
class Record:
    """A record without its five header bytes; offsets below count from there."""

    number: int
    kind: int
    body: bytes

    @property
    def name(self) -> str:
        at = NAME_AT[self.kind]
        code = self.body[at] if len(self.body) > at else 0
        return c_string(self.body[at + 1 : at + 1 + min(code & 0x1F, 16)])

    @property
    def is_sensor(self) -> bool:
        return self.kind in (FULL, COMPACT)

    # -- full and compact sensors

    @property
    def owner(self) -> int:
        return self.body[0]

    @property
    def lun(self) -> int:
        return self.body[1] & 0x03

    @property
    def sensor(self) -> int:
        return self.body[2]

    @property
    def entity(self) -> tuple[int, int]:
        at = 3 if self.kind in (FULL, COMPACT, EVENT_ONLY) else 7
        return self.body[at], self.body[at + 1] & 0x7F

    @property
    def sensor_type(self) -> int:
        return self.body[5 if self.kind == EVENT_ONLY else 7]

    @property
    def event_type(self) -> int:
        return self.body[6 if self.kind == EVENT_ONLY else 8]

    @property
    def is_threshold(self) -> bool:
        return self.event_type == THRESHOLD_EVENTS

    @property
    def is_discrete(self) -> bool:
        """Do its units say that a reading is no figure?"""
        return self.body[15] >> 6 == 3

    @property
    def is_analog(self) -> bool:
        return self.kind == FULL and not self.is_discrete and self.is_threshold

    @property
    def units(self) -> str:
        percent, relation = bool(self.body[15] & 1), self.body[15] >> 1 & 3
        base, modifier = self._unit(self.body[16]), self._unit(self.body[17])
        lead = "% " if percent else ""
        if relation in (1, 2):
            return f"{lead}{base}{'/' if relation == 1 else '*'}{modifier}"
        return "percent" if percent and self.body[16] == 0 else f"{lead}{base}"

    @staticmethod
    def _unit(code: int) -> str:
        return UNITS[code] if code < len(UNITS) else "invalid"

    def _figure(self, raw: int, *, with_offset: bool = True, half: bool = False) -> float:
        form = self.body[15] >> 6
        if form == 3:
            return 0.0
        if form == 1 and raw & 0x80:
            raw += 1
        signed = _signed(raw & 0xFF, 8) if form in (1, 2) else raw
        m = _signed(self.body[19] | (self.body[20] & 0xC0) << 2, 10)
        b = _signed(self.body[21] | (self.body[22] & 0xC0) << 2, 10) if with_offset else 0
        b_exponent, r_exponent = _signed(self.body[24] & 0x0F, 4), _signed(self.body[24] >> 4, 4)
        value = (m * (signed / 2 if half else signed) + b * 10.0**b_exponent) * 10.0**r_exponent
        function = LINEARIZATION.get(self.body[18] & 0x7F)
        try:
            return function(value) if function else float(value)
        except (ValueError, ZeroDivisionError, OverflowError):
            return math.nan

    def reading(self, raw: int) -> float:
        return self._figure(raw)

    def hysteresis(self, raw: int) -> float:
        return self._figure(raw, with_offset=False)

    def tolerance(self) -> float:
        return self._figure(self.raw_tolerance, with_offset=False, half=True)

    @property
    def raw_tolerance(self) -> int:
        return self.body[20] & 0x3F

    @property
    def hysteresis_bytes(self) -> tuple[int, int]:
        at = 37 if self.kind == FULL else 20
        return self.body[at], self.body[at + 1]

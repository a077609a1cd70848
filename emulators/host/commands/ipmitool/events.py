"""What events and discrete states mean in words."""

from __future__ import annotations

from emulators.host.commands.ipmitool.events_generic import GENERIC
from emulators.host.commands.ipmitool.events_specific import SPECIFIC
from emulators.host.commands.ipmitool.sensor_names import SENSOR_TYPES

SENSOR_SPECIFIC = 0x6F
ANY = 0xFF


def sensor_type_name(code: int) -> str:
    return SENSOR_TYPES[code] if code < len(SENSOR_TYPES) else "Unknown"


def meanings(sensor_type: int, event_type: int) -> tuple[tuple[int, int, str], ...]:
    """(offset, event data 2, text) rows of one kind of event."""
    if event_type == SENSOR_SPECIFIC:
        return SPECIFIC.get(sensor_type, ())
    return GENERIC.get(event_type, ())


def description(sensor_type: int, event_type: int, data: bytes) -> str:
    """What one event says; "" where nothing is known of it."""
    for offset, extension, text in meanings(sensor_type, event_type):
        if offset == data[0] & 0x0F and (extension == ANY or (data[0] & 0xC0 and extension == data[1])):
            return text
    return ""


def asserted(sensor_type: int, event_type: int, low: int, high: int) -> list[str]:
    """The states that a reading's two bytes assert."""
    states = low | (high & 0x7F) << 8
    rows = meanings(sensor_type, event_type)
    return [text for offset, extension, text in rows if extension == ANY and states & 1 << offset]

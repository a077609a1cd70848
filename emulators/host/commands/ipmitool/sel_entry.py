"""One entry of the event log, as a line and in full."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.host.commands.ipmitool import sensor
from emulators.host.commands.ipmitool.events import SENSOR_SPECIFIC, description, sensor_type_name
from emulators.host.commands.ipmitool.names import DELL_ID, SUPERMICRO_ID
from emulators.host.commands.ipmitool.readings import decimal
from emulators.host.commands.ipmitool.sdr_record import FULL, Record
from emulators.host.commands.ipmitool.sdr_repository import Repository
from emulators.host.commands.ipmitool.times import INIT_DONE, clock, date
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.process import Run

PANIC, OEM_TIMED, OEM_UNTIMED = 0xF0, 0xC0, 0xE0
MEMORY = 0x0C
FIRST_X9 = 0x0600
DELL_DECODED = (0x07, 0x0C, 0x0F, 0x10, 0x13, 0x20, 0x23, 0x2B)  # the tool says more there than we do
SUPERMICRO_OEM_IDS = (SUPERMICRO_ID, 47488)
EVENT_TYPES = {
    0x00: "Unspecified",
    0x01: "Threshold",
    SENSOR_SPECIFIC: "Sensor-specific Discrete",
}


@dataclass(frozen=True)
class Entry:
    """Sixteen bytes of Get SEL Entry's answer (IPMI 2.0 section 32.1)."""

    data: bytes

    @property
    def number(self) -> int:
        return int.from_bytes(self.data[0:2], "little")

    @property
    def kind(self) -> int:
        return self.data[2]

    @property
    def time(self) -> int:
        return int.from_bytes(self.data[3:7], "little")

    @property
    def generator(self) -> int:
        return int.from_bytes(self.data[7:9], "little")

    @property
    def sensor_type(self) -> int:
        return self.data[10]

    @property
    def sensor(self) -> int:
        return self.data[11]

    @property
    def event_type(self) -> int:
        return self.data[12] & 0x7F

    @property
    def deasserted(self) -> bool:
        return bool(self.data[12] & 0x80)

    @property
    def event(self) -> bytes:
        return self.data[13:16]

    @property
    def has_oem_bytes(self) -> bool:
        """Do its second or third byte hold something of the maker's?"""
        return self.data[13] & 0xC0 == 0x80 or self.data[13] & 0x30 == 0x20


def _record(tool: Tool, entry: Entry) -> Run[Record | None]:
    """The sensor that sent it, if the repository knows it."""
    if tool.repository is None:
        tool.repository = yield from Repository.open(tool)
        if tool.repository is None:
            tool.log("Unable to open SDR for reading")
            return None

    def matches(record: Record) -> bool:
        own = record.kind in (0x01, 0x02, 0x03) and record.owner == entry.generator & 0xFF
        return own and record.sensor == entry.sensor and record.sensor_type == entry.sensor_type

    for record in tool.repository.seen:
        if matches(record):
            return record
    while (found := (yield from tool.repository.next())) is not None:
        if matches(found):
            return found
    return None


def _description(tool: Tool, entry: Entry) -> Run[str]:
    """The event in words; Supermicro's tool-side decoding adds a bracket, empty for most sensors."""
    text = description(entry.sensor_type, entry.event_type, entry.event)
    maker = yield from tool.manufacturer()
    if entry.event_type != SENSOR_SPECIFIC:
        return text
    if maker == DELL_ID:
        return f"{text} ()" if text and entry.has_oem_bytes and entry.sensor_type not in DELL_DECODED else text
    if maker not in SUPERMICRO_OEM_IDS:
        return text
    suffix: str | None = ""
    if entry.sensor_type == MEMORY:
        suffix = yield from _dimm(tool, entry)
    if text and suffix is not None:
        return f"{text} ({suffix})"
    return text


def _dimm(tool: Tool, entry: Entry) -> Run[str | None]:
    """Which DIMM, in the form of the boards up to X8 or in that since X10; None without a board id."""
    yield from tool.send(0x06, 0x01)
    reply = yield from tool.send(0x30, 0x21)
    board = int.from_bytes(reply.data[:2], "little") if reply and not reply.completion_code else 0
    if not board:
        return None
    second, third = entry.event[1], entry.event[2]
    slot = f"{second:2X}" if board < FIRST_X9 else f"{chr((second >> 4) + 0x40)}{chr((second & 0x0F) + 0x27)}"
    return f"@DIMM{slot}(CPU{(third & 3) + 1:x})"


def show(tool: Tool, entry: Entry, *, extended: bool) -> Run[None]:
    """One line; `extended` names the sensor."""
    record = (yield from _record(tool, entry)) if extended and entry.kind < OEM_TIMED else None
    comma = tool.options.csv
    bar = "," if comma else " | "
    tool.out(f"{entry.number:x}," if comma else f"{entry.number:4x} | ")
    if entry.kind == PANIC:
        text = entry.data[5:16].split(b"\0")[0].decode("latin-1")
        tool.line(f"{',,' if comma else ''}Linux kernel panic: {text}")
        return
    if entry.kind >= OEM_UNTIMED:
        tool.out(",," if comma else "")
    elif entry.time < INIT_DONE:
        tool.out(f" Pre-Init {',' if comma else ' |'}{entry.time:010d}{',' if comma else '| '}")
    else:
        tool.out(f"{date(entry.time)}{bar}{clock(entry.time)}{bar}")
    if entry.kind >= OEM_TIMED:
        timed = entry.kind < OEM_UNTIMED
        body = f"{entry.data[7:10][::-1].hex()}{bar}{entry.data[10:16].hex()}" if timed else entry.data[3:16].hex()
        tool.line(f"OEM record {entry.kind:02x}{bar}{body}")
        return
    kind = sensor_type_name(entry.sensor_type)
    name = f" #0x{entry.sensor:02x}" if entry.sensor else ""
    tool.out(f"{kind} {record.name}" if record else kind + name)
    tool.out(f"{bar}{(yield from _description(tool, entry))}{bar}")
    tool.out("Deasserted" if entry.deasserted else "Asserted")
    if record is not None and entry.event_type == 1:
        tool.out(bar + _trigger(record, entry))
    elif entry.event_type == SENSOR_SPECIFIC:
        yield from _generic_dimm(tool, entry, bar)
    tool.line()


def _trigger(record: Record, entry: Entry) -> str:
    """A threshold event's reading and threshold."""
    first, reading, threshold = entry.event
    value = record.reading(reading) if first >> 6 == 1 and record.kind == FULL else 0.0
    text = f"Reading {decimal(value, 2)}"
    if first >> 4 & 3 != 1 or record.kind != FULL:
        return text
    high = bool(first & 1) != entry.deasserted
    return f"{text} {'>' if high else '<'} Threshold {decimal(record.reading(threshold), 2)} {record.units}"


def _generic_dimm(tool: Tool, entry: Entry, bar: str) -> Run[None]:
    maker = yield from tool.manufacturer()
    memory = entry.sensor_type == MEMORY and entry.sensor == 0 and entry.event[0] & 0x30 == 0x20
    if memory and maker not in SUPERMICRO_OEM_IDS:
        tool.out(f"{bar}CPU {entry.event[2] & 15} DIMM {entry.event[2] >> 4}")


def show_long(tool: Tool, entry: Entry) -> Run[bool]:
    """All fields; True when the sensor's own lines follow."""
    record = yield from _record(tool, entry)
    tool.line(f"SEL Record ID          : {entry.number:04x}")
    tool.line(f" Record Type           : {entry.kind:02x}")
    if entry.kind < OEM_UNTIMED:
        # The tool formats both into one buffer, so that the date stands twice.
        tool.line(f" Timestamp             : {date(entry.time)} {date(entry.time)}")
    tool.line(f" Generator ID          : {entry.generator:04x}")
    tool.line(f" EvM Revision          : {entry.data[9]:02x}")
    tool.line(f" Sensor Type           : {sensor_type_name(entry.sensor_type)}")
    tool.line(f" Sensor Number         : {entry.sensor:02x}")
    tool.line(f" Event Type            : {_event_type(entry.event_type)}")
    tool.line(f" Event Direction       : {'Deassertion' if entry.deasserted else 'Assertion'} Event")
    tool.line(f" {'Event Data (RAW) ' if record else 'Event Data       '}     : {entry.event.hex()}")
    if record is not None:
        _interpretation(tool, record, entry)
    tool.line(f" Description           : {(yield from _description(tool, entry))}")
    tool.line()
    if record is None or not record.is_sensor:
        return False
    yield from sensor.show(tool, record)
    return True


def _event_type(code: int) -> str:
    if 0x02 <= code <= 0x0C:
        return "Generic Discrete"
    if 0x70 <= code <= 0x7F:
        return "OEM"
    return EVENT_TYPES.get(code, "Reserved")


def _interpretation(tool: Tool, record: Record, entry: Entry) -> None:
    first = entry.event[0]
    if entry.event_type == 1 and record.kind == FULL:
        pairs = ((first >> 6, 1, "Trigger Reading      "), (first >> 4 & 3, 2, "Trigger Threshold    "))
        for how, at, title in pairs:
            raw = entry.event[at]
            if how == 1:
                tool.line(f" {title} : {record.reading(raw):.3f}{record.units}")
            elif how:
                tool.line(f" {'OEM Data             ' if how == 2 else 'Sensor Extension Code'} : {raw:02x}")
    elif entry.event_type == SENSOR_SPECIFIC:
        if entry.sensor_type == MEMORY and entry.sensor == 0 and first & 0x30 == 0x20:
            tool.line(f" Event Data            : CPU {entry.event[2] & 15} DIMM {entry.event[2] >> 4}")
        elif not (entry.sensor_type == 0x2B and first == 0xC1):
            tool.line(" Event Interpretation  : Missing")
    elif not (0x02 <= entry.event_type <= 0x0C or entry.event_type >= 0x70):
        tool.line(f" Event Data            : {entry.event.hex()}")

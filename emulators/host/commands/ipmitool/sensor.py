"""`ipmitool sensor`: readings beside their thresholds."""

from __future__ import annotations

from emulators.host.commands.ipmitool import sensor_events
from emulators.host.commands.ipmitool.events import sensor_type_name
from emulators.host.commands.ipmitool.readings import (
    GET_ENABLE,
    GET_STATUS,
    SHORT,
    THRESHOLDS,
    VERBOSE,
    Reading,
    decimal,
    read,
    threshold_text,
    thresholds,
)
from emulators.host.commands.ipmitool.sdr_record import FULL, Record
from emulators.host.commands.ipmitool.sdr_repository import Repository
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage_more import SENSOR_GET_USAGE
from emulators.host.process import Run


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case [] | ["list", *_]:
            return (yield from _list(tool))
        case ["help", *_]:
            tool.notice("Sensor Commands:  list thresh get reading")
            return 0
        case ["get"]:
            tool.log("Not enough parameters given.")
            tool.notice(SENSOR_GET_USAGE)
            return -1
        case ["get", "help", *_]:
            tool.notice(SENSOR_GET_USAGE)
            return 0
        case ["get", *names]:
            return (yield from _get(tool, names))
        case ["reading", *names]:
            return (yield from _reading(tool, names))
    tool.log(f"Invalid sensor command: {argv[0]}")
    return -1


def _list(tool: Tool) -> Run[int]:
    repository = yield from Repository.open(tool)
    if repository is None:
        tool.log("Unable to open SDR for reading")
        return -1
    while (record := (yield from repository.next())) is not None:
        if record.is_sensor:
            yield from _row(tool, record)
    return 0


def find(tool: Tool, repository: Repository, name: str) -> Run[Record | None]:
    for record in repository.seen:
        if record.name == name:
            return record
    while (found := (yield from repository.next())) is not None:
        if found.name == name:
            return found
    return None


def _get(tool: Tool, names: list[str]) -> Run[int]:
    status = 0
    tool.line("Locating sensor record...")
    repository = yield from Repository.open(tool)
    if repository is None:
        tool.log("Unable to open SDR for reading")
    for name in names:
        record = (yield from find(tool, repository, name)) if repository else None
        if record is None:
            tool.log(f'Sensor data record "{name}" not found!')
            status = -1
        elif record.is_sensor and not (yield from show(tool, record)):
            status = -1
    return status


def _reading(tool: Tool, names: list[str]) -> Run[int]:
    if not names or names[0] == "help":
        tool.notice("sensor reading <id> ... [id]\n   id        : name of desired sensor")
        return 0 if names else -1
    status = 0
    repository = yield from Repository.open(tool)
    for name in names:
        record = (yield from find(tool, repository, name)) if repository else None
        if record is None or not record.is_sensor:
            tool.log(f'Sensor "{name}" not found!')
            status = -1
            continue
        reading = yield from read(tool, record)
        if record.kind != FULL or not reading.valid or not reading.analog:
            continue
        separator = "," if tool.options.csv else " | "
        first = name if tool.options.csv else f"{name:<16}"
        tool.line(f"{first}{separator}{reading.text(3)}")
    return status


def _row(tool: Tool, record: Record) -> Run[None]:
    reading = yield from read(tool, record)
    limits = (yield from thresholds(tool, record)) if record.is_threshold else None
    cells = _cells(reading, limits, csv=tool.options.csv)
    if tool.options.csv:
        tool.line(",".join((record.name, *(cell.strip() for cell in cells))))
        return
    head = f"{record.name:<16} | {cells[0]:<10} | {cells[1]:<10} | {cells[2]:<6}"
    shown = limits is not None and record.kind == FULL
    tool.line(head + "".join(f"| {cell:<10}" if shown else f"| {cell:<10}" for cell in cells[3:]))


def _cells(reading: Reading, limits: dict[str, int] | None, *, csv: bool) -> list[str]:
    """Value, unit, status and six thresholds."""
    record = reading.record
    if not reading.valid:
        first = ["na", reading.units if record.is_threshold else "discrete", "na"]
    elif record.is_threshold:
        value = f"{reading.value:.3f}" if reading.analog else f"0x{reading.raw:x}"
        first = [value, reading.units, reading.status(SHORT)]
    else:
        # The tool prints the reading in its CSV form and the first states byte in its table.
        shown_raw = reading.raw if csv else reading.states[0]
        first = [f"0x{shown_raw:x}", "discrete", f"0x{reading.states[0]:02x}{reading.states[1]:02x}"]
    if limits is None or record.kind != FULL:
        return first + ["na"] * 6
    shown = (limits.get(threshold.letters) for threshold in THRESHOLDS)
    return first + ["na" if raw is None else threshold_text(record, raw) for raw in shown]


def show(tool: Tool, record: Record) -> Run[bool]:
    """The long form. True when the sensor had a reading."""
    reading = yield from read(tool, record)
    if not record.is_threshold:
        _head(tool, record, "Discrete")
        if reading.valid:
            sensor_events.show_states(tool, "States Asserted", record, *reading.states)
            tool.line()
        else:
            tool.line(" Unable to read sensor: Device Not Present\n")
        return reading.valid
    limits = yield from thresholds(tool, record)
    _head(tool, record, "Threshold")
    tool.out(" Sensor Reading        : ")
    if reading.valid:
        _value(tool, reading)
        tool.line(f" Status                : {reading.status(VERBOSE)}")
        _limits(tool, record, limits)
    else:
        tool.line(" Unable to read sensor: Device Not Present\n")
    yield from sensor_events.show(tool, record, GET_STATUS)
    yield from sensor_events.show(tool, record, GET_ENABLE)
    tool.line()
    return reading.valid


def _head(tool: Tool, record: Record, kind: str) -> None:
    entity, instance = record.entity
    tool.line(f"Sensor ID              : {record.name} (0x{record.sensor:x})")
    tool.line(f" Entity ID             : {entity}.{instance}")
    gap = "" if kind == "Discrete" else "  "
    tool.line(f" Sensor Type ({kind}){gap}: {sensor_type_name(record.sensor_type)}")


def _value(tool: Tool, reading: Reading) -> None:
    record = reading.record
    if record.kind != FULL:
        tool.line(f"0x{reading.raw:x} {reading.units}")
    elif reading.analog:
        tolerance = decimal(record.tolerance(), 3)
        tool.line(f"{reading.text(3)} (+/- {tolerance}) {reading.units}")
    else:
        tool.line(f"0x{reading.raw:x} (+/- 0x{record.raw_tolerance:x}) {reading.units}")


def _limits(tool: Tool, record: Record, limits: dict[str, int] | None) -> None:
    if limits is None:
        tool.line(" Sensor Threshold Settings not available")
        return
    if record.kind == FULL:
        for threshold in THRESHOLDS:
            raw = limits.get(threshold.letters)
            tool.line(f" {threshold.name:<21} : {'na' if raw is None else threshold_text(record, raw)}")
    for name, raw in zip(("Positive", "Negative"), record.hysteresis_bytes, strict=True):
        tool.line(f" {name} Hysteresis   : {_hysteresis(record, raw)}")


def _hysteresis(record: Record, raw: int) -> str:
    if raw in (0, 0xFF):
        return "Unspecified"
    if record.kind != FULL or record.is_discrete:
        return f"0x{raw:02X}"
    value = record.hysteresis(raw)
    return f"{value:.3f}" if value else "Unspecified"

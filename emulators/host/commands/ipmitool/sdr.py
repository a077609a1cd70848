"""`ipmitool sdr`: the sensor data records, a line each."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from emulators.host.commands.ipmitool.events import asserted
from emulators.host.commands.ipmitool.readings import EXTENDED, SHORT, Reading, read
from emulators.host.commands.ipmitool.sdr_record import COMPACT, CONTROLLER, EVENT_ONLY, FRU, FULL, GENERIC, Record
from emulators.host.commands.ipmitool.sdr_repository import Repository
from emulators.host.commands.ipmitool.sensor_names import SENSOR_TYPES
from emulators.host.commands.ipmitool.times import numeric
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage_more import SDR_USAGE
from emulators.host.process import Run

STORAGE, REPOSITORY_INFO = 0x0A, 0x20
KINDS = {
    "all": (FULL, COMPACT, EVENT_ONLY, GENERIC, FRU, CONTROLLER),
    "full": (FULL,),
    "compact": (COMPACT,),
    "event": (EVENT_ONLY,),
    "mcloc": (CONTROLLER,),
    "fru": (FRU,),
    "generic": (GENERIC,),
}
SENSORS = (FULL, COMPACT)
SPACE = {0: "none (full)", 0xFFFF: "unspecified", 0xFFFE: "> 64Kb - 2 bytes"}
UPDATES = ("unspecified", "non-modal", "modal", "modal and non-modal")


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case []:
            return (yield from _list(tool, SENSORS, extended=False))
        case ["help", *_]:
            tool.notice(SDR_USAGE)
            return 0
        case ["list" | "elist" as how]:
            return (yield from _list(tool, SENSORS, extended=how == "elist"))
        case ["list" | "elist" as how, what, *_]:
            return (yield from _list_kind(tool, how, what))
        case ["type", *rest]:
            return (yield from _type(tool, rest[0] if rest else "list"))
        case ["entity", text, *_]:
            return (yield from _entity(tool, text))
        case ["info", *_]:
            return (yield from _info(tool))
    tool.log(f"Invalid SDR command: {argv[0]}")
    return -1


def _list_kind(tool: Tool, how: str, what: str) -> Run[int]:
    usage = f"usage: sdr {how} [all|full|compact|event|mcloc|fru|generic]"
    if what == "help":
        tool.notice(usage)
        return 0
    if what not in KINDS:
        tool.log(f"Invalid SDR {how} command: {what}")
        tool.notice(usage)
        return -1
    return (yield from _list(tool, KINDS[what], extended=how == "elist"))


def _open(tool: Tool) -> Run[Repository | None]:
    repository = yield from Repository.open(tool)
    if repository is None:
        tool.log("Unable to open SDR for reading")
    return repository


def _list(tool: Tool, kinds: tuple[int, ...], *, extended: bool) -> Run[int]:
    repository = yield from _open(tool)
    if repository is None:
        return -1
    while (record := (yield from repository.next())) is not None:
        if record.kind in kinds:
            yield from show(tool, record, extended=extended)
    return 0


def show(tool: Tool, record: Record, *, extended: bool) -> Generator[Any, Any, None]:
    """One record as one line."""
    if not record.is_sensor:
        tool.line(_locator(tool, record, extended=extended))
        return
    reading = yield from read(tool, record)
    form = EXTENDED if extended else SHORT
    status = reading.status(form) if record.is_threshold else ("ok" if reading.valid else "ns")
    if tool.options.csv:
        tool.line(f"{record.name}," + _csv(reading, form))
    elif extended:
        entity = f"{record.entity[0]:2d}.{record.entity[1]}"
        tool.line(f"{record.name:<16} | {record.sensor:02X}h | {status:<3} | {entity} | {_long(reading)}")
    else:
        tool.line(f"{record.name:<16} | {_short(reading):<17} | {status}")


def _short(reading: Reading) -> str:
    """The reading in at most 15 characters, as the tool's buffer cuts it."""
    full = reading.record.kind == FULL
    if reading.valid:
        text = f"{reading.text(2)} {reading.units}" if reading.analog else f"0x{reading.states[0]:02x}"
    elif reading.scanning_disabled:
        text = "disabled" if full else "Not Readable"
    else:
        text = "no reading" if full else "Not Readable"
    return text[:15]


def _states(reading: Reading) -> str:
    return ", ".join(asserted(reading.record.sensor_type, reading.record.event_type, *reading.states))


def _long(reading: Reading) -> str:
    if not reading.valid:
        return "Disabled" if reading.scanning_disabled else "No Reading"
    if reading.record.is_threshold and reading.analog:
        return f"{reading.text(2)} {reading.units}"[:15]
    return _states(reading)


def _csv(reading: Reading, form: int) -> str:
    record = reading.record
    if record.is_threshold and not reading.valid:
        return ",,ns"
    if record.is_threshold and reading.analog:
        return f"{reading.text(3)},{reading.units},{reading.status(form)}"
    entity = f"{record.entity[0]}.{record.entity[1]}"
    if not reading.valid:
        return f"{record.sensor:02X}h,ns,{entity},No Reading"
    return f"{record.sensor:02X}h,ok,{entity},{_states(reading)}"


def _locator(tool: Tool, record: Record, *, extended: bool) -> str:
    """Event-only sensors and devices: nothing to read."""
    name, body = record.name, record.body
    entity = f"{record.entity[0]}.{record.entity[1]}"
    wide = f"{record.entity[0]:2d}.{record.entity[1]}"
    fixed = "Static" if body[2] & 1 else "Dynamic"
    logical = bool(body[2] & 0x80)
    if tool.options.csv:
        number, status = (body[2] if record.kind == EVENT_ONLY else 0), "ok" if record.kind == CONTROLLER else "ns"
        tail = ",Event-Only" if record.kind == EVENT_ONLY else ""
        return f"{name},{number:02X}h,{status},{entity}{tail}"
    match record.kind:
        case 0x03:
            long = f"{body[2]:02X}h | ns  | {wide} | Event-Only"
            short = "Event-Only        | ns"
        case 0x12:
            long = f"00h | ok  | {wide} | {fixed} MC @ {body[0]:02X}h"
            short = f"{fixed} MC @ {body[0]:02X}h {' ' if body[2] & 1 else ''} | ok"
        case 0x11:
            long = f"00h | ns  | {wide} | {'Logical' if logical else 'Physical'} FRU @{body[1]:02X}h"
            where = f"{record.entity[0]:02x}.{record.entity[1]:x}"
            short = f"{'Log' if logical else 'Phy'} FRU @{body[1]:02X}h {where} | ok"
        case _:
            long = f"00h | ns  | {wide} | Generic Device @{body[0]:02X}h:{body[1]:02X}h.{body[9]}"
            short = f"Generic @{body[0]:02X}:{body[1]:02X}.{body[9]:<2d} | ok"
    return f"{name:<16} | {long if extended else short}"


def _types(tool: Tool) -> None:
    tool.line("Sensor Types:")
    for code in range(1, len(SENSOR_TYPES) - 1, 2):
        left, right = SENSOR_TYPES[code], SENSOR_TYPES[code + 1]
        tool.line(f"\t{left:<25} (0x{code:02x})   {right:<25} (0x{code + 1:02x})")


def _type(tool: Tool, text: str) -> Run[int]:
    if text.lower() in ("help", "list"):
        _types(tool)
        return 0
    names = [name.lower() for name in SENSOR_TYPES]
    if text.lower() not in names[1:]:
        tool.log(f'Sensor Type "{text}" not found.')
        _types(tool)
        return 0
    code = names.index(text.lower(), 1)
    return (
        yield from _matching(tool, lambda record: record.kind in (*SENSORS, EVENT_ONLY) and record.sensor_type == code)
    )


def _entity(tool: Tool, text: str) -> Run[int]:
    number, _, instance = text.partition(".")
    if not number.isdigit() or (instance and not instance.isdigit()):
        tool.log(f"Invalid entity: {text}")
        return -1

    def matches(record: Record) -> bool:
        return record.entity[0] == int(number) and (not instance or record.entity[1] == int(instance))

    return (yield from _matching(tool, matches))


def _matching(tool: Tool, matches: Any) -> Run[int]:
    repository = yield from _open(tool)
    if repository is None:
        return 0
    for record in (yield from repository.walk()):
        if matches(record):
            yield from show(tool, record, extended=True)
    return 0


def _info(tool: Tool) -> Run[int]:
    data = yield from tool.ask(STORAGE, REPOSITORY_INFO, b"", "Get SDR Repository Info command failed")
    if data is None:
        return -1
    count, space = int.from_bytes(data[1:3], "little"), int.from_bytes(data[3:5], "little")
    added, erased = int.from_bytes(data[5:9], "little"), int.from_bytes(data[9:13], "little")
    flags = data[13]
    rows = (
        ("SDR Version", f"0x{data[0]:x}"),
        ("Record Count", str(count)),
        ("Free Space", SPACE.get(space, f"{space} bytes")),
        ("Most recent Addition", numeric(added) if flags & 0x04 else "NA"),
        ("Most recent Erase", numeric(erased) if flags & 0x08 else "NA"),
        ("SDR overflow", "yes" if flags & 0x80 else "no"),
        ("SDR Repository Update Support", UPDATES[flags >> 5 & 3]),
        ("Delete SDR supported", "yes" if flags & 0x08 else "no"),
        ("Partial Add SDR supported", "yes" if flags & 0x04 else "no"),
        ("Reserve SDR repository supported", "yes" if flags & 0x02 else "no"),
        ("SDR Repository Alloc info supported", "yes" if flags & 0x01 else "no"),
    )
    for key, value in rows:
        tool.line(f"{key:<36}: {value}")
    return 0

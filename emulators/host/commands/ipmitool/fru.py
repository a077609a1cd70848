"""`ipmitool fru`: the inventory, read from FRU storage."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.host.commands.ipmitool.sdr_record import FRU, Record
from emulators.host.commands.ipmitool.sdr_repository import Repository
from emulators.host.commands.ipmitool.sensor_names import CHASSIS_TYPES
from emulators.host.commands.ipmitool.times import long_text
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.usage_more import FRU_USAGE
from emulators.host.commands.ipmitool.values import byte, completion_text
from emulators.host.process import Run

APP, GET_DEVICE_ID = 0x06, 0x01
STORAGE, GET_INFO, READ = 0x0A, 0x10, 0x11
MAX_READ = 33  # plugins/open: 35 bytes of an answer, one for the count, one spare
STEP, FINE = 8, 32
TOO_BIG = (0xC7, 0xC8, 0xCA)
END_OF_FIELDS = 0xC1
FRU_EPOCH = 820454400  # 1996-01-01, from which FRU dates count minutes
BCD_PLUS = "0123456789 -.:,_"

CHASSIS_FIELDS = ("Chassis Part Number", "Chassis Serial")
BOARD_FIELDS = ("Board Mfg", "Board Product", "Board Serial", "Board Part Number", "Board FRU ID")
PRODUCT_FIELDS = (
    "Product Manufacturer",
    "Product Name",
    "Product Part Number",
    "Product Version",
    "Product Serial",
    "Product Asset Tag",
    "Product FRU ID",
)


@dataclass
class Device:
    """One FRU device: its size, and how much it gives at once."""

    number: int
    size: int
    words: bool
    chunk: int = MAX_READ


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case [] | ["print" | "list"]:
            return (yield from _all(tool))
        case ["help", *_]:
            tool.notice(FRU_USAGE)
            return 0
        case ["print" | "list", "help", *_]:
            tool.notice("fru print [fru id] - print information about FRU(s)")
            return 0
        case ["print" | "list", text, *_]:
            number = byte(text)
            if number is None:
                tool.log(f"FRU ID '{text}' is either invalid or out of range.")
                return -1
            return (yield from _print(tool, number))
    tool.log(f"Invalid FRU command: {argv[0]}")
    tool.notice(FRU_USAGE)
    return -1


def _all(tool: Tool) -> Run[int]:
    """The builtin device, then those that the SDRs point at."""
    tool.line("FRU Device Description : Builtin FRU Device (ID 0)")
    data = yield from tool.ask(APP, GET_DEVICE_ID, b"", "Get Device ID command failed")
    if data is None:
        return -1
    status = 0
    if data[5] & 0x08:
        status = yield from _print(tool, 0)
        tool.line()
    repository = yield from Repository.open(tool)
    if repository is None:
        return -1
    while (record := (yield from repository.next())) is not None:
        if record.kind == FRU and record.body[2] & 0x80:
            status = yield from _located(tool, record)
    return status


def _located(tool: Tool, record: Record) -> Run[int]:
    address, number, kind, modifier = record.body[0], record.body[1], record.body[5], record.body[6]
    if kind != 0x10 and not (modifier == 0x02 and 0x08 <= kind <= 0x0F):
        return -1
    if address == 0x20 and number == 0:
        return 0
    tool.line(f"FRU Device Description : {record.name} (ID {number})")
    status = 0
    if modifier in (0x00, 0x02):
        status = yield from _print(tool, number)
    else:
        tool.line(" Unsupported device")
    tool.line()
    return status


def _print(tool: Tool, number: int) -> Run[int]:
    info = yield from _answer(tool, GET_INFO, bytes([number]))
    if info is None:
        return -1
    device = Device(number, int.from_bytes(info[0:2], "little"), bool(info[2] & 1))
    if device.words:
        device.chunk &= ~1
    if device.size < 1:
        tool.log(f" Invalid FRU size {device.size}")
        return -1
    reply = yield from _answer(tool, READ, bytes([number, 0, 0, 8]))
    if reply is None:
        return 1
    header = reply[1:9].ljust(8, b"\0")
    if header[0] != 1:
        tool.log(f" Unknown FRU header version 0x{header[0]:02x}")
        return -1
    for offset, show in ((header[2] * 8, _chassis), (header[3] * 8, _board), (header[4] * 8, _product)):
        area = (yield from _area(tool, device, offset)) if offset else None
        if area:
            show(tool, area)
    return 0


def _answer(tool: Tool, command: int, data: bytes) -> Run[bytes | None]:
    reply = yield from tool.send(STORAGE, command, data)
    if reply is None:
        tool.line(" Device not present (No Response)")
        return None
    if reply.completion_code:
        tool.line(f" Device not present ({completion_text(reply.completion_code)})")
        return None
    return reply.data


def _area(tool: Tool, device: Device, offset: int) -> Run[bytes | None]:
    """One area, whole; its second byte says how long it is."""
    start = yield from _read(tool, device, offset, 2)
    length = start[1] * 8 if start and len(start) == 2 else 0
    return (yield from _read(tool, device, offset, length)) if length else None


def _read(tool: Tool, device: Device, offset: int, length: int) -> Run[bytes | None]:
    if offset > device.size:
        tool.log(f"Read FRU Area offset incorrect: {offset} > {device.size}")
        return None
    wanted = length
    if offset + length > device.size:
        length = device.size - offset
        tool.notice(f"Read FRU Area length {offset + wanted} too large, Adjusting to {length}")
    data = b""
    while len(data) < length:
        at, size = offset + len(data), min(length - len(data), device.chunk)
        place = at >> 1 if device.words else at
        reply = yield from tool.send(STORAGE, READ, bytes([device.number, place & 0xFF, place >> 8, size]))
        if reply is None:
            tool.notice("FRU Read failed")
            return None
        if reply.completion_code in TOO_BIG and device.chunk > STEP:
            device.chunk -= STEP if device.chunk > FINE else 1
            continue
        if reply.completion_code:
            tool.notice(f"FRU Read failed: {completion_text(reply.completion_code)}")
            return None
        count = reply.data[0] << 1 if device.words else reply.data[0]
        if count > len(reply.data) - 1 or count > length - len(data):
            tool.out(" Not enough buffer size")
            return None
        if not count:
            break
        data += reply.data[1 : 1 + count]
    return data.ljust(wanted, b"\0")


def _field(area: bytes, at: int) -> tuple[str | None, int]:
    """A type/length field and where the next one is; None for an empty one."""
    code, length = area[at] >> 6, area[at] & 0x3F
    data = area[at + 1 : at + 1 + length]
    if not length:
        return None, at + 1
    match code:
        case 0:
            text = data.hex()
        case 1:
            text = "".join(BCD_PLUS[octet >> 4] + BCD_PLUS[octet & 15] for octet in data)
        case 2:
            text = _six_bit(data)
        case _:
            text = data.split(b"\0")[0].decode("latin-1")
    return text, at + 1 + length


def _six_bit(data: bytes) -> str:
    text = ""
    for at in range(0, len(data), 3):
        bits = int.from_bytes(data[at : at + 3], "little")
        text += "".join(chr((bits >> shift & 0x3F) + 0x20) for shift in (0, 6, 12, 18))
    return text


def _fields(tool: Tool, area: bytes, at: int, names: tuple[str, ...], kind: str) -> None:
    for name in names:
        text, at = _field(area, at) if at < len(area) else (None, at)
        if text and (not name.endswith("FRU ID") or tool.verbose):
            tool.line(f" {name:<21} : {text}")
    while at < len(area) and area[at] != END_OF_FIELDS:
        text, at = _field(area, at)
        if text:
            tool.line(f" {kind + ' Extra':<21} : {text}")


def _chassis(tool: Tool, area: bytes) -> None:
    kind = area[2] if area[2] < len(CHASSIS_TYPES) else 2
    tool.line(f" Chassis Type          : {CHASSIS_TYPES[kind]}")
    _fields(tool, area, 3, CHASSIS_FIELDS, "Chassis")


def _board(tool: Tool, area: bytes) -> None:
    minutes = int.from_bytes(area[3:6], "little")
    stamp = minutes * 60 + FRU_EPOCH if minutes else 0xFFFFFFFF
    tool.line(f" Board Mfg Date        : {long_text(stamp)}")
    _fields(tool, area, 6, BOARD_FIELDS, "Board")


def _product(tool: Tool, area: bytes) -> None:
    _fields(tool, area, 3, PRODUCT_FIELDS, "Product")

"""`ipmitool sel`: the system event log."""

from __future__ import annotations

import calendar
import time

from emulators.host.commands.ipmitool import sel_entry
from emulators.host.commands.ipmitool.sel_entry import Entry
from emulators.host.commands.ipmitool.times import numeric
from emulators.host.commands.ipmitool.tool import WARNING, Tool
from emulators.host.commands.ipmitool.values import completion_text, number
from emulators.host.process import Run

STORAGE = 0x0A
INFO, ALLOCATION, RESERVE, GET_ENTRY, DELETE, CLEAR, GET_TIME, SET_TIME = 0x40, 0x41, 0x42, 0x43, 0x46, 0x47, 0x48, 0x49
LAST = 0xFFFF
COMMANDS = ((0x08, "'Delete' "), (0x04, "'Partial Add' "), (0x02, "'Reserve' "), (0x01, "'Get Alloc Info' "))


def main(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case [] | ["info", *_]:
            return (yield from _info(tool))
        case ["help", *_]:
            tool.log("SEL Commands:  info clear delete list elist get add time save readraw writeraw interpret")
            return 0
        case ["list" | "elist" as how, *rest]:
            return (yield from _list(tool, rest, extended=how == "elist"))
        case ["clear", *_]:
            return (yield from _clear(tool))
        case ["delete", *rest]:
            return (yield from _delete(tool, rest))
        case ["get", *rest]:
            return (yield from _get(tool, rest))
        case ["time", *rest]:
            return (yield from _time(tool, rest))
    tool.log(f"Invalid SEL command: {argv[0]}")
    return -1


def _info(tool: Tool) -> Run[int]:
    data = yield from tool.ask(STORAGE, INFO, b"", "Get SEL Info command failed")
    if data is None:
        return -1
    if len(data) != 14:
        tool.log(f"Get SEL Info command failed: Invalid data length {len(data)}")
        return -1
    version, entries, free = data[0], int.from_bytes(data[1:3], "little"), int.from_bytes(data[3:5], "little")
    total = free + entries * 16
    used = "unknown" if total >= 65535 else f"{int(100 * (entries * 16 / total)) if entries else 0}%"
    compliant = "v1.5, v2 compliant" if version in (0x51, 0x02) else "Unknown"
    tool.line("SEL Information")
    tool.line(f"Version          : {version & 15}.{version >> 4} ({compliant})")
    tool.line(f"Entries          : {entries}")
    tool.line(f"Free Space       : {free} bytes {'or more' if free == 65535 else ''}")
    tool.line(f"Percent Used     : {used}")
    tool.line(f"Last Add Time    : {_stamp(data[5:9])}")
    tool.line(f"Last Del Time    : {_stamp(data[9:13])}")
    tool.line(f"Overflow         : {'true' if data[13] & 0x80 else 'false'}")
    commands = "".join(text for bit, text in COMMANDS if data[13] & bit)
    tool.line(f"Supported Cmds   : {commands or 'None'}")
    return (yield from _allocation(tool)) if data[13] & 1 else 0


def _stamp(data: bytes) -> str:
    stamp = int.from_bytes(data, "little")
    return "Not Available" if stamp in (0, 0xFFFFFFFF) else numeric(stamp)


def _allocation(tool: Tool) -> Run[int]:
    data = yield from tool.ask(STORAGE, ALLOCATION, b"", "Get SEL Allocation Info command failed")
    if data is None:
        return -1
    names = ("# of Alloc Units", "Alloc Unit Size ", "# Free Units    ", "Largest Free Blk")
    for at, name in enumerate(names):
        tool.line(f"{name} : {int.from_bytes(data[2 * at : 2 * at + 2], 'little')}")
    tool.line(f"Max Record Size  : {data[8]}")
    return 0


def _entry(tool: Tool, record: int) -> Run[tuple[int, Entry] | None]:
    """(next record id, entry); None after printing why not."""
    reply = yield from tool.send(STORAGE, GET_ENTRY, b"\0\0" + record.to_bytes(2, "little") + b"\0\xff")
    if reply is None:
        tool.log(f"Get SEL Entry {record:x} command failed")
        return None
    if reply.completion_code:
        tool.log(f"Get SEL Entry {record:x} command failed: {completion_text(reply.completion_code)}")
        return None
    return int.from_bytes(reply.data[:2], "little"), Entry(reply.data[2:].ljust(16, b"\0"))


def _count(tool: Tool, argv: list[str]) -> int | None:
    """How many entries are wanted: 0 all, negative the newest; None after printing what is wrong."""
    sign = 1
    if len(argv) == 2:
        if argv[0] not in ("first", "last"):
            tool.log("Unknown sel list option")
            return None
        sign = -1 if argv[0] == "last" else 1
    if len(argv) not in (1, 2):
        return 0
    count = number(argv[-1], -(2**31), 2**31 - 1)
    if count is None:
        tool.log(f"Numeric argument required; got '{argv[-1]}'")
        return None
    return count * sign


def _list(tool: Tool, argv: list[str], *, extended: bool) -> Run[int]:
    count = _count(tool, argv)
    if count is None:
        return -1
    data = yield from tool.ask(STORAGE, INFO, b"", "Get SEL Info command failed")
    if data is None:
        return -1
    entries = int.from_bytes(data[1:3], "little")
    if not entries:
        tool.log("SEL has no entries")
        return 0
    record, skip, shown = 0, max(entries + count, 0) if count < 0 else 0, 0
    while record != LAST:
        found = (yield from _entry(tool, record)) or (yield from _entry(tool, record))
        if found is None:
            break
        record, entry = found
        if skip:
            skip -= 1
            continue
        yield from sel_entry.show(tool, entry, extended=extended)
        shown += 1
        if count > 0 and shown == count or count < 0 and shown == -count:
            break
    return 0


def _reserve(tool: Tool) -> Run[int]:
    """The reservation's id, 0 where there is none."""
    reply = yield from tool.send(STORAGE, RESERVE)
    if reply is None:
        tool.log("Unable to reserve SEL", WARNING)
        return 0
    if reply.completion_code:
        tool.out(f"Unable to reserve SEL: {completion_text(reply.completion_code)}")
        return 0
    return int.from_bytes(reply.data[:2], "little")


def _clear(tool: Tool) -> Run[int]:
    reservation = yield from _reserve(tool)
    if not reservation:
        return -1
    request = reservation.to_bytes(2, "little") + b"CLR\xaa"
    if (yield from tool.ask(STORAGE, CLEAR, request, "Unable to clear SEL")) is None:
        return -1
    tool.line("Clearing SEL.  Please allow a few seconds to erase.")
    return 0


def _delete(tool: Tool, argv: list[str]) -> Run[int]:
    if not argv:
        tool.log("usage: sel delete <id>...<id>")
        return 0
    if argv[0] == "help":
        tool.log("usage: delete <id>...<id>\n")
        return -1
    reservation = yield from _reserve(tool)
    if not reservation:
        return -1
    status = 0
    for text in reversed(argv):
        record = number(text, 0, 0xFFFF)
        if record is None:
            tool.log(f"Given SEL ID '{text}' is invalid.")
            status = -1
            continue
        request = reservation.to_bytes(2, "little") + record.to_bytes(2, "little")
        if (yield from tool.ask(STORAGE, DELETE, request, f"Unable to delete entry {record}")) is None:
            status = -1
        else:
            tool.line(f"Deleted entry {record}")
    return status


def _get(tool: Tool, argv: list[str]) -> Run[int]:
    if not argv:
        tool.log("usage: sel get <entry>")
        return 0
    if argv[0] == "help":
        tool.log("usage: sel get <id>...<id>")
        return -1
    status = 0
    for at, text in enumerate(argv):
        record = number(text, 0, 0xFFFF)
        if record is None:
            tool.log(f"Given SEL ID '{text}' is invalid.")
            status = -1
            continue
        found = yield from _entry(tool, record)
        if found is None or not found[0]:
            status = -1
            continue
        if (yield from sel_entry.show_long(tool, found[1])) and at < len(argv) - 1:
            tool.line("----------------------\n")
    return status


def _time(tool: Tool, argv: list[str]) -> Run[int]:
    match argv:
        case ["get", *_]:
            yield from _get_time(tool)
            return 0  # the tool forgets how it went
        case ["set", text, *_]:
            return (yield from _set_time(tool, text))
        case ["set"]:
            tool.log('usage: sel time set "mm/dd/yyyy hh:mm:ss"')
        case _:
            tool.log("sel time commands: get set")
    return 0


def _get_time(tool: Tool) -> Run[bool]:
    reply = yield from tool.send(STORAGE, GET_TIME)
    if reply is None or reply.completion_code:
        why = completion_text(reply.completion_code) if reply else "Unknown"
        tool.log(f"Get SEL Time command failed: {why}")
        return False
    if len(reply.data) != 4:
        tool.log(f"Get SEL Time command failed: Invalid data length {len(reply.data)}")
        return False
    tool.line(numeric(int.from_bytes(reply.data, "little")))
    return True


def _set_time(tool: Tool, text: str) -> Run[int]:
    if text.lower() == "now":
        stamp = int(tool.wall())
    else:
        try:
            stamp = calendar.timegm(time.strptime(text, "%m/%d/%y %H:%M:%S"))
        except ValueError:
            tool.log("Specified time could not be parsed")
            return -1
    reply = yield from tool.send(STORAGE, SET_TIME, (stamp & 0xFFFFFFFF).to_bytes(4, "little"))
    if reply is None or reply.completion_code:
        why = completion_text(reply.completion_code) if reply else "Unknown"
        tool.log(f"Set SEL Time command failed: {why}")
        return -1
    yield from _get_time(tool)
    return 0

"""Reads HPM.1 firmware files (.hpm) itself: header, action records, MD5 trailer (PICMG HPM.1 R1.0, section 4).

What is wrong with a file is data, not an exception: `defects` has one sentence each, in the file's order, and whatever
could be read stands beside them. A file cut at any byte has at least one.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

SIGNATURE = b"PICMGFWU"
FIXED = 34  # bytes of the header before its OEM data
RECORD = 3
UPLOAD = 31  # more bytes of an upload record: version, description, length
TRAILER = 16
_TYPES: dict[int, Literal["backup", "prepare", "upload"]] = {0: "backup", 1: "prepare", 2: "upload"}


@dataclass(frozen=True)
class Header:
    """Whom the file is for, and what the update does. Versions as BMCs print them: major, minor as two BCD digits."""

    device_id: int
    manufacturer_id: int
    product_id: int
    created: int  # Unix time, 0 = unset
    services_affected: bool
    manual_rollback: bool
    automatic_rollback: bool
    self_test: bool
    components: tuple[int, ...]
    self_test_timeout_s: int
    rollback_timeout_s: int
    inaccessible_s: int
    earliest_compatible: str
    version: str
    oem: bytes


@dataclass(frozen=True)
class Action:
    """One action record. `version`, `description`, `data` are of uploads alone."""

    kind: Literal["backup", "prepare", "upload"]
    components: tuple[int, ...]
    version: str = ""
    description: str = ""
    data: bytes = b""


@dataclass(frozen=True)
class HpmFile:
    """`header` is None where the file is too short for one."""

    header: Header | None
    actions: tuple[Action, ...]
    defects: tuple[str, ...]

    @property
    def uploads(self) -> tuple[Action, ...]:
        return tuple(action for action in self.actions if action.kind == "upload")


def read(data: bytes) -> HpmFile:
    """Never raises."""
    if not data.startswith(SIGNATURE):
        return HpmFile(None, (), (f"begins with {data[:8]!r}, expected the signature {SIGNATURE!r}",))
    if len(data) < FIXED:
        return HpmFile(None, (), (f"the header is cut short: {len(data)} bytes, expected at least {FIXED + 1}",))
    header, defects = _header(data), _header_defects(data)
    end = FIXED + len(header.oem) + 1
    if len(data) < end + TRAILER:
        missing = f"is cut short: {len(data)} bytes, but header and MD5 signature alone take {end + TRAILER}"
        return HpmFile(header, (), (*defects, missing))
    actions, more = _actions(data[end:-TRAILER], header.components)
    return HpmFile(header, actions, (*defects, *more, *_trailer_defects(data)))


def _header(data: bytes) -> Header:
    oem_length = int.from_bytes(data[32:34], "little")
    return Header(
        device_id=data[9],
        manufacturer_id=int.from_bytes(data[10:13], "little"),
        product_id=int.from_bytes(data[13:15], "little"),
        created=int.from_bytes(data[15:19], "little"),
        services_affected=bool(data[19] & 0x10),
        manual_rollback=bool(data[19] & 0x20),
        automatic_rollback=bool(data[19] & 0x40),
        self_test=bool(data[19] & 0x80),
        components=_bits(data[20]),
        self_test_timeout_s=data[21] * 5,
        rollback_timeout_s=data[22] * 5,
        inaccessible_s=data[23] * 5,
        earliest_compatible=_version(data[24:26]),
        version=_version(data[26:28]),
        oem=data[FIXED : FIXED + oem_length],
    )


def _header_defects(data: bytes) -> tuple[str, ...]:
    defects = []
    if data[8] != 0:
        defects.append(f"header version is {data[8]}, expected 0")
    at = FIXED + int.from_bytes(data[32:34], "little")
    if at < len(data):
        expected = _zero_sum(data[:at])
        if data[at] != expected:
            defects.append(f"header checksum is 0x{data[at]:02x}, expected 0x{expected:02x}")
    else:
        defects.append(f"the header is cut short: its checksum would be byte {at}, the file has {len(data)}")
    return tuple(defects)


def _trailer_defects(data: bytes) -> tuple[str, ...]:
    found, expected = data[-TRAILER:], hashlib.md5(data[:-TRAILER], usedforsecurity=False).digest()
    return () if found == expected else (f"MD5 signature is {found.hex()}, expected {expected.hex()}",)


def _actions(data: bytes, announced: tuple[int, ...]) -> tuple[tuple[Action, ...], tuple[str, ...]]:
    """The records between header and trailer. A record that cannot be understood ends the reading."""
    actions: list[Action] = []
    defects: list[str] = []
    at = 0
    while at < len(data):
        number = len(actions) + 1
        size, action, wrong = _action(data[at:], number)
        defects += wrong
        if action is None:
            return tuple(actions), tuple(defects)
        strange = sorted(set(action.components) - set(announced))
        if strange:
            defects.append(f"action record {number} is for component {strange[0]}, which the header does not announce")
        actions.append(action)
        at += size
    if not any(action.kind == "upload" for action in actions):
        defects.append("holds no upload action: there is nothing to flash")
    return tuple(actions), tuple(defects)


def _action(data: bytes, number: int) -> tuple[int, Action | None, list[str]]:
    """Size, record, defects of the record that `data` begins with."""
    name = f"action record {number}"
    if len(data) < RECORD:
        return 0, None, [f"{name} is cut short: {len(data)} of {RECORD} bytes"]
    kind = _TYPES.get(data[0])
    if kind is None:
        return 0, None, [f"{name} is of type {data[0]}, expected 0 (backup), 1 (prepare) or 2 (upload)"]
    if kind != "upload":
        return RECORD, Action(kind, _bits(data[1])), _checksum_defects(data, name, (RECORD,))
    fixed = RECORD + UPLOAD
    if len(data) < fixed:
        return 0, None, [f"{name} (upload) is cut short: {len(data)} of {fixed} bytes"]
    defects = _checksum_defects(data, name, (RECORD, fixed))
    length = int.from_bytes(data[30:34], "little")
    if len(data) < fixed + length:
        return 0, None, [*defects, f"{name} announces {length} bytes of firmware, but {len(data) - fixed} follow"]
    components = _bits(data[1])
    if len(components) != 1:
        defects.append(f"{name} uploads to {len(components)} components, expected one")
    description = data[9:30].split(b"\0")[0].decode("ascii", "replace").strip()
    end = fixed + length
    return end, Action(kind, components, _version(data[3:5]), description, data[fixed:end]), defects


def _checksum_defects(data: bytes, name: str, covers: tuple[int, ...]) -> list[str]:
    """The specification lets an upload's checksum cover three bytes or the whole record; both are met."""
    if any(sum(data[:length]) & 0xFF == 0 for length in covers):
        return []
    return [f"{name}: checksum is 0x{data[2]:02x}, expected 0x{_zero_sum(data[:2]):02x}"]


def _zero_sum(data: bytes) -> int:
    return -sum(data) & 0xFF


def _bits(mask: int) -> tuple[int, ...]:
    return tuple(i for i in range(8) if mask >> i & 1)


def _version(data: bytes) -> str:
    """Major, and the minor as the two digits that `mc info` prints."""
    return f"{data[0] & 0x7F}.{data[1]:02x}"

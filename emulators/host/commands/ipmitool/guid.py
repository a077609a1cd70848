"""`ipmitool mc guid`: the BMC's GUID in the byte order that it seems to be in."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from emulators.host.commands.ipmitool.times import numeric
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.process import Run

APP, GET_GUID = 0x06, 0x37
GREGORIAN_TO_UNIX_S = 12219292800  # 15 October 1582 to 1 January 1970

VERSIONS = {
    1: "Time-based",
    2: "DCE Security with POSIX UIDs (not for IPMI)",
    3: "Name-based using MD5",
    4: "Random or pseudo-random",
    5: "Name-based using SHA-1",
}
ENCODINGS = ("rfc", "ipmi", "smbios")  # in the order in which the tool tries them
NAMES = {"smbios": "SMBIOS", "ipmi": "IPMI", "rfc": "RFC4122"}


@dataclass(frozen=True)
class Parsed:
    """A GUID read in one encoding."""

    low: int
    mid: int
    high: int
    clock: int
    node: bytes

    @property
    def version(self) -> int:
        return self.high >> 12

    @property
    def time(self) -> int:
        ticks = (self.high & 0x0FFF) << 48 | self.mid << 32 | self.low
        return ticks // 10_000_000 - GREGORIAN_TO_UNIX_S

    def __str__(self) -> str:
        return f"{self.low:08x}-{self.mid:04x}-{self.high:04x}-{self.clock:04x}-{self.node.hex()}"


def parse(data: bytes, encoding: str) -> Parsed:
    if encoding == "ipmi":  # everything least significant byte first, node included
        clock, high, mid, low = struct.unpack("<HHHI", data[6:16])
        return Parsed(low, mid, high, clock, data[:6][::-1])
    order = ">" if encoding == "rfc" else "<"
    low, mid, high = struct.unpack(order + "IHH", data[:8])
    return Parsed(low, mid, high, struct.unpack(">H", data[8:10])[0], data[10:16])


def detect(data: bytes, this_year: int) -> str:
    """Which encoding the tool takes it for: the last with a valid version, or the first with a plausible time."""
    found = "dump"
    for encoding in ENCODINGS:
        parsed = parse(data, encoding)
        if parsed.version in VERSIONS:
            found = encoding
            if parsed.version == 1 and parsed.time >= 0 and 1970 + parsed.time // 31556952 <= this_year:
                break
    return found


def show(tool: Tool, mode: str) -> Run[int]:
    code, data = yield from tool.exchange(APP, GET_GUID, b"", 16)
    if not tool.checked(code):
        return -1
    automatic = mode not in (*ENCODINGS, "dump")
    encoding = detect(data, 1970 + int(tool.wall()) // 31556952) if automatic else mode
    if encoding == "dump":
        tool.line(f"System GUID   : {data.hex().upper()}")
        return 0
    parsed = parse(data, encoding)
    tool.line(f"System GUID   : {parsed}")
    if automatic:
        warning = "" if encoding == "ipmi" else " (WARNING: IPMI Specification violation!)"
        tool.line(f"GUID Encoding : {NAMES[encoding]}{warning}")
    version = parsed.version
    tool.out(f"GUID Version  : {VERSIONS.get(version, 'Unknown/unsupported')}")
    if version not in VERSIONS:
        tool.out(f" ({version})")
    tool.line()
    if version == 1:
        tool.line(f"Timestamp     : {numeric(parsed.time & 0xFFFFFFFF)}")
    return 0

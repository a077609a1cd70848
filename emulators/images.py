"""Synthetic firmware files, and how a virtual flash chip reads what it holds.

Vendors' packages cannot be shipped, so these stand in for them. The format is ours:

    offset  size  field
    0       8     magic b"FWSIMIMG"
    8       2     format version, LE (1)
    10      2     header length H, LE (padded with spaces)
    12      4     total length of the image, header included, LE
    16      H-16  JSON object: kind, family, board_id, version, date, requires_bmc, synthetic, body_sha256
    H       ...   body: bytes derived from the header, so the same words give the same file

`synthetic: true` is the mark that `fwsim update` always refuses. In an .hpm file the mark also stands in the header's
OEM data. An image is whole when its body has the hash that its header names: flash cells know no more than that.
"""

from __future__ import annotations

import hashlib
import json
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

MAGIC = b"FWSIMIMG"
HPM_MAGIC = b"PICMGFWU"
HPM_MARK = b"FWSIM SYNTHETIC IMAGE"
DEFAULT_SIZE = 12 * 1024
MINIMUM_SIZE = 1024
_FIXED = struct.Struct("<8sHHI")

Kind = Literal["bmc", "bios"]


@dataclass(frozen=True)
class Firmware:
    """What an image is: for whom, which version. Read from bytes, never remembered beside them."""

    kind: Kind
    family: str  # BMC images fit a family of boards
    board_id: str  # BIOS images fit exactly one board; hexadecimal as Supermicro prints it
    version: str
    date: str  # ISO 8601 day
    requires_bmc: str = ""  # a BIOS may need at least this BMC version, or it does not POST


@lru_cache(maxsize=16)
def build(firmware: Firmware, size: int = DEFAULT_SIZE) -> bytes:
    """A marked image of `size` bytes (at least MINIMUM_SIZE). The same arguments give the same bytes.

    Raises ValueError when `size` is too small.
    """
    if size < MINIMUM_SIZE:
        raise ValueError(f"an image needs at least {MINIMUM_SIZE} bytes, not {size}")
    seed = hashlib.sha256(repr((firmware, size)).encode()).digest()
    fields = {**firmware.__dict__, "synthetic": True, "body_sha256": "0" * 64}
    header_length = (_FIXED.size + len(json.dumps(fields)) + 15) // 16 * 16
    body = hashlib.shake_256(seed).digest(size - header_length)
    fields["body_sha256"] = hashlib.sha256(body).hexdigest()
    text = json.dumps(fields).encode().ljust(header_length - _FIXED.size)
    return _FIXED.pack(MAGIC, 1, header_length, size) + text + body


def declared_length(start: bytes) -> int | None:
    """The total length that the first 16 bytes of an image announce, or None where they are no header."""
    if len(start) < _FIXED.size or start[:8] != MAGIC:
        return None
    length = _FIXED.unpack_from(start)[3]
    return int(length)


@lru_cache(maxsize=256)
def read(data: bytes) -> Firmware | None:
    """What these flash cells hold, or None where the image in them is absent, cut short or damaged."""
    length = declared_length(data)
    if length is None or length > len(data):
        return None
    _, version, header_length, _ = _FIXED.unpack_from(data)
    try:
        text = data[_FIXED.size : header_length]
        fields = json.loads(text)
        whole = text == json.dumps(fields).encode().ljust(len(text))  # nothing but the words themselves
        whole &= fields.pop("body_sha256") == hashlib.sha256(data[header_length:length]).hexdigest()
        fields.pop("synthetic", None)
        return Firmware(**fields) if version == 1 and whole else None
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def zero_sum(data: bytes | bytearray) -> int:
    """The byte that makes the sum of `data` and itself 0 modulo 256 (HPM.1 checksums)."""
    return -sum(data) & 0xFF


@lru_cache(maxsize=256)
def version_bytes(version: str) -> bytes:
    """HPM.1's six-byte firmware revision: major, minor in BCD, four auxiliary bytes."""
    parts = (version.split(".") + ["0"] * 6)[:6]
    minor = int(parts[1][:2] or "0", 16)
    return bytes([int(parts[0]) & 0x7F, minor, *(int(p or "0", 10) & 0xFF for p in parts[2:6])])


@dataclass(frozen=True)
class HpmTarget:
    """The identity an .hpm file is made for: what the IPMC must answer in Get Device ID."""

    device_id: int
    manufacturer_id: int
    product_id: int
    component: int = 0
    service_affected: bool = False
    description: str = "BMC"
    actions: tuple[int, ...] = (0, 1)  # before the upload: 0 backup, 1 prepare, as far as the component takes them


def wrap_hpm(
    image: bytes, version: str, target: HpmTarget, *, self_test_s: int = 5, inaccessible_s: int = 120
) -> bytes:
    """An HPM.1 file (facts/ipmi-and-hpm1.md section 2) whose one upload action carries `image`, marked as synthetic."""
    revision = version_bytes(version)
    mask = 1 << target.component
    capabilities = 0x10 if target.service_affected else 0
    header = bytearray(HPM_MAGIC)
    header += bytes([0, target.device_id]) + target.manufacturer_id.to_bytes(3, "little")
    header += target.product_id.to_bytes(2, "little") + (0).to_bytes(4, "little")
    header += bytes([capabilities, mask, self_test_s // 5, 0, min(255, inaccessible_s // 5), 0, 0])
    header += revision + len(HPM_MARK).to_bytes(2, "little") + HPM_MARK
    header.append(zero_sum(header))
    out = bytearray(header)
    for action in target.actions:
        record = bytes([action, mask])
        out += record + bytes([zero_sum(record)])
    record = bytes([2, mask])
    out += record + bytes([zero_sum(record)]) + revision
    out += target.description.encode()[:20].ljust(21, b"\0") + len(image).to_bytes(4, "little") + image
    return bytes(out) + hashlib.md5(out, usedforsecurity=False).digest()

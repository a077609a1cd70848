"""An HPM.1 firmware file as ipmitool reads it (facts/ipmi-and-hpm1.md section 2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

SIGNATURE = b"PICMGFWU"
HEADER = 34
RECORD = 3
FIRMWARE = 31  # version, description and length of an upload action
DIGEST = 16
BACKUP, PREPARE, UPLOAD = 0, 1, 2


class BadImage(Exception):
    """The file is not what it must be; the text is what the tool prints."""


@dataclass(frozen=True)
class Action:
    """One action record; the firmware fields are those of an upload."""

    kind: int
    mask: int
    version: bytes = b""
    description: bytes = b""
    length: int = 0
    data: bytes = b""

    @property
    def component(self) -> int:
        """The highest component named."""
        return max(self.mask.bit_length() - 1, 0)


@dataclass(frozen=True)
class Image:
    """The file's bytes and what its header says."""

    data: bytes

    @property
    def device_id(self) -> int:
        return self.data[9]

    @property
    def manufacturer(self) -> bytes:
        return self.data[10:13]

    @property
    def product(self) -> bytes:
        return self.data[13:15]

    @property
    def service_affected(self) -> bool:
        return bool(self.data[19] & 0x10)

    @property
    def self_test(self) -> bool:
        return bool(self.data[19] & 0x80)

    @property
    def components(self) -> int:
        return self.data[20]

    @property
    def self_test_timeout(self) -> int:
        """In units of five seconds, as the next."""
        return self.data[21]

    @property
    def rollback_timeout(self) -> int:
        return self.data[22]

    @property
    def earliest(self) -> tuple[int, int]:
        """The lowest firmware revision that it may be installed over."""
        return self.data[24], self.data[25]

    @property
    def header_length(self) -> int:
        return HEADER + int.from_bytes(self.data[32:34], "little") + 1

    @property
    def end(self) -> int:
        """Where the actions end and the digest begins."""
        return len(self.data) - DIGEST

    def check(self) -> None:
        """Raise BadImage for a wrong digest, signature, version or header checksum."""
        body = self.data[: max(self.end, 0)]
        if len(self.data) < HEADER or hashlib.md5(body, usedforsecurity=False).digest() != self.data[self.end :]:
            raise BadImage("\n    Invalid MD5 signature")
        if self.data[:8] != SIGNATURE:
            raise BadImage("\n    Invalid image signature")
        if self.data[8] != 0:
            raise BadImage("\n    Unrecognized image version")
        if sum(self.data[: self.header_length]) & 0xFF:
            raise BadImage("\n    Invalid header checksum")

    def action(self, at: int) -> tuple[Action, int]:
        """The action record at an offset, and where the next begins. Raises BadImage for a wrong checksum or type."""
        record = self.data[at : at + RECORD]
        whole = self.data[at : at + RECORD + FIRMWARE]
        upload = record[0] == UPLOAD
        if sum(record) & 0xFF and not (upload and not sum(whole) & 0xFF):
            raise BadImage("    Invalid Action record.")
        if not upload:
            return Action(record[0], record[1]), at + RECORD
        fields = whole[RECORD:].ljust(FIRMWARE, b"\0")
        length = int.from_bytes(fields[27:31], "little")
        start = at + RECORD + FIRMWARE
        data = self.data[start : start + length]
        return Action(UPLOAD, record[1], fields[:6], fields[6:27], length, data), start + length

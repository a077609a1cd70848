"""The SDR repository as ipmitool reads it: once through, remembering what it has seen."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from emulators.host.commands.ipmitool.sdr_record import Record
from emulators.host.commands.ipmitool.tool import Tool
from emulators.host.commands.ipmitool.values import completion_text
from emulators.host.process import Run

APP, GET_DEVICE_ID = 0x06, 0x01
STORAGE, SENSOR_EVENT = 0x0A, 0x04
REPOSITORY_INFO, RESERVE, GET_SDR = 0x20, 0x22, 0x23
DEVICE_INFO, DEVICE_RESERVE, GET_DEVICE_SDR = 0x20, 0x22, 0x21
HEADER = 5
MAX_READ = 33  # plugins/open: 35 bytes of an answer, two of them the next record's id
LAST = 0xFFFF
LOST_RESERVATION, TOO_MANY_BYTES = 0xC5, 0xCA


@dataclass
class Repository:
    """An iterator over the records. Open it first; `records` then yields from where it stands."""

    tool: Tool
    netfn: int = STORAGE
    get: int = GET_SDR
    reserve_command: int = RESERVE
    next_id: int = 0
    reservation: int = 0
    read_size: int = MAX_READ
    seen: list[Record] = field(default_factory=list)

    @classmethod
    def open(cls, tool: Tool) -> Run[Repository | None]:
        """Choose between the repository and the device's own SDRs; None after printing why neither works."""
        repository = cls(tool)
        device = yield from tool.send(APP, GET_DEVICE_ID)
        if device is None:
            tool.log("Get Device ID command failed")
            return None
        if device.completion_code:
            code = device.completion_code
            tool.log(f"Get Device ID command failed: {code:#x} {completion_text(code)}")
            return None
        if device.data[1] & 0x80 and not device.data[5] & 0x02:
            if not device.data[5] & 0x01:
                tool.log("Error obtaining SDR info")
                return None
            repository.netfn, repository.get, repository.reserve_command = SENSOR_EVENT, GET_DEVICE_SDR, DEVICE_RESERVE
        if not (yield from repository._info()):
            return None
        if not (yield from repository.reserve()):
            tool.log("Unable to obtain SDR reservation")
            return None
        return repository

    def _info(self) -> Run[bool]:
        reply = yield from self.tool.send(self.netfn, REPOSITORY_INFO)
        if self.netfn == SENSOR_EVENT:
            if reply is None or reply.completion_code or not reply.data:
                self.tool.line("Err in cmd get sensor sdr info")
                return False
            return True
        if reply is None:
            self.tool.log("Error obtaining SDR info")
            return False
        if reply.completion_code:
            self.tool.log(f"Error obtaining SDR info: {completion_text(reply.completion_code)}")
            return False
        return True

    def reserve(self) -> Run[bool]:
        reply = yield from self.tool.send(self.netfn, self.reserve_command)
        if reply is None or reply.completion_code:
            return False
        self.reservation = int.from_bytes(reply.data[:2], "little")
        return True

    def next(self) -> Run[Record | None]:
        """The next record that can be read; None at the end."""
        while self.next_id != LAST:
            header = yield from self._header()
            if header is None:
                return None
            here = self.next_id or int.from_bytes(header[2:4], "little")
            self.next_id = int.from_bytes(header[0:2], "little")
            body = yield from self._body(here, header[6])
            if body is not None:
                record = Record(here, header[5], body)
                self.seen.append(record)
                return record
        return None

    def walk(self) -> Generator[Any, Any, list[Record]]:
        """All records, those seen before included."""
        while (yield from self.next()) is not None:
            pass
        return self.seen

    def _request(self, record: int, offset: int, size: int) -> bytes:
        return self.reservation.to_bytes(2, "little") + record.to_bytes(2, "little") + bytes([offset, size])

    def _header(self) -> Run[bytes | None]:
        for _ in range(5):
            reply = yield from self.tool.send(self.netfn, self.get, self._request(self.next_id, 0, HEADER))
            if reply is None:
                self.tool.log(f"Get SDR {self.next_id:04x} command failed")
            elif reply.completion_code == LOST_RESERVATION:
                if not (yield from self.reserve()):
                    self.tool.log("Unable to renew SDR reservation")
                    return None
            elif reply.completion_code:
                text = completion_text(reply.completion_code)
                self.tool.log(f"Get SDR {self.next_id:04x} command failed: {text}")
            elif len(reply.data) < 7 or not reply.data[6]:
                self.tool.log(f"SDR record id 0x{self.next_id:04x}: invalid length 0")
                return None
            else:
                return reply.data
        return None

    def _body(self, record: int, length: int) -> Run[bytes | None]:
        data = b""
        while len(data) < length:
            size = min(self.read_size, length - len(data))
            reply = yield from self.tool.send(self.netfn, self.get, self._request(record, HEADER + len(data), size))
            if reply is None or reply.completion_code == TOO_MANY_BYTES:
                self.read_size = size - 1
                if self.read_size <= 0:
                    return None
            elif reply.completion_code == LOST_RESERVATION:
                if not (yield from self.reserve()):
                    return None
            elif reply.completion_code or not reply.data:
                return None
            else:
                data += reply.data[2 : 2 + size].ljust(size, b"\0")
        return data

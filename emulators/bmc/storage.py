"""Storage commands, netfn 0a: FRU inventory, SDR repository, SEL (IPMI 2.0 sections 31, 33, 34)."""

from __future__ import annotations

import struct

from emulators.bmc import fru, sdr
from emulators.bmc.controller import Bmc
from emulators.bmc.message import (
    INVALID_FIELD,
    NOT_PRESENT,
    OPERATOR,
    PARAMETER_OUT_OF_RANGE,
    RESERVATION_CANCELLED,
    STORAGE,
    USER,
    Refused,
    Request,
    command,
)
from emulators.bmc.sel import CAPACITY, LAST, RECORD_SIZE

VERSION = 0x51
WHOLE = 0xFF
SEL_OPERATIONS = 0x0B  # delete, reserve, allocation information
SDR_OPERATIONS = 0x03  # reserve, allocation information
OVERFLOW = 0x80
ERASED = 0x01
SDR_FREE = 0x1000

# -- FRU


def _inventory(bmc: Bmc) -> bytearray:
    data: bytearray = bmc.nvram.setdefault("fru", bytearray(fru.build(bmc.server.board)))
    return data


@command(STORAGE, 0x10, least=1)
def get_fru_area_info(request: Request) -> bytes:
    if request.data[0] != 0:
        raise Refused(NOT_PRESENT)
    return struct.pack("<HB", len(_inventory(request.bmc)), 0)


@command(STORAGE, 0x11, least=4)
def read_fru(request: Request) -> bytes:
    device, offset, count = struct.unpack("<BHB", request.data[:4])
    if device != 0:
        raise Refused(NOT_PRESENT)
    data = _inventory(request.bmc)
    if offset >= len(data) or count == 0:
        raise Refused(PARAMETER_OUT_OF_RANGE)
    part = bytes(data[offset : offset + count])
    return bytes([len(part)]) + part


@command(STORAGE, 0x12, privilege=OPERATOR, least=4)
def write_fru(request: Request) -> bytes:
    device, offset = struct.unpack("<BH", request.data[:3])
    part, data = request.data[3:], _inventory(request.bmc)
    if device != 0:
        raise Refused(NOT_PRESENT)
    if offset + len(part) > len(data):
        raise Refused(PARAMETER_OUT_OF_RANGE)
    data[offset : offset + len(part)] = part
    return bytes([len(part) & 0xFF])


# -- SDR repository


def _times(bmc: Bmc) -> bytes:
    """When the repository was filled: at the factory, so always the same."""
    return struct.pack("<II", int(bmc.server.spec.epoch) & 0xFFFFFFFF, 0)


@command(STORAGE, 0x20)
def get_sdr_repository_info(request: Request) -> bytes:
    count = len(sdr.repository(request.bmc.board))
    return struct.pack("<BHH", VERSION, count, SDR_FREE) + _times(request.bmc) + bytes([SDR_OPERATIONS])


@command(STORAGE, 0x21)
def get_sdr_allocation_info(request: Request) -> bytes:
    return struct.pack("<HHHHB", 256, RECORD_SIZE, 256, 256, 4)


@command(STORAGE, 0x22)
def reserve_sdr_repository(request: Request) -> bytes:
    return reserve_sdrs(request)


@command(STORAGE, 0x23, privilege=USER, least=6)
def get_sdr(request: Request) -> bytes:
    return sdr_part(request)


def reserve_sdrs(request: Request) -> bytes:
    """A new reservation for reading records in parts. The BMC's reset voids it."""
    number: int = request.bmc.volatile.get("sdr-reservation", 0) % 0xFFFF + 1
    request.bmc.volatile["sdr-reservation"] = number
    return number.to_bytes(2, "little")


def sdr_part(request: Request) -> bytes:
    """A record or a part of it, after the id of the next one (section 33.12; 35.4 has the same layout)."""
    reservation, record_id = (int.from_bytes(request.data[i : i + 2], "little") for i in (0, 2))
    offset, count = request.data[4:6]
    if offset and reservation != request.bmc.volatile.get("sdr-reservation"):
        raise Refused(RESERVATION_CANCELLED)
    records = sdr.repository(request.bmc.board)
    number = {0: 1, LAST: len(records)}.get(record_id, record_id)
    if number > len(records):
        raise Refused(NOT_PRESENT)
    record = records[number - 1]
    if offset > len(record):
        raise Refused(PARAMETER_OUT_OF_RANGE)
    following = number + 1 if number < len(records) else LAST
    return following.to_bytes(2, "little") + (record[offset:] if count == WHOLE else record[offset : offset + count])


@command(STORAGE, 0x28)
def get_sdr_repository_time(request: Request) -> bytes:
    return request.bmc.sel.time.to_bytes(4, "little")


@command(STORAGE, 0x29, privilege=OPERATOR, least=4)
def set_sdr_repository_time(request: Request) -> bytes:
    return set_sel_time(request)


# -- SEL


@command(STORAGE, 0x40)
def get_sel_info(request: Request) -> bytes:
    log = request.bmc.sel
    free = (CAPACITY - len(log.records)) * RECORD_SIZE
    operations = SEL_OPERATIONS | (OVERFLOW if log.overflow else 0)
    return struct.pack("<BHHIIB", VERSION, len(log.records), free, log.added, log.erased, operations)


@command(STORAGE, 0x41)
def get_sel_allocation_info(request: Request) -> bytes:
    free = CAPACITY - len(request.bmc.sel.records)
    return struct.pack("<HHHHB", CAPACITY, RECORD_SIZE, free, free, 1)


@command(STORAGE, 0x42)
def reserve_sel(request: Request) -> bytes:
    return request.bmc.sel.reserve().to_bytes(2, "little")


def _check_reservation(request: Request, reservation: int) -> None:
    if reservation != request.bmc.sel.reservation or not reservation:
        raise Refused(RESERVATION_CANCELLED)


@command(STORAGE, 0x43, least=6)
def get_sel_entry(request: Request) -> bytes:
    reservation, record_id, offset, count = struct.unpack("<HHBB", request.data[:6])
    if offset:
        _check_reservation(request, reservation)
    found = request.bmc.sel.find(record_id)
    if found is None:
        raise Refused(NOT_PRESENT)
    record, following = found
    if offset >= RECORD_SIZE:
        raise Refused(PARAMETER_OUT_OF_RANGE)
    end = RECORD_SIZE if count == WHOLE else offset + count
    return following.to_bytes(2, "little") + record.encode()[offset:end]


@command(STORAGE, 0x44, privilege=OPERATOR, least=RECORD_SIZE, most=RECORD_SIZE)
def add_sel_entry(request: Request) -> bytes:
    record_id = request.bmc.sel.add_encoded(request.data)
    if record_id is None:
        raise Refused(0xC4)  # out of space
    return record_id.to_bytes(2, "little")


@command(STORAGE, 0x46, privilege=OPERATOR, least=4)
def delete_sel_entry(request: Request) -> bytes:
    reservation, record_id = struct.unpack("<HH", request.data[:4])
    _check_reservation(request, reservation)
    deleted = request.bmc.sel.delete(record_id)
    if deleted is None:
        raise Refused(NOT_PRESENT)
    return deleted.to_bytes(2, "little")


@command(STORAGE, 0x47, privilege=OPERATOR, least=6)
def clear_sel(request: Request) -> bytes:
    _check_reservation(request, int.from_bytes(request.data[:2], "little"))
    if request.data[2:5] != b"CLR" or request.data[5] not in (0x00, 0xAA):
        raise Refused(INVALID_FIELD)
    if request.data[5] == 0xAA:
        kept = request.bmc.sel.reservation
        request.bmc.sel.clear()
        request.bmc.sel.reservation = kept  # the client asks with it whether the erasure has ended
    return bytes([ERASED])


@command(STORAGE, 0x48)
def get_sel_time(request: Request) -> bytes:
    return request.bmc.sel.time.to_bytes(4, "little")


@command(STORAGE, 0x49, privilege=OPERATOR, least=4)
def set_sel_time(request: Request) -> bytes:
    request.bmc.sel.set_time(int.from_bytes(request.data[:4], "little"))
    return b""

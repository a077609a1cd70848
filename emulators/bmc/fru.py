"""FRU inventory data (Platform Management FRU Information Storage Definition v1.0): who made what, with which serial.

Layout: an 8-byte common header with offsets in multiples of 8, then the chassis, board and product areas.
"""

from __future__ import annotations

from datetime import UTC, datetime

from emulators.boards import Board

SIZE = 512
RACK_MOUNT = 0x17
ENGLISH = 25
END = 0xC1
_EPOCH = datetime(1996, 1, 1, tzinfo=UTC)


def zero_sum(data: bytes) -> int:
    """The byte that makes the sum 0 modulo 256."""
    return -sum(data) & 0xFF


def field(text: str) -> bytes:
    """One field: type/length byte and 8-bit ASCII text (at most 63 characters; a single one is padded).

    A length of one would read as the end mark 0xc1.
    """
    encoded = text.encode("latin-1", "replace")[:63]
    if len(encoded) == 1:
        encoded += b" "
    return bytes([0xC0 | len(encoded)]) + encoded


def area(start: bytes, *texts: str) -> bytes:
    """An area: version, length in multiples of 8, its fixed bytes, the fields, the end mark, padding, checksum."""
    body = start + b"".join(field(text) for text in texts) + bytes([END])
    length = (len(body) + 3 + 7) // 8 * 8
    content = bytes([0x01, length // 8]) + body
    content = content.ljust(length - 1, b"\0")
    return content + bytes([zero_sum(content)])


def manufactured(day: str) -> bytes:
    """Minutes since 1996, three bytes, of an ISO 8601 day."""
    when = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return max(0, int((when - _EPOCH).total_seconds() // 60)).to_bytes(3, "little")


def build(board: Board) -> bytes:
    """The FRU of the base board, SIZE bytes."""
    chassis = area(bytes([RACK_MOUNT]), "", board.system_serial)
    base = area(
        bytes([ENGLISH]) + manufactured(board.bios.date),
        board.manufacturer,
        board.product,
        board.serial,
        board.revision,
        "",
    )
    product = area(
        bytes([ENGLISH]), board.system_manufacturer, board.system_product, "", "", board.system_serial, "", ""
    )
    offsets = [8, 8 + len(chassis), 8 + len(chassis) + len(base)]
    header = bytes([0x01, 0, *(offset // 8 for offset in offsets), 0, 0])
    return (header + bytes([zero_sum(header)]) + chassis + base + product).ljust(SIZE, b"\0")

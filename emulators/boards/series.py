"""Boards of one kind beside each other: what a factory makes different from one to the next."""

from __future__ import annotations

import uuid

from emulators.boards import Board

MACS_A_BOARD = 16  # apart from the next board's: more than any board has ports
NODE_BITS = 48  # of a UUID: its last field
DELL_IN_ASCII = "4c4c4544"
ALPHABETS = ("0123456789", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def nth(board: Board, index: int) -> Board:
    """The board that left the factory `index` boards after this one: own MACs, serials and UUID."""
    if index == 0:
        return board
    tag = later(board.system_serial, index)
    named_by_tag = board.system_serial in board.serial  # Dell's board serials hold the service tag
    return board.model_copy(
        update={
            "serial": board.serial.replace(board.system_serial, tag) if named_by_tag else later(board.serial, index),
            "system_serial": tag,
            "uuid": _of_tag(tag) if board.uuid.startswith(DELL_IN_ASCII) else _of_mac(board, index),
            "nics": tuple(nic.model_copy(update={"mac": _mac(nic.mac, index)}) for nic in board.nics),
        }
    )


def later(serial: str, steps: int) -> str:
    """A serial number `steps` on: it counts from the right, digits among digits, letters among letters."""
    counted = list(serial)
    for place in reversed(range(len(counted))):
        if not steps:
            break
        alphabet = next((a for a in ALPHABETS if counted[place] in a), None)
        if alphabet is not None:
            steps, digit = divmod(alphabet.index(counted[place]) + steps, len(alphabet))
            counted[place] = alphabet[digit]
    return "".join(counted)


def _mac(mac: str, index: int) -> str:
    """The vendor's half stays; the other wraps."""
    vendor, number = mac[:9], int(mac[9:].replace(":", ""), 16)
    return vendor + (number + index * MACS_A_BOARD & 0xFFFFFF).to_bytes(3, "big").hex(":")


def _of_mac(board: Board, index: int) -> str:
    """Supermicro's UUIDs end in the dedicated port's MAC address."""
    own = uuid.UUID(board.uuid)
    node = int(_mac(own.node.to_bytes(6, "big").hex(":"), index).replace(":", ""), 16)
    return str(uuid.UUID(int=own.int >> NODE_BITS << NODE_BITS | node))


def _of_tag(tag: str) -> str:
    """Dell's UUIDs spell DELL and the service tag."""
    a, b, c, d, e, f, g = tag.encode()
    return f"{DELL_IN_ASCII}-00{b:02x}-{c:02x}10-80{d:02x}-{0x80 | a:02x}c04f{e:02x}{f:02x}{g:02x}"

"""A serial line that remembers what is typed, and SOL packets of a ToyClient. Shares no code with the emulator."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from emulators.bmc.lan import Outgoing
from tests.emulators.bmc.lan_toy import ToyClient

APP = 0x06
ENCRYPTED_SOL, OPEN_SOL = 0xC1, 0x41


class ToyChunk(NamedTuple):
    offset: int
    data: bytes


@dataclass
class ToyLine:
    """The host appends to `written`, of which the first `lost` bytes are out of reach; `room` limits typing."""

    written: bytearray = field(default_factory=bytearray)
    typed: bytearray = field(default_factory=bytearray)
    breaks: int = 0
    lost: int = 0
    room: int = 10_000
    powered: bool = True

    @property
    def end(self) -> int:
        return len(self.written)

    def read(self, offset: int, limit: int) -> ToyChunk:
        start = max(offset, self.lost)
        return ToyChunk(start, bytes(self.written[start : start + limit]))

    def type(self, data: bytes) -> int:
        taken = data[: self.room]
        self.room -= len(taken)
        self.typed += taken
        return len(taken)

    def send_break(self) -> None:
        self.breaks += 1


class Sol(NamedTuple):
    """A SOL packet, field by field as in table 15-2."""

    sequence: int
    acknowledges: int
    accepted: int
    flags: int
    data: bytes


def fields(payload: bytes) -> Sol:
    return Sol(payload[0], payload[1], payload[2], payload[3], payload[4:])


def activate(client: ToyClient, auxiliary: int = 0xC6, *, instance: int = 1, kind: int = 1) -> tuple[int, bytes]:
    return client.command(APP, 0x48, bytes([kind, instance, auxiliary, 0, 0, 0]))


def deactivate(client: ToyClient, *, instance: int = 1) -> tuple[int, bytes]:
    return client.command(APP, 0x49, bytes([1, instance, 0, 0, 0, 0]))


def packet(client: ToyClient, payload: bytes, *, kind: int = ENCRYPTED_SOL) -> bytes:
    """A sealed SOL packet: sending it again is what a network's duplicate is."""
    return client.seal(payload, kind=kind)


def send(client: ToyClient, payload: bytes, *, kind: int = ENCRYPTED_SOL) -> list[Sol]:
    return opened(client, client.raw(packet(client, payload, kind=kind)), kind=kind)


def opened(client: ToyClient, outgoing: list[Outgoing], *, kind: int = ENCRYPTED_SOL) -> list[Sol]:
    assert all(sent.address == client.address for sent in outgoing)
    return [fields(client.unseal(sent.data, kind=kind)) for sent in outgoing]


def poll(client: ToyClient, now: float) -> list[Sol]:
    client.now = now
    return opened(client, client.sessions.poll(now))

"""An activated Serial-over-LAN payload: the console's output in acknowledged packets, typing in the other direction.

No I/O: `receive` and `poll` return payloads to send, `wake` says when to poll again. `now` is wall time in seconds,
as retries are a protocol's and not the server's. One packet is under way at a time (IPMI 2.0 section 15.11).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

from emulators.bmc import sol_packet
from emulators.bmc.sol_packet import HEADER, Operation, SolPacket, Status

PAYLOAD_BYTES = 200  # header included, both ways
CHARACTERS = PAYLOAD_BYTES - HEADER
LEAST_RETRY_S = 0.01


class Chunk(Protocol):
    """Bytes of the console's stream from `offset` on."""

    @property
    def offset(self) -> int: ...
    @property
    def data(self) -> bytes: ...


class SerialPort(Protocol):
    """The console as the BMC's UART sees it. emulators.console.Console is one."""

    @property
    def end(self) -> int: ...
    @property
    def powered(self) -> bool: ...
    def read(self, offset: int, limit: int) -> Chunk: ...
    def type(self, data: bytes) -> int: ...
    def send_break(self) -> None: ...


@dataclass(frozen=True)
class Timing:
    """What the SOL parameters say of packets (table 26-5). Seconds; `threshold` in characters."""

    accumulate_s: float = 0.06
    threshold: int = 96
    retries: int = 7
    retry_s: float = 0.5


class UnderWay(NamedTuple):
    """A packet that waits for its acknowledgement."""

    packet: SolPacket
    resend_at: float
    retries_left: int


class SolLink:
    """One activation. It shows what the console writes from now on."""

    def __init__(self, port: SerialPort, timing: Timing) -> None:
        self._port, self._timing = port, timing
        self._retry_s = max(timing.retry_s, LEAST_RETRY_S)
        self._offset = port.end
        self._sequence = 0
        self._under_way: UnderWay | None = None
        self._waiting_since: float | None = None
        self._held_until = 0.0
        self._paused = self._overrun = False
        self._heard = 0  # the last sequence number typed, and its answer
        self._answer = b""

    # -- from the remote console

    def receive(self, payload: bytes, now: float) -> list[bytes]:
        """Take one payload; what answers it."""
        packet = sol_packet.parse(payload)
        if packet is None:
            return []
        if packet.acknowledges:
            self._acknowledged(packet, now)
        if packet.sequence and packet.sequence == self._heard:
            return [self._answer]
        self._operate(packet.flags)
        if not packet.sequence:
            return []
        self._heard, self._answer = packet.sequence, self._typed(packet).build()
        return [self._answer]

    def _acknowledged(self, packet: SolPacket, now: float) -> None:
        sent = self._under_way
        if sent is None or sent.packet.sequence != packet.acknowledges:
            return
        self._under_way = None
        taken = min(packet.accepted, len(sent.packet.data))
        self._offset += taken
        if packet.flags & Operation.NACK or not taken:
            self._held_until = now + self._retry_s

    def _operate(self, flags: int) -> None:
        self._paused = bool(flags & Operation.PAUSE)
        if flags & Operation.FLUSH_OUTBOUND:
            self._offset, self._under_way = self._port.end, None
        if flags & Operation.BREAK:
            self._port.send_break()

    def _typed(self, packet: SolPacket) -> SolPacket:
        if not self._port.powered:
            return SolPacket(acknowledges=packet.sequence, flags=Status.NACK | Status.UNAVAILABLE)
        accepted = self._port.type(packet.data[:CHARACTERS])
        refused = Status.NACK if packet.data and not accepted else 0
        return SolPacket(acknowledges=packet.sequence, accepted=accepted, flags=refused)

    # -- to the remote console

    def poll(self, now: float) -> list[bytes]:
        """What is to be sent now."""
        if self._under_way is not None:
            return self._again(self._under_way, now)
        waiting = 0 if self._paused or now < self._held_until else self._port.end - self._offset
        if not waiting:
            self._waiting_since = None
            return []
        if self._waiting_since is None:
            self._waiting_since = now
        if waiting < self._timing.threshold and now < self._waiting_since + self._timing.accumulate_s:
            return []
        return [self._next(now)]

    def wake(self) -> float | None:
        """When to poll even if nothing happens, or None."""
        if self._under_way is not None:
            return self._under_way.resend_at
        if self._paused or self._offset == self._port.end:
            return None
        if self._waiting_since is None:
            return self._held_until
        return self._waiting_since + self._timing.accumulate_s

    def _next(self, now: float) -> bytes:
        chunk = self._port.read(self._offset, CHARACTERS)
        lost, self._offset = chunk.offset > self._offset, chunk.offset
        self._sequence = sol_packet.following(self._sequence)
        packet = SolPacket(self._sequence, flags=Status.OVERRUN if lost else 0, data=chunk.data)
        self._under_way = UnderWay(packet, now + self._retry_s, self._timing.retries)
        self._waiting_since = None
        return packet.build()

    def _again(self, sent: UnderWay, now: float) -> list[bytes]:
        if now < sent.resend_at:
            return []
        if not sent.retries_left:
            self._under_way = None
            self._offset += len(sent.packet.data)
            return []
        self._under_way = UnderWay(sent.packet, now + self._retry_s, sent.retries_left - 1)
        return [sent.packet.build()]

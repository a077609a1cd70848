"""One established session: its privilege, its replay window, and the answers it has given."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from emulators.bmc.wire import SealedWire

Address = tuple[str, int]

WINDOW = 32
# How long a request with the same sequence is the same one: ipmitool's last retry comes six seconds after the first.
RETRY_S = 10.0


class Window:
    """Sliding window over session sequence numbers: each is good once, none that is 32 or more behind."""

    def __init__(self) -> None:
        self.highest = 0
        self._seen = 0  # bit n: highest - n has come

    def admit(self, sequence: int) -> bool:
        """Is this number new? It is remembered. Call it for authentic packets only."""
        if sequence == 0:
            return False
        ahead = (sequence - self.highest) & 0xFFFFFFFF
        if ahead and ahead < 0x80000000:
            self._seen = (self._seen << ahead | 1) & (1 << WINDOW) - 1 if ahead < WINDOW else 1
            self.highest = sequence
            return True
        behind = -ahead & 0xFFFFFFFF
        if behind >= WINDOW or self._seen >> behind & 1:
            return False
        self._seen |= 1 << behind
        return True


class Answered(NamedTuple):
    """A response that went out, kept for a client that asks again."""

    message: bytes
    delay_s: float


@dataclass
class Session:
    """An authenticated client. `limit` is the least of the role it asked for, the user's and the channel's."""

    managed_id: int
    console_id: bytes
    address: Address
    wire: SealedWire
    user_id: int
    user_name: bytes
    limit: int
    privilege: int
    used_at: float
    handle: int = 0
    channel: int = 1
    rakp3: bytes = b""  # the request that completed the login, and its answer: the answer may get lost
    rakp4: bytes = b""
    window: Window = field(default_factory=Window)
    _by_sequence: dict[int, Answered] = field(default_factory=dict)
    _last: tuple[bytes, float, Answered] | None = None

    def remember(self, sequence: int, message: bytes, answered: Answered, now: float) -> None:
        """Keep an answer, for a packet that comes twice and for a request that is retried in a new packet."""
        self._by_sequence[sequence] = answered
        if len(self._by_sequence) > WINDOW:
            del self._by_sequence[next(iter(self._by_sequence))]
        self._last = message, now + RETRY_S + answered.delay_s, answered

    def duplicate(self, sequence: int) -> Answered | None:
        """The answer to a packet that has come before."""
        return self._by_sequence.get(sequence)

    def retry(self, message: bytes, now: float) -> Answered | None:
        """The answer to the last request if this one is byte for byte the same, its sequence too, and comes soon."""
        if self._last is None or self._last[0] != message or now > self._last[1]:
            return None
        return self._last[2]

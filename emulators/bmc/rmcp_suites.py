"""Cipher suites 3 and 17 as data, and the keys that a login derives under them (IPMI 2.0 sections 13.28-13.32)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

AES_CBC_128 = 1
STANDARD_RECORD = 0xC0


@dataclass(frozen=True)
class Suite:
    """Algorithm numbers as in tables 13-17 to 13-19. `code_bytes` is how much of an HMAC a packet and RAKP4 carry."""

    id: int
    authentication: int
    integrity: int
    confidentiality: int
    hash: str
    code_bytes: int

    def mac(self, key: bytes, data: bytes) -> bytes:
        """The whole HMAC of the suite."""
        return hmac.new(key, data, getattr(hashlib, self.hash)).digest()

    @property
    def algorithms(self) -> tuple[int, int, int]:
        """Authentication, integrity, confidentiality."""
        return self.authentication, self.integrity, self.confidentiality

    @property
    def tags(self) -> bytes:
        """The three algorithms as Get Channel Cipher Suites tags them (table 22-20)."""
        return bytes([self.authentication, 0x40 | self.integrity, 0x80 | self.confidentiality])

    @property
    def record(self) -> bytes:
        """The suite's record in the answer to Get Channel Cipher Suites (table 22-19)."""
        return bytes([STANDARD_RECORD, self.id]) + self.tags


SUITES = {
    3: Suite(3, 1, 1, AES_CBC_128, "sha1", 12),
    17: Suite(17, 3, 4, AES_CBC_128, "sha256", 16),
}


@dataclass(frozen=True)
class Keys:
    """What a finished login shares: `integrity` is K1, `encryption` the first 16 bytes of K2."""

    session: bytes
    integrity: bytes
    encryption: bytes


def derive(suite: Suite, session_key: bytes) -> Keys:
    """K1 and K2 from the session integrity key. Their constants are 20 bytes under both suites."""
    one, two = (suite.mac(session_key, bytes([n]) * 20) for n in (1, 2))
    return Keys(session_key, one, two[:16])


def records(offered: Iterable[int]) -> bytes:
    """The records of the suites offered, in order of their ids."""
    return b"".join(SUITES[n].record for n in sorted(offered))


def algorithm_list(offered: Iterable[int]) -> bytes:
    """The algorithms of the suites offered, each once: the other form of Get Channel Cipher Suites."""
    return bytes(sorted({tag for n in offered for tag in SUITES[n].tags}))

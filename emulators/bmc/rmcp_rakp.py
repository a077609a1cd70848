"""The messages of a login (IPMI 2.0 sections 13.17-13.23), parsed and built. No state: that is rmcp_login's."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from emulators.bmc.rmcp_suites import SUITES, Suite

NAME_ONLY_LOOKUP = 0x10


class Status(IntEnum):
    """RMCP+ and RAKP status codes (table 13-15)."""

    OK = 0x00
    NO_RESOURCES = 0x01
    INVALID_SESSION = 0x02
    INVALID_AUTHENTICATION = 0x04
    INVALID_INTEGRITY = 0x05
    NO_AUTHENTICATION_PAYLOAD = 0x06
    NO_INTEGRITY_PAYLOAD = 0x07
    INVALID_ROLE = 0x09
    UNAUTHORIZED_ROLE = 0x0A
    INVALID_NAME_LENGTH = 0x0C
    UNAUTHORIZED_NAME = 0x0D
    INVALID_INTEGRITY_CHECK = 0x0F
    INVALID_CONFIDENTIALITY = 0x10
    NO_MATCHING_SUITE = 0x11
    ILLEGAL_PARAMETER = 0x12


@dataclass(frozen=True)
class OpenRequest:
    """Open Session Request. `algorithms` are the three proposals; None leaves the choice to the BMC."""

    tag: int
    privilege: int
    console_id: bytes
    algorithms: tuple[int | None, int | None, int | None]
    payloads_in_order: tuple[bool, bool, bool]

    @classmethod
    def parse(cls, payload: bytes) -> OpenRequest | None:
        if len(payload) < 32:
            return None
        fields = [payload[at : at + 8] for at in (8, 16, 24)]
        first, second, third = (field[4] & 0x3F if field[3] else None for field in fields)
        a, b, c = (field[0] == kind for kind, field in enumerate(fields))
        return cls(payload[0], payload[1] & 0x0F, payload[4:8], (first, second, third), (a, b, c))


@dataclass(frozen=True)
class Rakp1:
    """RAKP message 1: who wants to log in as what. `role` keeps its lookup bit: it goes into every HMAC."""

    tag: int
    managed_id: int
    console_random: bytes
    role: int
    name: bytes
    name_fits: bool

    @classmethod
    def parse(cls, payload: bytes) -> Rakp1 | None:
        if len(payload) < 28:
            return None
        length = payload[27]
        return cls(
            payload[0],
            int.from_bytes(payload[4:8], "little"),
            payload[8:24],
            payload[24],
            payload[28 : 28 + length],
            length <= 16 and len(payload) >= 28 + length,
        )

    @property
    def privilege(self) -> int:
        return self.role & 0x0F

    @property
    def identity(self) -> bytes:
        """Role, name length and name, as three of the four HMACs cover them."""
        return bytes([self.role, len(self.name)]) + self.name


@dataclass(frozen=True)
class Rakp3:
    """RAKP message 3: the client's proof, or its reason to give up."""

    tag: int
    status: int
    managed_id: int
    proof: bytes

    @classmethod
    def parse(cls, payload: bytes) -> Rakp3 | None:
        if len(payload) < 8:
            return None
        return cls(payload[0], payload[1], int.from_bytes(payload[4:8], "little"), payload[8:])


def choose(request: OpenRequest, offered: Iterable[int]) -> Suite | Status:
    """The suite that fits the proposals, or why none does. The strongest wins where the client leaves a choice."""
    if not request.payloads_in_order[0]:
        return Status.NO_AUTHENTICATION_PAYLOAD
    if not request.payloads_in_order[1]:
        return Status.NO_INTEGRITY_PAYLOAD
    suites = [SUITES[n] for n in sorted(offered, reverse=True)]
    for suite in suites:
        if all(wanted in (None, has) for wanted, has in zip(request.algorithms, suite.algorithms, strict=True)):
            return suite
    reasons = (Status.INVALID_AUTHENTICATION, Status.INVALID_INTEGRITY, Status.INVALID_CONFIDENTIALITY)
    for position, reason in enumerate(reasons):
        wanted = request.algorithms[position]
        if wanted is not None and all(suite.algorithms[position] != wanted for suite in suites):
            return reason
    return Status.NO_MATCHING_SUITE


def open_response(request: OpenRequest, privilege: int, managed_id: bytes, suite: Suite) -> bytes:
    """Open Session Response of success."""
    head = bytes([request.tag, Status.OK, privilege, 0]) + request.console_id + managed_id
    fields = (bytes([kind, 0, 0, 8, number, 0, 0, 0]) for kind, number in enumerate(suite.algorithms))
    return head + b"".join(fields)


def refusal(tag: int, status: Status, console_id: bytes) -> bytes:
    """Open Session Response, RAKP 2 or RAKP 4 of failure: they are alike."""
    return bytes([tag, status, 0, 0]) + console_id

"""One IPMI message as LAN packets carry it (IPMI 2.0 section 13.8): two addresses, two checksums, LUNs, a sequence."""

from __future__ import annotations

from typing import NamedTuple

from emulators.bmc.reply import Reply

BMC_ADDRESS = 0x20


class Request(NamedTuple):
    """A request to the BMC. `sequence` and `requester_lun` come back in the response unchanged."""

    netfn: int
    lun: int
    requester: int
    sequence: int
    requester_lun: int
    command: int
    data: bytes


def parse(message: bytes) -> Request | None:
    """The request in a message; None for anything short, damaged, not for the BMC, or itself a response."""
    if len(message) < 7 or sum(message[:3]) & 0xFF or sum(message[3:]) & 0xFF:
        return None
    responder, netfn_lun, _, requester, sequence_lun, command = message[:6]
    if responder != BMC_ADDRESS or netfn_lun & 0x04:
        return None
    return Request(
        netfn_lun >> 2, netfn_lun & 3, requester, sequence_lun >> 2, sequence_lun & 3, command, message[6:-1]
    )


def respond(request: Request, reply: Reply) -> bytes:
    """The response message to a request. Each checksum makes the sum of what it stands behind zero."""
    requester, netfn_lun = request.requester, (request.netfn | 1) << 2 | request.requester_lun
    head = bytes((requester, netfn_lun, -(requester + netfn_lun) & 0xFF))
    sequence_lun = request.sequence << 2 | request.lun
    body = bytes((BMC_ADDRESS, sequence_lun, request.command, reply.completion_code)) + reply.data
    return head + body + bytes((-sum(body) & 0xFF,))

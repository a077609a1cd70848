"""The host's console without packets: the virtual BMC's own rules on who may have it, then the console's own stream.

The BMC has one set of payloads until its restart, whoever asks: who holds the console is refused to the others.
"""

from __future__ import annotations

from emulators.bmc import payload_access
from emulators.bmc.payloads import ACTIVATE, AUTHENTICATED, DEACTIVATE, ENCRYPTED, INSTANCE, Payloads
from emulators.bmc.rmcp_packet import PayloadType
from emulators.bmc.rmcp_session import Session
from emulators.bmc.sol_link import CHARACTERS
from emulators.bmc.sol_packet import SolPacket, following
from emulators.bmc.users import BmcUser
from emulators.bmc.wire import Opened
from emulators.server import VirtualServer
from fwsim.doors import BmcUnreachable, ConsoleTaken

SOL, ALREADY_ACTIVE = int(PayloadType.SOL), 0x80
ANSWERED_S = 0.1
KEPT = "payloads"


class _NoWire:
    """A session that no packet ever travels."""

    def seal(self, message: bytes, payload_type: int = 0, *, encrypted: bool = True) -> bytes:
        return message

    def open(self, datagram: bytes) -> Opened | None:
        return None


def session(user: BmcUser, now: float) -> Session:
    """An authenticated one of that user's."""
    return Session(1, b"", ("", 0), _NoWire(), user.id, user.name, user.privilege, user.privilege, now)


def payloads(server: VirtualServer) -> Payloads:
    """Who has the console of that server."""
    kept = server.bmc.volatile.setdefault(KEPT, payload_access.for_server(server))
    assert isinstance(kept, Payloads)
    return kept


def listen(server: VirtualServer, user: BmcUser, seconds: float, send: bytes) -> bytes:
    """As the door says. Raises BmcUnreachable, ConsoleTaken."""
    held, own, born = payloads(server), session(user, server.now), server.bmc.generation
    reply = held.answer(own, ACTIVATE, bytes([SOL, INSTANCE, ENCRYPTED | AUTHENTICATED, 0, 0, 0]))
    if reply.completion_code == ALREADY_ACTIVE:
        raise ConsoleTaken("the BMC does not give the console: it is active on another session")
    if reply.completion_code:
        raise ConsoleTaken(f"the BMC does not give the console ({reply.completion_code:#04x})", disabled=True)
    server.advance(server.now + ANSWERED_S)
    if not _lives(server, born):
        raise BmcUnreachable("the BMC went dark")
    offset = server.console.end
    _type(server, held, own, send)
    heard = _hear(server, born, offset, server.now + seconds)
    if _lives(server, born):
        held.answer(own, DEACTIVATE, bytes([SOL, INSTANCE, 0, 0, 0, 0]))
    return heard


def _type(server: VirtualServer, held: Payloads, own: Session, send: bytes) -> None:
    """In packets, as a client does: a host without power takes none of them."""
    number = 0
    for packet, start in enumerate(range(0, len(send), CHARACTERS), 1):
        number = following(number)
        payload = SolPacket(number, data=send[start : start + CHARACTERS]).build()
        held.receive(own, payload, packet, True, server.now)


def _hear(server: VirtualServer, born: int, offset: int, ends: float) -> bytes:
    """Up to then, or until the BMC goes dark."""
    while _lives(server, born) and server.now < ends:
        due = server.next_due()
        server.advance(ends if due is None else min(due, ends))
    return server.console.read(offset).data


def _lives(server: VirtualServer, born: int) -> bool:
    return server.bmc.answering and server.bmc.generation == born

"""RMCP+ sessions of one BMC, without I/O: a datagram in, the datagrams that answer it out.

Sessions are keyed by managed session id: two clients at one address, or two BMCs in one process, never meet. `now` is
wall time in seconds, because the timers of a protocol run on the wall whatever the speed of the simulation.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import NamedTuple

from emulators.bmc import rmcp_commands, rmcp_message, rmcp_packet
from emulators.bmc.payloads import COMMANDS as PAYLOAD_COMMANDS
from emulators.bmc.payloads import Payloads, Sending
from emulators.bmc.reply import Reply
from emulators.bmc.rmcp_lockout import Lockouts
from emulators.bmc.rmcp_login import HIGHEST, Logins
from emulators.bmc.rmcp_packet import Classic, PayloadType, Ping, Plain, Sealed
from emulators.bmc.rmcp_policy import Policy, Target
from emulators.bmc.rmcp_session import Address, Answered, Session
from emulators.bmc.wire import Opened, chosen

__all__ = ["Outgoing", "Policy", "Session", "Sessions", "Target"]

APP = 0x06
CAPABILITIES, CHALLENGE, ACTIVATE, CLOSE, CIPHER_SUITES, SYSTEM_GUID = 0x38, 0x39, 0x3A, 0x3C, 0x54, 0x37
INVALID_COMMAND, NOT_SUPPORTED_HERE, INSUFFICIENT_PRIVILEGE = Reply(0xC1), Reply(0xD5), Reply(0xD4)


class Outgoing(NamedTuple):
    """A datagram to send `delay_s` simulated seconds from now."""

    data: bytes
    address: Address
    delay_s: float = 0.0


class Sessions:
    """The session layer of one LAN channel.

    `reachable` says whether packets get to the BMC at all (cable, address, LAN enabled); `target.answering`, whether
    it is awake. `payloads`: what sessions may carry besides IPMI messages. `ghosts` are slots held by clients that
    vanished where the firmware leaks them: a restart frees them.
    """

    def __init__(
        self,
        target: Target,
        *,
        policy: Policy | None = None,
        payloads: Payloads | None = None,
        reachable: Callable[[], bool] = lambda: True,
        random: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self.policy = policy or Policy()
        self.lockouts = Lockouts(self.policy.lockout)
        self.active: dict[int, Session] = {}
        self.ghosts = 0
        self.leaked: Callable[[], int] = lambda: 0  # more ghosts, as the BMC itself counts them
        self.payloads = payloads
        self._target, self._reachable = target, reachable
        self._logins = Logins(target, self.policy, self.lockouts, random)
        self._outside = chosen().outside()
        self._generation = target.generation
        self._longest_idle = float("-inf")  # no session was last used before this

    def receive(self, datagram: bytes, address: Address, now: float) -> list[Outgoing]:
        """Answer one datagram. Never raises on any bytes; what deserves no answer gets none."""
        if not (self._reachable() and self._target.answering):
            return []
        self._expire(now)
        match rmcp_packet.parse(datagram):
            case Sealed(session_id):  # most of what comes
                session = self.active.get(session_id)
                return [] if session is None else self._in_session(session, datagram, address, now)
            case Ping(tag):
                return [Outgoing(rmcp_packet.pong(tag), address)]
            case Classic(message):
                return self._sessionless(message, address, self._outside.classic)
            case Plain(kind, payload):
                return self._plain(kind, payload, address, now)
        return []

    def poll(self, now: float) -> list[Outgoing]:
        """What the BMC sends unasked: the console's output, and what was not acknowledged."""
        if self.payloads is None or self.payloads.idle:
            return []
        self._expire(now)
        if not self._target.answering:
            self.payloads.keep(())
        sent = [self._carry(sending) for sending in self.payloads.poll(now)]
        return sent if self._reachable() else []

    def next_wake(self) -> float | None:
        """When to poll even if nothing happens (wall seconds), or None."""
        return self.payloads.wake() if self.payloads is not None else None

    def answer(self, command: int, data: bytes, session: Session | None = None) -> Reply:
        """Answer a command about sessions (06/38, 39, 3a, 3b, 3d, 54), whatever brought it: KCS asks here too."""
        match command:
            case 0x38:  # Get Channel Authentication Capabilities
                return rmcp_commands.authentication_capabilities(self.policy, self._target.users, data)
            case 0x54:  # Get Channel Cipher Suites
                return rmcp_commands.cipher_suites(self.policy, data)
            case 0x3D:  # Get Session Info
                return rmcp_commands.session_info(self.active.values(), self.policy.slots, session, data)
            case 0x3B if session is not None:  # Set Session Privilege Level
                return rmcp_commands.set_privilege(session, self._present_limit(session), data)
            case 0x3B | 0x3C:
                return NOT_SUPPORTED_HERE
        return INVALID_COMMAND

    def _present_limit(self, session: Session) -> int:
        """What a login of this session's user would get now: 0 where there is no such user any more."""
        user = self._target.users.by_name(session.user_name)
        if user is None or not user.enabled or user.privilege > HIGHEST:
            return 0
        return min(user.privilege, self.policy.privilege_limit())

    # -- outside a session

    def _plain(self, kind: int, payload: bytes, address: Address, now: float) -> list[Outgoing]:
        match kind:
            case PayloadType.IPMI:
                return self._sessionless(payload, address, lambda m: self._outside.plain(PayloadType.IPMI, m))
            case PayloadType.OPEN_REQUEST:
                taken = set(self.active)
                answer = self._logins.open(payload, address, now, room=self._has_room(), taken=taken)
                return self._send_plain(PayloadType.OPEN_RESPONSE, answer, address)
            case PayloadType.RAKP1:
                return self._send_plain(PayloadType.RAKP2, self._logins.rakp1(payload, address, now), address)
            case PayloadType.RAKP3:
                return self._send_plain(PayloadType.RAKP4, self._rakp3(payload, address, now), address)
        return []

    def _send_plain(self, kind: PayloadType, payload: bytes | None, address: Address) -> list[Outgoing]:
        return [] if payload is None else [Outgoing(self._outside.plain(kind, payload), address)]

    def _rakp3(self, payload: bytes, address: Address, now: float) -> bytes | None:
        for session in self.active.values():
            if session.rakp3 == payload and session.address == address:
                return session.rakp4  # our answer got lost
        done = self._logins.rakp3(payload, address, now, room=self._has_room())
        if not isinstance(done, Session):
            return done
        if self.active and len(self.active) + self._held >= self.policy.slots:
            del self.active[min(self.active.values(), key=lambda s: s.used_at).managed_id]
        handles = {s.handle for s in self.active.values()}
        done.handle = next(n for n in range(1, len(handles) + 2) if n not in handles)
        self.active[done.managed_id] = done
        return done.rakp4

    @property
    def _held(self) -> int:
        return self.ghosts + self.leaked()

    def _has_room(self) -> bool:
        return len(self.active) + self._held < self.policy.slots or (self.policy.evict_oldest and bool(self.active))

    def _sessionless(self, message: bytes, address: Address, frame: Callable[[bytes], bytes]) -> list[Outgoing]:
        request = rmcp_message.parse(message)
        if request is None:
            return []
        reply: Reply | None = INSUFFICIENT_PRIVILEGE
        if request.netfn == APP and request.command in (CAPABILITIES, CHALLENGE, ACTIVATE, CIPHER_SUITES):
            reply = self.answer(request.command, request.data)
        elif (request.netfn, request.command) == (APP, SYSTEM_GUID):
            reply = self._target.handle(
                APP, request.lun, SYSTEM_GUID, request.data, 0, channel=self.policy.channel, session=None
            )
        if reply is None:
            return []
        return [Outgoing(frame(rmcp_message.respond(request, reply)), address, reply.delay_s)]

    # -- in a session

    def _in_session(self, session: Session, datagram: bytes, address: Address, now: float) -> list[Outgoing]:
        opened = session.wire.open(datagram)
        if opened is None:
            return []
        if not session.window.admit(opened.sequence):
            again = session.duplicate(opened.sequence) if address == session.address else None
            return self._send(session, again)
        session.address, session.used_at = address, now
        if opened.payload_type == PayloadType.SOL:
            return self._carried(session, opened, now)
        again = session.retry(opened.message, now)
        if again is None:
            again = self._run(session, opened.message)
            if again is None:
                return []
            session.remember(opened.sequence, opened.message, again, now)
        return self._send(session, again)

    def _run(self, session: Session, message: bytes) -> Answered | None:
        request = rmcp_message.parse(message)
        if request is None:
            return None
        if request.netfn == APP and request.command in self.policy.own_commands:
            reply: Reply | None = self._own(session, request.command, request.data)
        elif request.netfn == APP and request.command in PAYLOAD_COMMANDS and self.payloads is not None:
            reply = self.payloads.answer(session, request.command, request.data)
        else:
            reply = self._target.handle(
                request.netfn,
                request.lun,
                request.command,
                request.data,
                session.privilege,
                channel=self.policy.channel,
                session=session,
            )
        return None if reply is None else Answered(rmcp_message.respond(request, reply), reply.delay_s)

    def _carried(self, session: Session, opened: Opened, now: float) -> list[Outgoing]:
        if self.payloads is None:
            return []
        sent = self.payloads.receive(session, opened.message, opened.sequence, opened.encrypted, now)
        return [self._carry(sending) for sending in sent]

    def _carry(self, sending: Sending) -> Outgoing:
        session, payload, encrypted = sending
        return Outgoing(session.wire.seal(payload, PayloadType.SOL, encrypted=encrypted), session.address)

    def _own(self, session: Session, command: int, data: bytes) -> Reply:
        if command != CLOSE:
            return self.answer(command, data, session)
        closing = rmcp_commands.closed_by(session, self.active.values(), data)
        if isinstance(closing, Reply):
            return closing
        del self.active[closing.managed_id]
        return Reply(0)

    def _send(self, session: Session, answered: Answered | None) -> list[Outgoing]:
        if answered is None:
            return []
        return [Outgoing(session.wire.seal(answered.message), session.address, answered.delay_s)]

    # -- lifetime

    def _expire(self, now: float) -> None:
        """Drop what a restart of the BMC, idleness or a stalled login has ended."""
        if self._target.generation != self._generation:
            self._generation = self._target.generation
            self.active.clear()
            self._logins.half_open.clear()
            self.lockouts.forget()
            self.ghosts = 0
        self._logins.expire(now)
        idle_s = self.policy.idle_s
        if idle_s is not None and now - self._longest_idle > idle_s:
            for managed_id in [i for i, s in self.active.items() if now - s.used_at > idle_s]:
                del self.active[managed_id]
            self._longest_idle = min((s.used_at for s in self.active.values()), default=now)
        if self.payloads is not None and not self.payloads.idle:
            self.payloads.keep(self.active.values())

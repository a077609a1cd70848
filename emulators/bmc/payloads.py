"""Payloads besides IPMI messages that a session may carry: Serial over LAN, one instance (IPMI 2.0 sections 15 and 24).

The commands 06/48-4b are answered here, as they are about sessions; those about users and channels (06/4c-4f) are in
payload_access.py.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from emulators.bmc import sol_packet
from emulators.bmc.reply import Reply
from emulators.bmc.rmcp_packet import PayloadType
from emulators.bmc.rmcp_session import Session
from emulators.bmc.sol_link import PAYLOAD_BYTES, SerialPort, SolLink, Timing
from emulators.bmc.sol_packet import SolPacket, Status

ACTIVATE, DEACTIVATE, ACTIVATION_STATUS, INSTANCE_INFO = 0x48, 0x49, 0x4A, 0x4B
COMMANDS = frozenset({ACTIVATE, DEACTIVATE, ACTIVATION_STATUS, INSTANCE_INFO})
ENCRYPTED, AUTHENTICATED = 0x80, 0x40
INSTANCE = 1
NO_VLAN = b"\xff\xff"
FIRST_PORT = 1  # the system's serial port that is redirected, counted from 1; 0 would be unspecified

LENGTH, FIELD, PRIVILEGE = Reply(0xC7), Reply(0xCC), Reply(0xD4)
ALREADY_ACTIVE, DISABLED, NEEDS_ENCRYPTION = Reply(0x80), Reply(0x81), Reply(0x84)
ALREADY_INACTIVE = Reply(0x80)


@dataclass(frozen=True)
class SolSettings:
    """The SOL parameters that decide who may activate, and how packets are timed."""

    enabled: bool = True
    force_encryption: bool = True
    privilege: int = 2
    timing: Timing = field(default_factory=Timing)


class Sending(NamedTuple):
    """A payload for a session to carry."""

    session: Session
    payload: bytes
    encrypted: bool = True


class Holder(Protocol):
    """Somebody who has the console without a session of this channel: the BMC's web page."""

    @property
    def alive(self) -> bool: ...


@dataclass
class Active:
    """The activation there is. `newest`: the session sequence number of its newest packet."""

    session: Session
    link: SolLink
    encrypted: bool
    newest: int | None = None

    def is_late(self, sequence: int) -> bool:
        """Did a packet of this payload with a higher number come before?"""
        return self.newest is not None and (sequence - self.newest) & 0xFFFFFFFF >= 0x80000000


class Payloads:
    """Who has the console. `may_use` tells whether a user (by id) may; `udp_port` is where the BMC really listens."""

    def __init__(
        self,
        port: SerialPort,
        settings: Callable[[], SolSettings] = SolSettings,
        may_use: Callable[[int], bool] = lambda user_id: True,
    ) -> None:
        self._port, self._settings, self._may_use = port, settings, may_use
        self.udp_port = 623
        self.active: Active | None = None
        self._farewell: list[Sending] = []
        self._holder: Holder | None = None

    @property
    def taken(self) -> bool:
        """Has anybody the console?"""
        return self.active is not None or (self._holder is not None and self._holder.alive)

    def take(self, holder: Holder, user_id: int, privilege: int) -> Reply:
        """Give the console to the web page, by the rules for a session. Answers as an activation does."""
        refused = self._refusal(user_id, privilege)
        if refused is None:
            self._holder = holder
        return refused or Reply(0)

    def has(self, holder: Holder) -> bool:
        """Is it still that one's? A deactivation by a session ends it."""
        return self._holder is holder

    def release(self, holder: Holder) -> None:
        """The web page gives it back."""
        if self._holder is holder:
            self._holder = None

    # -- commands

    def answer(self, session: Session, command: int, data: bytes) -> Reply:
        """Answer 06/48-4b of a session."""
        sizes = {ACTIVATE: 6, DEACTIVATE: 6, ACTIVATION_STATUS: 1, INSTANCE_INFO: 2}
        if len(data) != sizes[command]:
            return LENGTH
        if data[0] & 0x3F != PayloadType.SOL:
            return FIELD
        if command == ACTIVATION_STATUS:
            return Reply(0, bytes([INSTANCE, int(self.taken), 0]))
        if data[1] & 0x0F != INSTANCE:
            return FIELD
        match command:
            case 0x48:
                return self._activate(session, data[2])
            case 0x49:
                return self._deactivate(session)
        return self._instance()

    def barred(self, user_id: int, privilege: int) -> Reply | None:
        """Why such a user may not have the console, whoever has it now."""
        settings = self._settings()
        if privilege < settings.privilege:
            return PRIVILEGE
        if not settings.enabled or not self._may_use(user_id):
            return DISABLED
        return None

    def _refusal(self, user_id: int, privilege: int) -> Reply | None:
        return self.barred(user_id, privilege) or (ALREADY_ACTIVE if self.taken else None)

    def _activate(self, session: Session, wanted: int) -> Reply:
        refused, settings = self._refusal(session.user_id, session.privilege), self._settings()
        if refused is not None:
            return refused
        encrypted = bool(wanted & ENCRYPTED)
        if settings.force_encryption and not encrypted:
            return NEEDS_ENCRYPTION
        if not wanted & AUTHENTICATED:
            return FIELD  # the suites that we have authenticate every packet
        self.active = Active(session, SolLink(self._port, settings.timing), encrypted)
        size = PAYLOAD_BYTES.to_bytes(2, "little")
        return Reply(0, bytes(4) + size + size + self.udp_port.to_bytes(2, "little") + NO_VLAN)

    def _deactivate(self, session: Session) -> Reply:
        if session.privilege < self._settings().privilege:
            return PRIVILEGE
        if not self.taken:
            return ALREADY_INACTIVE
        self._holder = None
        if self.active is not None and self.active.session is not session:
            notice = SolPacket(flags=Status.DEACTIVATED).build()
            self._farewell.append(Sending(self.active.session, notice, self.active.encrypted))
        self.active = None
        return Reply(0)

    def _instance(self) -> Reply:
        owner = self.active.session.managed_id if self.active is not None else 0
        return Reply(0, owner.to_bytes(4, "little") + bytes([FIRST_PORT]) + bytes(7))

    # -- packets

    def receive(self, session: Session, payload: bytes, sequence: int, encrypted: bool, now: float) -> list[Sending]:
        """Take a SOL payload of a session; `sequence` is the packet's own, so that one that came late types nothing."""
        active = self.active
        if active is None or active.session is not session:
            return self._not_active(session, payload, encrypted)
        if encrypted != active.encrypted or active.is_late(sequence):
            return []
        active.newest = sequence
        return [Sending(session, answer, encrypted) for answer in active.link.receive(payload, now)]

    def _not_active(self, session: Session, payload: bytes, encrypted: bool) -> list[Sending]:
        packet = sol_packet.parse(payload)
        if packet is None or not packet.sequence:
            return []
        refusal = SolPacket(acknowledges=packet.sequence, flags=Status.NACK | Status.DEACTIVATED)
        return [Sending(session, refusal.build(), encrypted)]

    def poll(self, now: float) -> list[Sending]:
        """What the console and its retries have to send."""
        sending, self._farewell = self._farewell, []
        if self.active is not None:
            session, encrypted = self.active.session, self.active.encrypted
            sending += [Sending(session, payload, encrypted) for payload in self.active.link.poll(now)]
        return sending

    @property
    def idle(self) -> bool:
        """Is there nothing that could have anything to send?"""
        return self.active is None and not self._farewell

    def wake(self) -> float | None:
        """When to poll even if nothing happens, or None."""
        return self.active.link.wake() if self.active is not None else None

    # -- lifetime

    def keep(self, sessions: Collection[Session]) -> None:
        """A payload ends with its session."""
        if self.active is not None and self.active.session not in sessions:
            self.active = None
        self._farewell = [sending for sending in self._farewell if sending.session in sessions]

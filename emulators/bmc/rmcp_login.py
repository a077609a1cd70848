"""The login: Open Session, RAKP 1 to 4 (IPMI 2.0 section 13.15). What is half open lives here, and nowhere else.

Every message is idempotent: a retransmitted one gets the same answer and changes nothing.
"""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from emulators.bmc.rmcp_lockout import Lockouts
from emulators.bmc.rmcp_policy import Policy, Target, User
from emulators.bmc.rmcp_rakp import (
    NAME_ONLY_LOOKUP,
    OpenRequest,
    Rakp1,
    Rakp3,
    Status,
    choose,
    open_response,
    refusal,
)
from emulators.bmc.rmcp_session import Address, Session
from emulators.bmc.rmcp_suites import Suite, derive
from emulators.bmc.wire import chosen

USER, HIGHEST = 2, 4
UNKNOWN_CONSOLE = bytes(4)


@dataclass
class HalfOpen:
    """A login under way. The last request and its answer stay for a client that asks again."""

    managed_id: int
    console_id: bytes
    address: Address
    suite: Suite
    maximum: int
    since: float
    last: tuple[bytes, bytes]
    request: Rakp1 | None = None
    user: User | None = None
    random: bytes = b""

    @property
    def managed_bytes(self) -> bytes:
        return self.managed_id.to_bytes(4, "little")


class Logins:
    """Half-open sessions by managed session id, oldest first."""

    def __init__(
        self, target: Target, policy: Policy, lockouts: Lockouts, random: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        self._target, self._policy, self._lockouts, self._random = target, policy, lockouts, random
        self._framing = chosen()
        self.half_open: OrderedDict[int, HalfOpen] = OrderedDict()

    def expire(self, now: float) -> None:
        """Forget what has been half open for too long."""
        for managed_id, login in list(self.half_open.items()):
            if now - login.since > self._policy.half_open_s:
                del self.half_open[managed_id]

    # -- Open Session

    def open(self, payload: bytes, address: Address, now: float, *, room: bool, taken: set[int]) -> bytes | None:
        """Answer an Open Session Request. `room`: is a slot free; `taken`: ids of established sessions."""
        request = OpenRequest.parse(payload)
        if request is None:
            return None
        for login in self.half_open.values():
            if login.address == address and login.last[0] == payload:
                return login.last[1]
        suite = choose(request, self._policy.suites)
        refused = self._refuse_open(request, suite, room)
        if refused is not None or isinstance(suite, Status):
            return refused
        while len(self.half_open) >= self._policy.half_open:
            self.half_open.popitem(last=False)
        managed_id = self._new_id(taken)
        maximum = min(request.privilege or HIGHEST, self._policy.privilege_limit())
        answer = open_response(request, maximum, managed_id.to_bytes(4, "little"), suite)
        self.half_open[managed_id] = HalfOpen(
            managed_id, request.console_id, address, suite, maximum, now, (payload, answer)
        )
        return answer

    def _refuse_open(self, request: OpenRequest, suite: Suite | Status, room: bool) -> bytes | None:
        if isinstance(suite, Status):
            return refusal(request.tag, suite, request.console_id)
        if request.privilege > HIGHEST:
            return refusal(request.tag, Status.INVALID_ROLE, request.console_id)
        if request.console_id == UNKNOWN_CONSOLE:
            return refusal(request.tag, Status.INVALID_SESSION, request.console_id)
        return None if room else refusal(request.tag, Status.NO_RESOURCES, request.console_id)

    def _new_id(self, taken: set[int]) -> int:
        while True:
            managed_id = int.from_bytes(self._random(4), "little")
            if managed_id and managed_id not in taken and managed_id not in self.half_open:
                return managed_id

    # -- RAKP 1 and 2

    def rakp1(self, payload: bytes, address: Address, now: float) -> bytes | None:
        """Answer RAKP message 1. A refused client may try again in the same half-open session."""
        request = Rakp1.parse(payload)
        if request is None:
            return None
        login = self._find(request.managed_id, address)
        if login is None:
            return refusal(request.tag, Status.INVALID_SESSION, UNKNOWN_CONSOLE)
        if login.last[0] == payload:
            return login.last[1]
        login.request, login.user = None, None
        found = self._authorize(request, login, now)
        if isinstance(found, Status):
            answer = refusal(request.tag, found, login.console_id)
        else:
            login.request, login.user, login.random = request, found, self._random(16)
            answer = self._rakp2(login, request, found)
        login.last = payload, answer
        return answer

    def _authorize(self, request: Rakp1, login: HalfOpen, now: float) -> User | Status:
        if not request.name_fits:
            return Status.INVALID_NAME_LENGTH
        if not 1 <= request.privilege <= HIGHEST:
            return Status.INVALID_ROLE
        user = self._target.users.by_name(request.name)
        if user is None or not (user.enabled and user.ipmi_messaging and user.privilege <= HIGHEST):
            return Status.UNAUTHORIZED_NAME
        if self._lockouts.locked(user.name, now):
            return Status.UNAUTHORIZED_NAME
        if request.privilege > min(user.privilege, self._policy.privilege_limit(), login.maximum):
            by_name = request.role & NAME_ONLY_LOOKUP
            return Status.UNAUTHORIZED_ROLE if by_name else Status.UNAUTHORIZED_NAME
        return user

    def _rakp2(self, login: HalfOpen, request: Rakp1, user: User) -> bytes:
        proof = login.suite.mac(
            user.password,
            login.console_id
            + login.managed_bytes
            + request.console_random
            + login.random
            + self._target.guid
            + request.identity,
        )
        head = bytes([request.tag, Status.OK, 0, 0]) + login.console_id
        return head + login.random + self._target.guid + proof

    # -- RAKP 3 and 4

    def rakp3(self, payload: bytes, address: Address, now: float, *, room: bool) -> bytes | Session | None:
        """Finish a login: the session, whose `rakp4` is the answer; or a refusal; or nothing to say."""
        message = Rakp3.parse(payload)
        if message is None:
            return None
        login = self._find(message.managed_id, address)
        if login is None or login.request is None or login.user is None:
            return refusal(message.tag, Status.INVALID_SESSION, login.console_id if login else UNKNOWN_CONSOLE)
        del self.half_open[login.managed_id]
        if message.status:
            if message.status == Status.INVALID_INTEGRITY_CHECK:
                self._lockouts.failed(login.user.name, now)  # the client holds another password than we do
            return None
        expected = login.suite.mac(login.user.password, login.random + login.console_id + login.request.identity)
        if not hmac.compare_digest(expected, message.proof):
            self._lockouts.failed(login.user.name, now)
            return refusal(message.tag, Status.INVALID_INTEGRITY_CHECK, login.console_id)
        if not room:
            return refusal(message.tag, Status.NO_RESOURCES, login.console_id)
        self._lockouts.succeeded(login.user.name)
        return self._establish(login, login.request, login.user, message.tag, payload, now)

    def _establish(self, login: HalfOpen, request: Rakp1, user: User, tag: int, payload: bytes, now: float) -> Session:
        suite = login.suite
        key = self._policy.group_key() or user.password
        keys = derive(suite, suite.mac(key, request.console_random + login.random + request.identity))
        check = suite.mac(keys.session, request.console_random + login.managed_bytes + self._target.guid)
        head = bytes([tag, Status.OK, 0, 0]) + login.console_id
        wire = self._framing.sealed(suite, keys, login.managed_id, int.from_bytes(login.console_id, "little"))
        return Session(
            login.managed_id,
            login.console_id,
            login.address,
            wire,
            user.id,
            user.name,
            limit=request.privilege,
            privilege=min(USER, request.privilege),
            used_at=now,
            channel=self._policy.channel,
            rakp3=payload,
            rakp4=head + check[: suite.code_bytes],
        )

    def _find(self, managed_id: int, address: Address) -> HalfOpen | None:
        """The login of that id, unless someone else began it."""
        login = self.half_open.get(managed_id)
        return login if login is not None and login.address == address else None

"""Who is logged in to the BMC's pages. No I/O; `now` is wall time in seconds, as the timers of a protocol are.

Users, passwords and the lock-out are the BMC's own: bad passwords given here and over IPMI count together.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from emulators.bmc.rmcp_lockout import Lockouts
from emulators.bmc.users import BmcUser

if TYPE_CHECKING:
    from emulators.bmc.controller import Bmc

IDLE_S = 30 * 60.0
MOST = 8  # sessions at a time
USER, ADMIN = 2, 4
PRIVILEGES = {2: "User", 3: "Operator", 4: "Administrator"}
NAME_SIZE, PASSWORD_SIZE = 16, 20  # IPMI 2.0 sections 22.29 and 22.30

Refusal = Literal["unknown", "full", "update mode"]


@dataclass
class WebSession:
    """One login. `csrf` stands in each of its forms; `privilege` is the user's limit at this moment."""

    token: str
    user_id: int
    name: str
    password: bytes = field(repr=False)
    used_at: float
    csrf: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    privilege: int = USER
    notice: str = ""  # what the next page says on top
    trouble: str = ""  # the same, of what went wrong


class WebSessions:
    """All of them. A restart of the BMC ends them, as does a change of the user's password or rights."""

    def __init__(self, bmc: Bmc, lockouts: Lockouts) -> None:
        self._bmc, self._lockouts = bmc, lockouts
        self._generation = bmc.generation
        self._by_token: dict[str, WebSession] = {}

    def login(self, name: str, password: str, now: float) -> WebSession | Refusal:
        """A new session, or why not. Whether it was the name, the password or a lock is not told."""
        self._expire(now)
        user = self._bmc.users.by_name(name.encode()[: NAME_SIZE + 1])
        if user is None or not self._may_enter(user) or self._lockouts.locked(user.name, now):
            return "unknown"
        if not hmac.compare_digest(user.password.rstrip(b"\0"), password.encode()):
            self._lockouts.failed(user.name, now)
            return "unknown"
        if "update-mode" in self._bmc.volatile:
            return "update mode"
        if len(self._by_token) >= MOST:
            return "full"
        self._lockouts.succeeded(user.name)
        made = WebSession(secrets.token_urlsafe(32), user.id, name, user.password, now, privilege=user.privilege)
        self._by_token[made.token] = made
        return made

    def find(self, token: str, now: float, *, touch: bool = True) -> WebSession | None:
        """The session of that token. `touch`: somebody did something; a page that asks by itself does not count."""
        self._expire(now)
        session = self._by_token.get(token)
        if session is not None and touch:
            session.used_at = now
        return session

    def end(self, session: WebSession) -> None:
        """Log out."""
        self._by_token.pop(session.token, None)

    def alive(self, session: WebSession) -> bool:
        """Is it still one of ours?"""
        return self._by_token.get(session.token) is session

    def _may_enter(self, user: BmcUser) -> bool:
        return user.enabled and USER <= user.privilege <= ADMIN

    def _expire(self, now: float) -> None:
        if self._bmc.generation != self._generation:
            self._generation = self._bmc.generation
            self._by_token.clear()
        for session in list(self._by_token.values()):
            user = self._bmc.users.slots.get(session.user_id)
            if user is not None and self._stays(session, user) and now - session.used_at <= IDLE_S:
                session.privilege = user.privilege
            else:
                self.end(session)

    def _stays(self, session: WebSession, user: BmcUser) -> bool:
        """Is it still the user who logged in?"""
        same = user.password == session.password and user.name.decode(errors="replace") == session.name
        return same and self._may_enter(user)

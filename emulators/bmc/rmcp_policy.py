"""What Sessions asks of a BMC, and what is set for a channel. The controller's Bmc is a Target as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from emulators.bmc.reply import Reply
from emulators.bmc.rmcp_lockout import LockoutRule, Rule

SESSION_COMMANDS = frozenset({0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3D, 0x54})


class User(Protocol):
    """A user as the BMC keeps it. `privilege` is the limit on the channel; 0xf is no access."""

    @property
    def id(self) -> int: ...
    @property
    def name(self) -> bytes: ...
    @property
    def password(self) -> bytes: ...
    @property
    def enabled(self) -> bool: ...
    @property
    def privilege(self) -> int: ...
    @property
    def ipmi_messaging(self) -> bool: ...


class Users(Protocol):
    """Finds a user."""

    def by_name(self, name: bytes, /) -> User | None: ...


class Target(Protocol):
    """A BMC as its transport sees it."""

    @property
    def users(self) -> Users: ...
    @property
    def guid(self) -> bytes: ...
    @property
    def answering(self) -> bool:
        """False: dark. Nothing is answered."""

    @property
    def generation(self) -> int:
        """Counts boots. Sessions of another generation are gone."""

    def handle(
        self, netfn: int, lun: int, command: int, data: bytes, privilege: int, *, channel: int = 1, session: Any = None
    ) -> Reply | None: ...


@dataclass(frozen=True)
class Policy:
    """How a channel takes sessions. Times are wall seconds; None means never.

    `own_commands` of netfn App are answered by Sessions; whatever is absent goes to the target. Where every slot is
    taken a new login is refused, unless `evict_oldest`.
    """

    channel: int = 1
    suites: frozenset[int] = frozenset({3, 17})
    slots: int = 16
    half_open: int = 16
    idle_s: float | None = 60.0
    half_open_s: float = 60.0
    evict_oldest: bool = False
    lockout: Rule = field(default_factory=LockoutRule)
    privilege_limit: Callable[[], int] = lambda: 4
    group_key: Callable[[], bytes] = bytes  # Kg; empty: the user's password takes its place
    own_commands: frozenset[int] = SESSION_COMMANDS

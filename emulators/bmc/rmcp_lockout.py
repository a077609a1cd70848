"""Locking an account after bad passwords (IPMI 2.0 table 23-4, bad password threshold). Times are wall seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class LockoutRule:
    """`attempts` bad passwords within `within_s` lock the user for `locked_s`. 0 attempts: never."""

    attempts: int = 0
    within_s: float = 300.0
    locked_s: float = 300.0


Rule = LockoutRule | Callable[[], LockoutRule]  # the latter where LAN parameter 26 can change it


class Lockouts:
    """Who is locked out now. Kept in RAM: a restart of the BMC forgets it."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._failures: dict[bytes, list[float]] = {}
        self._until: dict[bytes, float] = {}
        self.others: Callable[[bytes], bool] = lambda name: False  # has somebody else had that user locked?

    @property
    def rule(self) -> LockoutRule:
        """As it is now."""
        return self._rule() if callable(self._rule) else self._rule

    def lock(self, name: bytes, until: float) -> None:
        """Lock a user whatever was tried."""
        self._until[name] = until

    def locked(self, name: bytes, now: float) -> bool:
        return now < self._until.get(name, now) or self.others(name)

    def failed(self, name: bytes, now: float) -> None:
        """A wrong password came for this user."""
        rule = self.rule
        recent = [at for at in self._failures.get(name, []) if now - at < rule.within_s] + [now]
        self._failures[name] = recent
        if 0 < rule.attempts <= len(recent):
            self.lock(name, now + rule.locked_s)
            del self._failures[name]

    def succeeded(self, name: bytes) -> None:
        self._failures.pop(name, None)

    def forget(self) -> None:
        self._failures.clear()
        self._until.clear()

"""The BMC's users, as its NVRAM keeps them (IPMI 2.0 section 22.26-22.31)."""

from __future__ import annotations

from dataclasses import dataclass

from emulators.boards import BmcBoard


@dataclass
class BmcUser:
    """One slot. An unused slot has an empty name. `privilege` is the channel's limit for this user."""

    id: int
    name: bytes = b""
    password: bytes = b""
    enabled: bool = False
    privilege: int = 0
    callback_only: bool = False
    link_auth: bool = False
    ipmi_messaging: bool = False
    sol: bool = True  # may activate Serial over LAN (section 24.6)


class Users:
    """All slots, numbered from 1; slot 1 is the nameless user."""

    def __init__(self, board: BmcBoard) -> None:
        self.board = board
        self.slots: dict[int, BmcUser] = {}
        self.reset()

    def reset(self) -> None:
        """Back to the factory's users."""
        empty = self.board.empty_user_privilege
        self.slots = {i: BmcUser(i, privilege=empty) for i in range(1, self.board.user_slots + 1)}
        for user in self.board.users:
            self.slots[user.id] = BmcUser(
                user.id,
                user.name.encode(),
                user.password.encode(),
                enabled=True,
                privilege=user.privilege,
                callback_only=not user.call_in,
                link_auth=user.link_auth,
                ipmi_messaging=True,
            )

    def add(self, number: int, name: str, password: str, privilege: int, enabled: bool = True) -> None:
        """A user as an administrator makes one, in a slot of the board's."""
        self.slots[number] = BmcUser(
            number,
            name.encode(),
            password.encode(),
            enabled=enabled,
            privilege=privilege,
            link_auth=True,
            ipmi_messaging=True,
        )

    def by_name(self, name: bytes) -> BmcUser | None:
        """The enabled or disabled user of that name; None for an unknown or an empty name."""
        return next((u for u in self.slots.values() if name and u.name == name), None)

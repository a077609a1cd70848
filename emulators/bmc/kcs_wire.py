"""KCS as a private RMCP+ listener on loopback, so that the machine's own ipmitool can serve in band.

It is no LAN: one secret user made at start, a session table of its own, administrator's privilege, channel 0xf. Users,
caps, lock-outs and LAN faults never reach it. While the BMC is dark it is mute, and the same session goes on after.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from emulators.bmc.lan import Sessions
from emulators.bmc.reply import Reply
from emulators.bmc.rmcp_lockout import LockoutRule
from emulators.bmc.rmcp_policy import Policy, Target

SYSTEM_INTERFACE, ADMIN = 0x0F, 4
APP, GROUP_EXTENSION = 0x06, 0x2C
GET_HPM2_CAPABILITIES = 0x3E
ABOUT_LAN_SESSIONS = frozenset({0x38, 0x3D, 0x54})
POLICY = Policy(
    channel=SYSTEM_INTERFACE,
    suites=frozenset({3}),
    slots=63,
    idle_s=None,
    evict_oldest=True,
    lockout=LockoutRule(attempts=0),
    own_commands=frozenset({0x39, 0x3A, 0x3B, 0x3C}),
)


@dataclass(frozen=True)
class SecretUser:
    """The one user of the wire: an administrator that no IPMI command can see or change."""

    name: bytes
    password: bytes
    id: int = 1
    enabled: bool = True
    privilege: int = ADMIN
    ipmi_messaging: bool = True

    @classmethod
    def make(cls) -> SecretUser:
        """A random one; 16 characters each, as IPMI 2.0 allows at most 16 and 20."""
        return cls(secrets.token_hex(8).encode(), secrets.token_hex(8).encode())

    def by_name(self, name: bytes, /) -> SecretUser | None:
        return self if name == self.name else None


class SystemInterface:
    """The BMC as its system interface shows it: a Target whose sessions outlive the BMC's boots."""

    generation = 0

    def __init__(self, bmc: Target, users: SecretUser, present: Callable[[], bool], lan: Sessions | None) -> None:
        self.users, self.guid = users, secrets.token_bytes(16)
        self._bmc, self._present, self._lan = bmc, present, lan

    @property
    def answering(self) -> bool:
        return self._bmc.answering and self._present()

    def handle(
        self, netfn: int, lun: int, command: int, data: bytes, privilege: int, *, channel: int = 1, session: Any = None
    ) -> Reply | None:
        """As in band: no session, whatever the wire's session says, and no blocks larger than KCS takes (HPM.2)."""
        if (netfn, command) == (GROUP_EXTENSION, GET_HPM2_CAPABILITIES):
            return Reply(0xC1)
        if netfn == APP and command in ABOUT_LAN_SESSIONS and self._lan is not None:
            return self._lan.answer(command, data)
        return self._bmc.handle(netfn, lun, command, data, ADMIN, channel=SYSTEM_INTERFACE, session=None)


class KcsWire:
    """The listener's parts: `sessions` for an endpoint, `user` for the ipmitool that is started against it.

    `present`: False while the interface is wedged. `lan`: the LAN's sessions, which in-band commands may ask about.
    """

    def __init__(self, bmc: Target, *, present: Callable[[], bool] = lambda: True, lan: Sessions | None = None) -> None:
        self.user = SecretUser.make()
        self.sessions = Sessions(SystemInterface(bmc, self.user, present, lan), policy=POLICY)

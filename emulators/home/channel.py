"""The LAN channel of a virtual server, as its board takes sessions on it."""

from __future__ import annotations

from collections.abc import Callable

from emulators.bmc.capabilities import group_key
from emulators.bmc.lan import Policy, Sessions
from emulators.bmc.payload_access import for_server
from emulators.bmc.rmcp_lockout import LockoutRule
from emulators.server import VirtualServer


def lan_sessions(server: VirtualServer, reachable: Callable[[], bool]) -> Sessions:
    """Its session layer. `reachable`: do packets get to the BMC now?"""
    sessions = Sessions(server.bmc, policy=_policy(server), payloads=for_server(server), reachable=reachable)
    sessions.leaked = lambda: server.bmc.leaked_sessions
    sessions.lockouts.others = server.bmc.locked
    return sessions


def _policy(server: VirtualServer) -> Policy:
    """How the board takes sessions."""
    board, lan = server.board.bmc, server.bmc.lan

    def lockout() -> LockoutRule:
        return LockoutRule(attempts=lan.bad_password_threshold or board.lockout_after, locked_s=board.lockout_s)

    return Policy(
        channel=board.channel,
        suites=frozenset(board.cipher_suites),
        slots=board.session_slots,
        lockout=lockout,
        privilege_limit=lambda: server.bmc.lan.privilege_limit,
        group_key=lambda: group_key(server.bmc),
    )

"""The commands about sessions (IPMI 2.0 sections 22.13-22.20) that need nothing but the session table."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection

from emulators.bmc.reply import Reply
from emulators.bmc.rmcp_policy import Policy, Users
from emulators.bmc.rmcp_session import Session
from emulators.bmc.rmcp_suites import algorithm_list, records

THIS_CHANNEL = 0x0E
LENGTH, RANGE, FIELD = Reply(0xC7), Reply(0xC9), Reply(0xCC)
LEVEL_EXCEEDS_LIMIT, NO_SUCH_SESSION_ID, NO_SUCH_HANDLE = Reply(0x81), Reply(0x87), Reply(0x88)
RMCP_PLUS_SESSION = 0x10  # session type in the upper half of the byte whose lower half is the channel
RECORD_BYTES = 16


def authentication_capabilities(policy: Policy, users: Users, data: bytes) -> Reply:
    """06/38: RMCP+ and nothing older; which kinds of user names there are."""
    if len(data) != 2:
        return LENGTH
    if data[0] & 0x0F not in (THIS_CHANNEL, policy.channel) or not 1 <= data[1] & 0x0F <= 4:
        return FIELD
    status = 0x04 | (0x20 if policy.group_key() else 0)
    nameless = users.by_name(b"")
    if nameless is not None and nameless.enabled:
        status |= 0x02 if nameless.password.strip(b"\0") else 0x01
    extended = 0x80 if data[0] & 0x80 else 0
    return Reply(0, bytes([policy.channel, extended, status, 0x02 if extended else 0]) + bytes(4))


def cipher_suites(policy: Policy, data: bytes) -> Reply:
    """06/54: 16 bytes of the records, or of the list of algorithms, at the index asked for."""
    if len(data) != 3:
        return LENGTH
    if data[0] & 0x0F not in (THIS_CHANNEL, policy.channel):
        return FIELD
    listed = records(policy.suites) if data[2] & 0x80 else algorithm_list(policy.suites)
    start = (data[2] & 0x3F) * RECORD_BYTES
    return Reply(0, bytes([policy.channel]) + listed[start : start + RECORD_BYTES])


def set_privilege(session: Session, present_limit: int, data: bytes) -> Reply:
    """06/3b: 0 asks for the level as it is. `present_limit`: of user and channel as they are now, not at the login."""
    if len(data) != 1:
        return LENGTH
    level = data[0] & 0x0F
    if level == 1 or level > 5:
        return FIELD
    if level > min(session.limit, present_limit):
        return LEVEL_EXCEEDS_LIMIT
    session.privilege = level or session.privilege
    return Reply(0, bytes([session.privilege]))


def session_info(sessions: Collection[Session], slots: int, current: Session | None, data: bytes) -> Reply:
    """06/3d: by index of the active ones, by handle, by id, or (0) the asker's own."""
    if not data:
        return LENGTH
    active = sorted(sessions, key=lambda s: s.handle)
    match data[0], len(data):
        case 0x00, 1:
            found = current
        case 0xFE, 2:
            found = next((s for s in active if s.handle == data[1]), None)
        case 0xFF, 5:
            found = next((s for s in active if s.managed_id == int.from_bytes(data[1:], "little")), None)
        case ((0xFE | 0xFF), _):
            return LENGTH
        case index, 1:
            found = active[index - 1] if index <= len(active) else None
        case _:
            return LENGTH
    counts = bytes([slots & 0x3F, len(active) & 0x3F])
    return Reply(0, bytes([found.handle if found else 0]) + counts + (_details(found) if found else b""))


def _details(session: Session) -> bytes:
    head = bytes([session.user_id, session.privilege, RMCP_PLUS_SESSION | session.channel])
    return head + _ipv4(session.address[0]) + bytes(6) + session.address[1].to_bytes(2, "little")


def _ipv4(text: str) -> bytes:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return bytes(4)
    return address.packed if address.version == 4 else bytes(4)


def closed_by(session: Session, sessions: Collection[Session], data: bytes) -> Session | Reply:
    """06/3c: which session is to be closed. Another's takes an administrator."""
    if len(data) not in (4, 5):
        return LENGTH
    managed_id = int.from_bytes(data[:4], "little")
    if managed_id == 0 and len(data) == 5:
        found = next((s for s in sessions if s.handle == data[4]), None)
        missing = NO_SUCH_HANDLE
    else:
        found = next((s for s in sessions if s.managed_id == managed_id), None)
        missing = NO_SUCH_SESSION_ID
    if found is None:
        return missing
    return found if found is session or session.privilege >= 4 else Reply(0xD4)

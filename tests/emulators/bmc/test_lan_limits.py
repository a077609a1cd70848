"""Who may do what: every command below its privilege, limits of users and channels, and users who change meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emulators import boards
from emulators.bmc.controller import Bmc
from emulators.bmc.lan import Sessions
from emulators.bmc.message import TABLE
from emulators.home.channel import lan_sessions
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from tests.emulators.bmc.bench import KCS, ask, bmc
from tests.emulators.bmc.lan_toy import ToyClient

ABOVE_A_USER = sorted(key for key, entry in TABLE.items() if entry.privilege > 2)
OPERATOR_ID, OPERATOR, PASSWORD = 5, b"operator", b"opword"


@pytest.fixture(scope="module")
def shared() -> Bmc:
    return bmc()


def traces(target: Bmc) -> tuple[object, ...]:
    """What a command that ran would have changed."""
    server = target.server
    return server.agenda.next_due(), target.state, server.phase, dict(target.nvram), len(server.world.records)


@pytest.mark.parametrize("key", sorted(TABLE), ids=lambda key: f"{key[0]:02x}-{key[1]:02x}")
def test_a_command_below_its_privilege_is_d4_and_does_nothing(shared: Bmc, key: tuple[int, int]) -> None:
    entry = TABLE[key]
    before = traces(shared)
    for privilege in range(entry.privilege):
        for data in ((), (0,) * entry.least, (1,) * max(entry.least, 8)):
            assert ask(shared, *key, *data, privilege=privilege).completion_code == 0xD4
            assert ask(shared, *key, *data, privilege=privilege, channel=KCS).completion_code == 0xD4
    assert traces(shared) == before
    assert ask(bmc(), *key, *(0,) * entry.least, privilege=max(2, entry.privilege)).completion_code != 0xD4


def lan() -> tuple[VirtualServer, Sessions]:
    server = VirtualServer(ServerSpec(board="x11ssh-f"))
    user = server.bmc.users.slots[OPERATOR_ID]
    user.name, user.password, user.privilege = OPERATOR, PASSWORD, 3
    user.enabled = user.ipmi_messaging = True
    return server, lan_sessions(server, lambda: True)


def client(
    server: VirtualServer, sessions: Sessions, name: bytes = b"ADMIN", password: bytes = b"ADMIN", role: int = 4
) -> ToyClient:
    return ToyClient(sessions, name, password, role=role, guid=server.bmc.guid)


def operator(server: VirtualServer, sessions: Sessions) -> ToyClient:
    found = client(server, sessions, OPERATOR, PASSWORD, role=3).login()
    assert found.command(0x06, 0x3B, b"\x03") == (0, b"\x03")
    return found


@pytest.mark.parametrize("key", ABOVE_A_USER, ids=lambda key: f"{key[0]:02x}-{key[1]:02x}")
def test_a_session_is_refused_what_is_above_it(key: tuple[int, int]) -> None:
    server, sessions = lan()
    entry = TABLE[key]
    session = client(server, sessions).login()
    assert session.command(0x06, 0x3B, bytes([entry.privilege - 1]))[0] == 0
    assert session.command(*key, bytes(entry.least))[0] == 0xD4


@pytest.mark.parametrize(("limit", "role", "status"), [(2, 2, 0), (2, 3, 0x0D), (3, 3, 0), (3, 4, 0x0D), (4, 4, 0)])
@pytest.mark.parametrize("of", ["user", "channel"])
def test_a_login_gets_no_more_than_user_and_channel_allow(of: str, limit: int, role: int, status: int) -> None:
    server, sessions = lan()
    if of == "user":
        server.bmc.users.slots[2].privilege = limit
    else:
        server.bmc.lan.privilege_limit = limit
    attempt = ToyClient(sessions, b"ADMIN", b"ADMIN", role=role, lookup=0, guid=server.bmc.guid)
    attempt.open()
    assert attempt.exchange() == status


def test_the_boards_lock_out_reaches_its_lan() -> None:
    known = boards.load("x11ssh-f")
    changed = known.bmc.model_copy(update={"lockout_after": 3, "lockout_s": 120.0})
    server = VirtualServer(ServerSpec(board="x11ssh-f"), board=known.model_copy(update={"bmc": changed}))
    sessions = lan_sessions(server, lambda: True)
    assert _tries(server, sessions, 3) == [0x0F, 0x0F, 0x0F]
    honest = client(server, sessions)
    honest.open()
    assert honest.exchange() == 0x0D, "locked"
    honest.now = 121.0
    honest.login()


def test_lan_parameter_26_sets_the_lock_out() -> None:
    server, sessions = lan()
    admin = client(server, sessions).admin()
    assert admin.command(0x0C, 0x01, bytes([1, 26, 0, 2, 0, 0, 0, 0]))[0] == 0
    assert admin.command(0x0C, 0x02, bytes([1, 26, 0, 0]))[1][:3] == bytes([0x11, 0, 2])
    assert _tries(server, sessions, 2) == [0x0F, 0x0F]
    honest = client(server, sessions)
    honest.open()
    assert honest.exchange() == 0x0D


def test_a_board_without_a_lock_out_never_locks() -> None:
    server, sessions = lan()
    assert _tries(server, sessions, 30) == [0x0F] * 30
    client(server, sessions).login()


def _tries(server: VirtualServer, sessions: Sessions, count: int) -> list[int]:
    """Statuses of RAKP 4 for wrong passwords; a client that goes on although RAKP 2 has told it."""
    statuses = []
    for _ in range(count):
        intruder = client(server, sessions)
        intruder.open()
        assert intruder.exchange() == 0
        intruder.password = b"wrong"
        statuses.append(intruder.ask(0x14, intruder.rakp3())[1])
    return statuses


# -- a user who changes while a session is open: the session keeps what its login gave it, and gets no more


def demote(server: VirtualServer) -> None:
    server.bmc.users.slots[OPERATOR_ID].privilege = 2


def disable(server: VirtualServer) -> None:
    server.bmc.users.slots[OPERATOR_ID].enabled = False


def delete(server: VirtualServer) -> None:
    server.bmc.users.slots[OPERATOR_ID].name = b""


def close_to(server: VirtualServer) -> None:
    server.bmc.users.slots[OPERATOR_ID].privilege = 0x0F


def lower_the_channel(server: VirtualServer) -> None:
    server.bmc.lan.privilege_limit = 2


def change_the_password(server: VirtualServer) -> None:
    server.bmc.users.slots[OPERATOR_ID].password = b"new"


Change = Callable[[VirtualServer], None]
CHANGES = (demote, disable, delete, close_to, lower_the_channel, change_the_password)


@pytest.mark.parametrize("change", CHANGES)
def test_an_open_session_lives_on_with_the_level_it_has(change: Change) -> None:
    server, sessions = lan()
    session = operator(server, sessions)
    change(server)
    assert session.command(0x06, 0x3B, b"\x00") == (0, b"\x03")
    assert session.command(0x00, 0x04, b"\x00")[0] == 0, "chassis identify is an operator's"


@pytest.mark.parametrize("change", CHANGES)
def test_the_next_login_follows_the_change(change: Change) -> None:
    server, sessions = lan()
    operator(server, sessions)
    change(server)
    again = client(server, sessions, OPERATOR, PASSWORD, role=3)
    again.open()
    if change is change_the_password:
        answer = again.ask(0x12, again.rakp1())
        again.bmc_random = answer[8:24]
        assert again.ask(0x14, again.rakp3())[1] == 0x0F
    else:
        assert again.exchange() in (0x0A, 0x0D)


@pytest.mark.parametrize("change", [demote, lower_the_channel])
def test_a_session_that_gave_up_its_level_does_not_get_it_back(change: Change) -> None:
    server, sessions = lan()
    session = operator(server, sessions)
    change(server)
    assert session.command(0x06, 0x3B, b"\x02") == (0, b"\x02")
    assert session.command(0x06, 0x3B, b"\x03")[0] == 0x81
    assert session.command(0x00, 0x04, b"\x00")[0] == 0xD4


@pytest.mark.parametrize("change", [disable, delete, close_to])
def test_a_session_of_nobody_gets_no_level_at_all(change: Change) -> None:
    server, sessions = lan()
    session = operator(server, sessions)
    change(server)
    assert session.command(0x06, 0x3B, b"\x02")[0] == 0x81
    assert session.command(0x06, 0x3C, session.managed_id)[0] == 0, "and can be closed"

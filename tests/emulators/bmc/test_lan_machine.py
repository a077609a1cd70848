"""A small model of users, channel and sessions beside the real ones: whatever is done, both end alike."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from emulators import boards
from emulators.home.channel import lan_sessions
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from tests.emulators.bmc.lan_toy import ToyClient

SLOTS, IDLE_S, LOCK_S, ATTEMPTS = 3, 60.0, 40.0, 2
NAMES = (b"ADMIN", b"alice", b"bob")
PASSWORDS = (b"ADMIN", b"one", b"two", b"a-password-of-20-byt")
NOBODY = 0x0F  # no access
names, passwords = st.sampled_from(NAMES), st.sampled_from(PASSWORDS)
numbers = st.sampled_from([2, 3, 3, 4, 4])
privileges = st.sampled_from([2, 3, 4, NOBODY])
OK, NO_RESOURCES, UNAUTHORIZED_ROLE, UNAUTHORIZED_NAME, BAD_PROOF = 0x00, 0x01, 0x0A, 0x0D, 0x0F


@dataclass
class User:
    """A slot as the model sees it."""

    name: bytes = b""
    password: bytes = b""
    enabled: bool = False
    privilege: int = 0
    messaging: bool = False


@dataclass
class Open:
    """A session as the model sees it."""

    client: ToyClient
    name: bytes
    role: int
    level: int
    used: float


class LanMachine(RuleBasedStateMachine):
    """Commands go in as KCS brings them, logins over the LAN."""

    sessions = Bundle("sessions")

    def __init__(self) -> None:
        super().__init__()
        known = boards.load("x11ssh-f")
        small = {"session_slots": SLOTS, "user_slots": 4, "boot_s": 1.0}
        bmc = known.bmc.model_copy(update={**small, "lockout_s": LOCK_S, "lockout_after": ATTEMPTS})
        self.server = VirtualServer(ServerSpec(board=known.name), board=known.model_copy(update={"bmc": bmc}))
        self.lan = lan_sessions(self.server, lambda: True)
        self.now, self.console = 0.0, 0
        self.users = {n: User(privilege=known.bmc.empty_user_privilege) for n in range(1, 5)}
        self.users[2] = User(b"ADMIN", b"ADMIN", True, 4, True)
        self.limit = 4
        self.open: list[Open] = []
        self.failures: dict[bytes, list[float]] = {}
        self.locked_until: dict[bytes, float] = {}

    # -- what an administrator does

    def kcs(self, netfn: int, command: int, *data: int) -> int:
        reply = self.server.bmc.handle(netfn, 0, command, bytes(data), 4, channel=0x0F)
        assert reply is not None
        return reply.completion_code

    @rule(number=numbers, name=names)
    def set_name(self, number: int, name: bytes) -> None:
        taken = any(user.name == name for n, user in self.users.items() if n != number)
        code = self.kcs(0x06, 0x45, number, *name.ljust(16, b"\0"))
        assert (code != 0) == taken
        if not taken:
            self.users[number].name = name

    @rule(number=numbers)
    def clear_name(self, number: int) -> None:
        assert self.kcs(0x06, 0x45, number, *bytes(16)) == 0
        self.users[number].name = b""

    @rule(number=numbers, password=passwords)
    def set_password(self, number: int, password: bytes) -> None:
        assert self.kcs(0x06, 0x47, number | 0x80, 2, *password.ljust(20, b"\0")) == 0
        assert self.kcs(0x06, 0x47, number | 0x80, 3, *password.ljust(20, b"\0")) == 0, "the test of it passes"
        self.users[number].password = password

    @rule(number=numbers, enabled=st.booleans())
    def enable(self, number: int, enabled: bool) -> None:
        assert self.kcs(0x06, 0x47, number, int(enabled)) == 0
        self.users[number].enabled = enabled

    @rule(number=numbers, privilege=privileges, messaging=st.booleans())
    def set_access(self, number: int, privilege: int, messaging: bool) -> None:
        assert self.kcs(0x06, 0x43, 0x80 | messaging << 4 | 1, number, privilege) == 0
        self.users[number].privilege, self.users[number].messaging = privilege, messaging

    @rule(limit=st.sampled_from([2, 3, 4, 4]))
    def set_channel_limit(self, limit: int) -> None:
        assert self.kcs(0x06, 0x40, 1, 0, 0x40 | limit) == 0
        self.limit = limit

    @rule(octets=st.tuples(st.just(192), st.just(0), st.just(2), st.integers(1, 254)))
    def set_address(self, octets: tuple[int, int, int, int]) -> None:
        """Nothing about it ends a session: `reachable` is the home's matter."""
        assert self.kcs(0x0C, 0x01, 1, 3, *octets) == 0
        assert self.server.bmc.lan.address == ".".join(map(str, octets))

    @rule(wanted=st.sampled_from([True, False, False]))
    def reset(self, wanted: bool) -> None:
        if not wanted:
            return
        assert self.kcs(0x06, 0x02) == 0
        self.server.advance(self.server.now + 2.0)
        self.open.clear()
        self.failures.clear()
        self.locked_until.clear()

    # -- time

    @rule(seconds=st.sampled_from([1.0, 25.0, 45.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.open = [s for s in self.open if self.now - s.used <= IDLE_S]

    # -- clients

    def client(self, name: bytes, password: bytes, role: int) -> ToyClient:
        self.console += 1
        return ToyClient(
            self.lan, name, password, role=role, guid=self.server.bmc.guid, now=self.now,
            console_id=self.console.to_bytes(4, "little"), address=("10.0.0.1", self.console % 60_000 + 1),
        )  # fmt: skip

    def expected(self, name: bytes, password: bytes, role: int) -> int:
        """The status of the login's first refusal, or OK."""
        if len(self.open) >= SLOTS:
            return NO_RESOURCES
        user = next((u for u in self.users.values() if u.name == name), None)
        if user is None or not (user.enabled and user.messaging) or user.privilege == NOBODY:
            return UNAUTHORIZED_NAME
        if self.now < self.locked_until.get(name, self.now):
            return UNAUTHORIZED_NAME
        if role > min(user.privilege, self.limit):
            return UNAUTHORIZED_ROLE
        return OK if user.password == password else BAD_PROOF

    @rule(target=sessions, name=names, guess=st.none() | passwords, role=st.sampled_from([2, 3, 4]))
    def log_in(self, name: bytes, guess: bytes | None, role: int) -> Open | None:
        password = guess or next((u.password for u in self.users.values() if u.name == name), b"none")
        expected = self.expected(name, password, role)
        client = self.client(name, password, role)
        status = self.attempt(client)
        assert status == expected
        if status == BAD_PROOF:
            self.count_failure(name)
        if status != OK:
            return None
        self.failures.pop(name, None)
        session = Open(client, name, role, min(2, role), self.now)
        self.open.append(session)
        return session

    def attempt(self, client: ToyClient) -> int:
        answer = client.ask(0x10, client.open_request())
        if answer[1]:
            return answer[1]
        client.managed_id = answer[8:12]
        answer = client.ask(0x12, client.rakp1())
        if answer[1]:
            return answer[1]
        client.bmc_random = answer[8:24]
        return client.prove() if self.knows(client) else client.ask(0x14, client.rakp3())[1]

    def knows(self, client: ToyClient) -> bool:
        return any(u.name == client.name and u.password == client.password for u in self.users.values())

    def count_failure(self, name: bytes) -> None:
        recent = [at for at in self.failures.get(name, []) if self.now - at < 300] + [self.now]
        self.failures[name] = recent
        if len(recent) >= ATTEMPTS:
            self.locked_until[name] = self.now + LOCK_S
            del self.failures[name]

    @rule(session=sessions, level=st.sampled_from([2, 3, 4]))
    def set_level(self, session: Open | None, level: int) -> None:
        if session is None:
            return
        session.client.now = self.now
        sent = session.client.raw(session.client.packet(0x06, 0x3B, bytes([level])))
        if session not in self.open:
            assert sent == [], "a session that ended is not answered"
            return
        user = next((u for u in self.users.values() if u.name == session.name), None)
        present = min(user.privilege, self.limit) if user and user.enabled and user.privilege != NOBODY else 0
        code, _ = session.client.reply(sent[0])
        assert code == (0 if level <= min(session.role, present) else 0x81)
        session.used = self.now
        if code == 0:
            session.level = level

    @rule(session=sessions)
    def ask(self, session: Open | None) -> None:
        """Chassis identify is an operator's, Get Device ID a user's."""
        if session is None:
            return
        session.client.now = self.now
        for netfn, command, needed in ((0x06, 0x01, 2), (0x00, 0x04, 3)):
            sent = session.client.raw(session.client.packet(netfn, command, b""))
            if session not in self.open:
                assert sent == []
                continue
            code, _ = session.client.reply(sent[0])
            assert code == (0 if session.level >= needed else 0xD4)
            session.used = self.now

    @rule(session=consumes(sessions))
    def log_out(self, session: Open | None) -> None:
        if session is None:
            return
        session.client.now = self.now
        sent = session.client.raw(session.client.packet(0x06, 0x3C, session.client.managed_id))
        if session in self.open:
            assert session.client.reply(sent[0])[0] == 0
            self.open.remove(session)
        else:
            assert sent == []

    @precondition(lambda self: len(self.open) < SLOTS)
    @rule(name=names)
    def go_away_half_way(self, name: bytes) -> None:
        client = self.client(name, b"whatever", 4)
        client.open()
        client.ask(0x12, client.rakp1())

    # -- always

    @invariant()
    def the_same_sessions_are_open(self) -> None:
        self.lan.receive(b"", ("10.0.0.9", 9), self.now)  # time passes
        assert {s.client.managed_id for s in self.open} == {n.to_bytes(4, "little") for n in self.lan.active}

    @invariant()
    def the_bmc_tells_users_as_they_are(self) -> None:
        for number, user in self.users.items():
            reply = self.server.bmc.handle(0x06, 0, 0x46, bytes([number]), 4, channel=0x0F)
            assert reply is not None and reply.data == user.name.ljust(16, b"\0")
            reply = self.server.bmc.handle(0x06, 0, 0x44, bytes([1, number]), 4, channel=0x0F)
            assert reply is not None and reply.data[3] & 0x0F == user.privilege
            assert bool(reply.data[1] & 0x40) == user.enabled


TestLanMachine = LanMachine.TestCase
TestLanMachine.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)

"""What the fuzzers drive: a virtual BMC's LAN and its handle(), from any bytes at all, and what must hold after each.

The first byte of an input chooses the way in, the second how much time passes before; the rest is the datagram, the
plaintext or the message.
"""

from __future__ import annotations

from collections.abc import Callable

from emulators import boards
from emulators.bmc.lan import Outgoing, Sessions
from emulators.bmc.reply import Reply
from emulators.home.channel import lan_sessions
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from emulators.world import Record, World
from tests.emulators.bmc.lan_toy import HOME, ToyClient, ipmi

LONGEST = 900  # bytes; ipmitool's receive buffer (facts, section 1)
SESSIONLESS_LONGEST = 128  # an answer to a stranger: nobody gains by asking in another's name
COUNTS = {(0x0A, 0x11): (3, 1), (0x04, 0x21): (5, 2), (0x0A, 0x23): (5, 2), (0x0A, 0x43): (5, 2)}
"""Commands that say how much they want: where the count stands in the request, and how many bytes come besides."""
PAUSES_S = (0.0, 0.0, 0.0, 0.01, 0.1, 1.0, 11.0, 61.0)
AIM = {0x12: 20, 0x14: 20}  # where RAKP 1 and 3 carry the session id; other packets have it at 6
RENEWED_AFTER = 20_000  # inputs: what an administrator's messages have made of the server is forgotten


class Broken(AssertionError):
    """Something that must hold does not."""


class NoWorld(World):
    """Keeps no records: the bench must not grow by its own doing."""

    def record(self, at: float, kind: str, **fields: object) -> None:
        entry: Record = {"at": at, "kind": kind, **fields}
        assert entry


class Bench:
    """One server with a stranger at its LAN, a client half way through its login, and an administrator logged in."""

    half: ToyClient
    admin: ToyClient
    sol: bool  # has the administrator asked for the console?

    def __init__(self, board: str = "x11ssm-f", suite: int = 17) -> None:
        known = boards.load(board)
        fast = known.bmc.model_copy(update={"boot_s": 1.0, "image_size": 4096})
        self._board = known.model_copy(update={"bmc": fast})
        self._suite = suite
        user = fast.users[0]
        self.name, self.password = user.name.encode(), user.password.encode()
        self.inputs = 0
        self.now = 0.0
        self.ways: tuple[Callable[[bytes], None], ...] = (
            self.datagram, self.aimed, self.plaintext, self.command, self.message, self.in_band, self.console,
        )  # fmt: skip
        self.renew()

    def renew(self) -> None:
        """A server as it left the factory."""
        self.server = VirtualServer(ServerSpec(board=self._board.name), NoWorld(), board=self._board)
        self._begin = self.now
        self.sessions: Sessions = lan_sessions(self.server, lambda: True)
        self._log_in()

    def run(self, data: bytes) -> None:
        """One input. Raises whatever escapes, and Broken."""
        self.inputs += 1
        if self.inputs % RENEWED_AFTER == 0:
            self.renew()
        data = data.ljust(2, b"\0")
        self._pause(PAUSES_S[data[1] % len(PAUSES_S)])
        self.ways[data[0] % len(self.ways)](data[2:])

    # -- ways in

    def datagram(self, data: bytes) -> None:
        """As a stranger."""
        self._judge(self.sessions.receive(data, ("10.0.0.9", 9), self.now), SESSIONLESS_LONGEST)

    def aimed(self, data: bytes) -> None:
        """From the address of a client that is half logged in, or of the administrator, with its session's id in it."""
        client = self.admin if data[:1] > b"\x7f" else self.half
        packet = bytearray(data[1:])
        at = AIM.get(packet[5] if len(packet) > 5 else 0, 6)
        if len(packet) >= at + 4:
            packet[at : at + 4] = client.managed_id
        self._judge(self.sessions.receive(bytes(packet), HOME, self.now), LONGEST)

    def plaintext(self, data: bytes) -> None:
        """Sealed with the administrator's keys: only the message inside is wild."""
        self._sealed(data)

    def command(self, data: bytes) -> None:
        """The same, with addresses and checksums right: netfn, LUN, command and data are wild."""
        head = data.ljust(2, b"\0")
        self._sealed(ipmi(head[0] >> 2 & 0x3E, head[1], data[2:], lun=head[0] & 3, sequence=self.inputs & 0x3F))

    def console(self, data: bytes) -> None:
        """A Serial-over-LAN payload of the administrator's, who has activated it; the bits of the first byte say how it
        is sealed. Then the BMC may send what it has."""
        self._admin_is_in()
        if not self.sol:
            self.sol = True
            self.admin.raw(self.admin.packet(0x06, 0x48, bytes([1, 1, 0xC6, 0, 0, 0])))
        kind = 0xC1 if data[:1] < b"\x80" else 0x41
        self._judge(self.admin.raw(self.admin.seal(data[1:], kind=kind)), LONGEST)
        self._judge(self.sessions.poll(self.now), LONGEST)

    def message(self, data: bytes) -> None:
        """Into handle(): netfn, command, privilege and LUN, data."""
        self._handle(data, channel=1)

    def in_band(self, data: bytes) -> None:
        """Into handle() as KCS does it."""
        self._handle(data, channel=0x0F)

    # -- what must hold

    def good_login(self) -> None:
        """Whatever came before: a client with the right password gets in and is served."""
        self._wake()
        self._as_made()
        client = ToyClient(
            self.sessions, self.name, self.password, guid=self.server.bmc.guid, console_id=b"good", now=self.now,
            address=("127.0.0.1", 1 + self.inputs % 60_000),
        ).admin()  # fmt: skip
        code, _ = client.command(0x06, 0x01)
        if code != 0 or client.command(0x06, 0x3C, client.managed_id)[0] != 0:
            raise Broken(f"a good session was not served: {code:#x}")

    def _handle(self, data: bytes, channel: int) -> None:
        self._wake()
        netfn, number, who = data.ljust(3, b"\0")[:3]
        body = data[3:]
        privilege = 4 if channel == 0x0F else who >> 2 & 7
        reply = self.server.bmc.handle(netfn & 0x3E, who & 3, number, body, privilege, channel=channel)
        if reply is not None:
            self._judge_reply(netfn & 0x3E, number, body, reply)

    def _judge_reply(self, netfn: int, number: int, data: bytes, reply: Reply) -> None:
        if not 0 <= reply.completion_code <= 0xFF or reply.delay_s < 0:
            raise Broken(f"no completion code or delay: {reply}")
        at, besides = COUNTS.get((netfn, number), (0, LONGEST))
        asked = besides + (data[at] if 0 < at < len(data) else 0)
        if len(reply.data) > asked:
            raise Broken(f"{netfn:02x}/{number:02x} {data.hex()} was asked for {asked} bytes, told {len(reply.data)}")

    def _judge(self, answers: list[Outgoing], longest: int) -> None:
        if len(answers) > 2:
            raise Broken(f"{len(answers)} answers to one datagram")
        for answer in answers:
            if len(answer.data) > longest:
                raise Broken(f"an answer of {len(answer.data)} bytes")

    # -- keeping it going

    def _sealed(self, message: bytes) -> None:
        self._admin_is_in()
        self._judge(self.admin.raw(self.admin.seal(message)), LONGEST)

    def _admin_is_in(self) -> None:
        self._wake()
        if int.from_bytes(self.admin.managed_id, "little") not in self.sessions.active or self._generation_passed():
            self._log_in()
        self.admin.now = self.now

    def _generation_passed(self) -> bool:
        """Has the BMC restarted since the administrator logged in? It finds that out with the next datagram."""
        return self.server.bmc.generation != self._generation

    def _log_in(self) -> None:
        self._wake()
        self._as_made()
        self.sol = False
        guid, self._generation = self.server.bmc.guid, self.server.bmc.generation
        self.half = ToyClient(
            self.sessions, self.name, self.password, suite=self._suite, guid=guid, console_id=b"half", now=self.now
        )
        self.half.open()
        self.admin = ToyClient(
            self.sessions, self.name, self.password, suite=self._suite, guid=guid, now=self.now
        ).admin()

    def _as_made(self) -> None:
        """An administrator's messages may have changed users and channel: they are put back before a good login."""
        bmc = self.server.bmc
        bmc.users.reset()
        bmc.lan.privilege_limit, bmc.lan.access_mode, bmc.lan.bad_password_threshold = 4, 2, 0
        self.sessions.lockouts.forget()
        if len(self.sessions.active) >= self.sessions.policy.slots:
            self.sessions.active.clear()

    def _pause(self, seconds: float) -> None:
        self.now += seconds
        self.server.advance(self.now - self._begin)

    def _wake(self) -> None:
        """Messages may reset the BMC or fill its flash with nonsense: the next one finds one that answers."""
        if not self.server.bmc.answering:
            self._pause(2.0)
        if not self.server.bmc.answering:
            self.renew()

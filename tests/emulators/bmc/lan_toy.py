"""A toy BMC and a hand-made RMCP+ client, written from the specification and sharing no code with the emulator."""

from __future__ import annotations

import hashlib
import hmac
import os
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from emulators.bmc.lan import Outgoing, Sessions
from emulators.bmc.reply import Reply

HOME = ("127.0.0.1", 40000)
NAME, PASSWORD = b"ADMIN", b"secret"
GUID = bytes(range(16))
DEVICE_ID = bytes.fromhex("2001030102bf7c2a0013090000000000"[:30])


@dataclass
class ToyUser:
    id: int
    name: bytes
    password: bytes
    privilege: int = 4
    enabled: bool = True
    ipmi_messaging: bool = True


@dataclass
class ToyUsers:
    all: list[ToyUser]

    def by_name(self, name: bytes, /) -> ToyUser | None:
        return next((u for u in self.all if u.name == name), None)


@dataclass
class ToyBmc:
    """Counts what it is asked to run. Command 30/01 answers a new number each time; 30/02 takes ten seconds."""

    users: ToyUsers = field(
        default_factory=lambda: ToyUsers(
            [
                ToyUser(2, NAME, PASSWORD),
                ToyUser(3, b"reader", b"reader", privilege=2),
                ToyUser(4, b"gone", b"gone", enabled=False),
            ]
        )
    )
    guid: bytes = GUID
    answering: bool = True
    generation: int = 1
    ran: list[tuple[int, int, int, bytes, int, int]] = field(default_factory=list)
    sessions: list[Any] = field(default_factory=list)

    def handle(
        self, netfn: int, lun: int, command: int, data: bytes, privilege: int, *, channel: int = 1, session: Any = None
    ) -> Reply | None:
        if not self.answering:
            return None
        self.ran.append((netfn, lun, command, data, privilege, channel))
        self.sessions.append(session)
        match netfn, command:
            case 0x06, 0x01:
                return Reply(0, DEVICE_ID)
            case 0x06, 0x37:
                return Reply(0, self.guid)
            case 0x06, 0x42 if data[0] & 0x0F in (0x0E, channel):
                return Reply(0, bytes([channel, 4 if channel == 1 else 0x0C, 1, 0x80, 0xF2, 0x1B, 0, 0, 0]))
            case 0x06, 0x42:
                return Reply(0xCC)
            case 0x2C, 0x3E:
                return Reply(0, bytes.fromhex("00020100000000c001"))
            case 0x30, 0x01:
                return Reply(0, bytes([len(self.ran) & 0xFF]))
            case 0x30, 0x02:
                return Reply(0, b"", 10.0)
            case 0x30, 0x03:
                return None
        return Reply(0xC1)


@dataclass(frozen=True)
class ToySuite:
    algorithms: tuple[int, int, int]
    hash: str
    code_bytes: int


SUITES = {3: ToySuite((1, 1, 1), "sha1", 12), 17: ToySuite((3, 4, 1), "sha256", 16)}


def checksum(data: bytes) -> int:
    return (0x100 - sum(data) % 0x100) % 0x100


def ipmi(netfn: int, command: int, data: bytes = b"", *, lun: int = 0, sequence: int = 1) -> bytes:
    head = bytes([0x20, netfn << 2 | lun])
    body = bytes([0x81, sequence << 2, command]) + data
    return head + bytes([checksum(head)]) + body + bytes([checksum(body)])


def plain(kind: int, payload: bytes) -> bytes:
    return b"\x06\x00\xff\x07\x06" + bytes([kind]) + bytes(8) + struct.pack("<H", len(payload)) + payload


def classic(message: bytes, *, session_id: int = 0, sequence: int = 0) -> bytes:
    return b"\x06\x00\xff\x07\x00" + struct.pack("<IIB", sequence, session_id, len(message)) + message


class ToyClient:
    """Logs in step by step; every datagram can be looked at, mutated or sent twice on the way."""

    def __init__(
        self,
        sessions: Sessions,
        name: bytes = NAME,
        password: bytes = PASSWORD,
        *,
        suite: int = 3,
        role: int = 4,
        lookup: int = 0x10,
        address: tuple[str, int] = HOME,
        console_id: bytes = b"\xa4\xa3\xa2\xa0",
        guid: bytes = GUID,
        now: float = 0.0,
    ) -> None:
        self.sessions, self.name, self.password, self.address = sessions, name, password, address
        self.suite, self.role, self.console_id, self.guid, self.now = (
            SUITES[suite],
            role | lookup,
            console_id,
            guid,
            now,
        )
        self.managed_id = bytes(4)
        self.random = os.urandom(16)
        self.sequence, self.rq_sequence = 0, 0

    def raw(self, datagram: bytes) -> list[Outgoing]:
        return self.sessions.receive(datagram, self.address, self.now)

    def ask(self, kind: int, payload: bytes) -> bytes:
        """Send a payload of the login, return the one that answers."""
        [answer] = self.raw(plain(kind, payload))
        assert answer.data[:6] == b"\x06\x00\xff\x07\x06" + bytes([kind + 1])
        size = struct.unpack_from("<H", answer.data, 14)[0]
        assert len(answer.data) == 16 + size
        return answer.data[16:]

    # -- the login's messages

    def open_request(self, privilege: int = 0, tag: int = 7) -> bytes:
        fields = b"".join(bytes([kind, 0, 0, 8, n, 0, 0, 0]) for kind, n in enumerate(self.suite.algorithms))
        return bytes([tag, privilege, 0, 0]) + self.console_id + fields

    def rakp1(self, tag: int = 8) -> bytes:
        head = bytes([tag, 0, 0, 0]) + self.managed_id + self.random
        return head + bytes([self.role, 0, 0, len(self.name)]) + self.name

    def rakp3(self, tag: int = 9) -> bytes:
        proof = self.mac(self.password, self.bmc_random + self.console_id + self.identity)
        return bytes([tag, 0, 0, 0]) + self.managed_id + proof

    # -- the login

    def open(self) -> None:
        answer = self.ask(0x10, self.open_request())
        assert answer[1] == 0, f"open session refused: {answer[1]:#x}"
        assert answer[4:8] == self.console_id
        self.managed_id = answer[8:12]

    def exchange(self) -> int:
        """RAKP 1 and 2; the status. Checks the BMC's own proof."""
        answer = self.ask(0x12, self.rakp1())
        if answer[1] == 0:
            self.bmc_random = answer[8:24]
            assert answer[24:40] == self.guid
            covered = self.console_id + self.managed_id + self.random + self.bmc_random + self.guid + self.identity
            assert answer[40:] == self.mac(self.password, covered)
        return answer[1]

    def prove(self) -> int:
        """RAKP 3 and 4; the status."""
        answer = self.ask(0x14, self.rakp3())
        self.take_keys()
        if answer[1] == 0:
            check = self.mac(self.sik, self.random + self.managed_id + self.guid)
            assert answer[8:] == check[: self.suite.code_bytes]
        return answer[1]

    def take_keys(self) -> None:
        self.sik = self.mac(self.password, self.random + self.bmc_random + self.identity)
        self.k1 = self.mac(self.sik, b"\x01" * 20)
        self.k2 = self.mac(self.sik, b"\x02" * 20)

    def login(self) -> ToyClient:
        self.open()
        assert self.exchange() == 0
        assert self.prove() == 0
        return self

    def admin(self) -> ToyClient:
        """Log in and raise the privilege, as ipmitool does."""
        self.login()
        assert self.command(0x06, 0x3B, b"\x04") == (0, b"\x04")
        return self

    # -- in the session

    def seal(self, message: bytes, sequence: int | None = None, *, kind: int = 0xC0) -> bytes:
        """`kind`: the payload type with its encrypted (0x80) and authenticated (0x40) bits."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        body = self.encrypt(message) if kind & 0x80 else message
        head = bytes([6, kind]) + self.managed_id + struct.pack("<IH", sequence, len(body))
        fill = -(len(head) + len(body) + 2) % 4
        covered = head + body + b"\xff" * fill + bytes([fill, 7])
        return b"\x06\x00\xff\x07" + covered + self.mac(self.k1, covered)[: self.suite.code_bytes]

    def encrypt(self, message: bytes) -> bytes:
        pad = -(len(message) + 1) % 16
        iv = os.urandom(16)
        encryptor = Cipher(algorithms.AES(self.k2[:16]), modes.CBC(iv)).encryptor()
        padded = message + bytes(range(1, pad + 1)) + bytes([pad])
        return iv + encryptor.update(padded) + encryptor.finalize()

    def unseal(self, datagram: bytes, *, kind: int = 0xC0) -> bytes:
        assert datagram[4:6] == bytes([6, kind])
        assert datagram[6:10] == self.console_id
        code = self.suite.code_bytes
        assert datagram[-code:] == self.mac(self.k1, datagram[4:-code])[:code]
        size = struct.unpack_from("<H", datagram, 14)[0]
        body = datagram[16 : 16 + size]
        if not kind & 0x80:
            return body
        decryptor = Cipher(algorithms.AES(self.k2[:16]), modes.CBC(body[:16])).decryptor()
        text = decryptor.update(body[16:]) + decryptor.finalize()
        pad = text[-1]
        assert text[-1 - pad : -1] == bytes(range(1, pad + 1))
        return text[: -1 - pad]

    def packet(self, netfn: int, command: int, data: bytes = b"", *, lun: int = 0) -> bytes:
        self.rq_sequence = (self.rq_sequence + 1) % 64
        return self.seal(ipmi(netfn, command, data, lun=lun, sequence=self.rq_sequence))

    def reply(self, outgoing: Outgoing) -> tuple[int, bytes]:
        message = self.unseal(outgoing.data)
        assert sum(message[:3]) % 256 == 0
        assert sum(message[3:]) % 256 == 0
        assert message[0] == 0x81
        return message[6], message[7:-1]

    def command(self, netfn: int, command: int, data: bytes = b"", *, lun: int = 0) -> tuple[int, bytes]:
        [answer] = self.raw(self.packet(netfn, command, data, lun=lun))
        return self.reply(answer)

    # -- arithmetic

    @property
    def identity(self) -> bytes:
        return bytes([self.role, len(self.name)]) + self.name

    def mac(self, key: bytes, data: bytes) -> bytes:
        return hmac.new(key, data, getattr(hashlib, self.suite.hash)).digest()

"""A load generator: the cheapest RMCP+ client that we can make, the same for every server that is measured.

One session, one request at a time, no retries: a lost datagram is an error of the measurement. It borrows the server's
framing because that is fast; whether that is right is a question for tests, which use real clients.
"""

from __future__ import annotations

import os
import socket
import struct
from itertools import count
from types import TracebackType

from emulators.bmc.framing import SealedWire
from emulators.bmc.rmcp_suites import SUITES, derive

RMCP_PLUS = b"\x06\x00\xff\x07\x06"
ADMIN_BY_NAME = 0x14
CONSOLE_IDS = count(0x10000000)


class Client:
    """Logs in as an administrator when made."""

    def __init__(
        self, at: tuple[str, int], user: str, password: str, *, suite: int = 3, timeout_s: float = 5.0
    ) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.connect(at)
        self._socket.settimeout(timeout_s)
        self._sequence = 0
        try:
            self._wire = self._log_in(SUITES[suite].id, user.encode(), password.encode())
            self.command(0x06, 0x3B, b"\x04")
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            if error is None:
                self.command(0x06, 0x3C, self.managed_id)
        finally:
            self._socket.close()

    def command(self, netfn: int, command: int, data: bytes = b"") -> tuple[int, bytes]:
        """Completion code and data. Raises TimeoutError, ConnectionError."""
        self._sequence = (self._sequence + 1) & 0x3F
        body = bytes([0x81, self._sequence << 2, command]) + data
        message = bytes([0x20, netfn << 2, -(0x20 + (netfn << 2)) & 0xFF]) + body + bytes([-sum(body) & 0xFF])
        self._socket.send(self._wire.seal(message))
        while True:
            opened = self._wire.open(self._socket.recv(65535))
            if opened is not None and opened.message[4] == self._sequence << 2 and opened.message[5] == command:
                return opened.message[6], opened.message[7:-1]

    def _ask(self, kind: int, payload: bytes) -> bytes:
        self._socket.send(RMCP_PLUS + bytes([kind]) + bytes(8) + struct.pack("<H", len(payload)) + payload)
        answer = self._socket.recv(2048)
        size = struct.unpack_from("<H", answer, 14)[0]
        if answer[5] != kind + 1 or answer[17] != 0:
            raise ConnectionError(f"login message {kind:#x} was answered {answer[5]:#x}, status {answer[17]:#x}")
        return answer[16 : 16 + size]

    def _log_in(self, suite_id: int, name: bytes, password: bytes) -> SealedWire:
        suite, console_random = SUITES[suite_id], os.urandom(16)
        console_id = next(CONSOLE_IDS).to_bytes(4, "little")
        proposals = b"".join(bytes([kind, 0, 0, 8, n, 0, 0, 0]) for kind, n in enumerate(suite.algorithms))
        self.managed_id = self._ask(0x10, bytes([0, 0, 0, 0]) + console_id + proposals)[8:12]
        identity = bytes([ADMIN_BY_NAME, len(name)]) + name
        role_and_name = bytes([ADMIN_BY_NAME, 0, 0, len(name)]) + name
        answer = self._ask(0x12, bytes(4) + self.managed_id + console_random + role_and_name)
        bmc_random = answer[8:24]
        proof = suite.mac(password, bmc_random + console_id + identity)
        self._ask(0x14, bytes(4) + self.managed_id + proof)
        keys = derive(suite, suite.mac(password, console_random + bmc_random + identity))
        ours, theirs = (int.from_bytes(n, "little") for n in (console_id, self.managed_id))
        return SealedWire(suite, keys, ours, theirs)

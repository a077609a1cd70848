"""pyghmi's framing, the peer of our own (framing.py): it frames, encrypts and authenticates packets, no more.

pyghmi's server registers each session in dictionaries of the class, opens sockets and starts a thread. None of that
happens here: no constructor of pyghmi's is called, and its one way out, `_xmit_packet`, hands us the bytes.
tests/emulators/bmc/test_lan_pyghmi_seam.py names each inherited method that this file relies on.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Any

from pyghmi.ipmi.private.serversession import ServerSession

from emulators.bmc.rmcp_packet import ENCRYPTED, IN_SESSION, NO_AUTHENTICATION, RMCP_PLUS, PayloadType
from emulators.bmc.rmcp_suites import Keys, Suite
from emulators.bmc.wire import Opened

RELIED_ON = ("send_payload", "_xmit_packet", "_handle_ipmi2_packet", "_parse_ipmi_payload")
LAST_SEQUENCE = 0xFFFFFFFF


class Wire(ServerSession):  # type: ignore[misc]  # pyghmi has no types
    """Frames packets outside a session; with keys, seals and opens those of one session."""

    def __new__(cls, *_: Any, **__: Any) -> Wire:
        wire: Wire = object.__new__(cls)
        return wire

    def __init__(self, suite: Suite | None = None, keys: Keys | None = None, ours: int = 0, theirs: int = 0) -> None:
        """`ours` is the managed session id, found in packets that come; `theirs` the console's, put into ours."""
        # The names are pyghmi's: these are all the attributes that the four methods look at.
        self.ipmiversion, self.authtype = 2.0, RMCP_PLUS
        self.servermode = True
        self.lastpayload = None  # never set: pyghmi would queue what follows
        self.last_payload_type = None
        self.integrityalgo: str | int = 0
        self.confalgo: str | int = 0
        self.sequencenumber = self.sessionid = self.localsid = 0
        self.remseqnumber: int | None = None
        self.k1 = self.aeskey = b""
        self.netpacket = bytearray()
        self._opened: bytes | None = None
        if suite is not None and keys is not None:
            self.integrityalgo, self.confalgo = suite.hash, "aes"
            self.currhashlib, self.currhashlen = getattr(hashlib, suite.hash), suite.code_bytes
            self.k1, self.aeskey = keys.integrity, keys.encryption
            self.sequencenumber, self.sessionid, self.localsid = 1, theirs, ours

    # -- what Sessions calls

    def plain(self, payload_type: int, payload: bytes) -> bytes:
        """An RMCP+ packet outside a session."""
        return self._frame(payload, payload_type)

    def classic(self, message: bytes) -> bytes:
        """An IPMI 1.5 packet outside a session."""
        self.ipmiversion, self.authtype = 1.5, NO_AUTHENTICATION
        try:
            return self._frame(message, PayloadType.IPMI)
        finally:
            self.ipmiversion, self.authtype = 2.0, RMCP_PLUS

    def seal(self, message: bytes, payload_type: int = PayloadType.IPMI, *, encrypted: bool = True) -> bytes:
        """The next packet of this session."""
        if encrypted:
            return self._frame(message, payload_type)
        cipher, self.confalgo = self.confalgo, 0
        try:
            return self._frame(message, payload_type)
        finally:
            self.confalgo = cipher

    def open(self, datagram: bytes) -> Opened | None:
        """What is in a packet of this session; None unless its integrity code is right. Replays are not its matter."""
        if datagram[4:5] != bytes([RMCP_PLUS]) or not datagram[5:] or datagram[5] not in IN_SESSION:
            return None
        self.remseqnumber = self._opened = None  # pyghmi's own check lets a duplicate through: ours follows
        try:
            self._handle_ipmi2_packet(bytearray(datagram))
        except (ValueError, IndexError, struct.error):
            return None  # authentic, yet not a whole number of blocks
        if self._opened is None or self.remseqnumber is None:
            return None
        return Opened(self.remseqnumber, self._opened, datagram[5] & 0x3F, bool(datagram[5] & ENCRYPTED))

    def _frame(self, payload: bytes, payload_type: int) -> bytes:
        self.send_payload(bytearray(payload), int(payload_type), retry=False)
        return bytes(self.netpacket)

    # -- what pyghmi calls

    def _xmit_packet(self, retry: bool = True, delay_xmit: float | None = None, timeout: float | None = None) -> None:
        """Instead of sending: leave `netpacket` to `_frame`. Sequence 0 means outside a session and stays."""
        if self.sequencenumber:
            self.sequencenumber = self.sequencenumber % LAST_SEQUENCE + 1

    def _parse_ipmi_payload(self, payload: bytearray) -> None:
        """Instead of interpreting: keep the message. pyghmi loses LUNs and skips the checksums."""
        self._opened = bytes(payload)

    def sol_handler(self, payload: bytearray) -> None:
        """Instead of showing a console: keep the payload."""
        self._opened = bytes(payload)

    def logout(self, sessionok: bool = True) -> None:
        """Nothing of pyghmi's to release."""


def sealed(suite: Suite, keys: Keys, ours: int, theirs: int) -> Wire:
    """As wire.Framing has it."""
    return Wire(suite, keys, ours, theirs)


def outside() -> Wire:
    """As wire.Framing has it."""
    return Wire()

"""Does a BMC answer there? One packet, no login: Get Channel Authentication Capabilities (06/38) outside a session, or
an ASF presence ping.

Layout: IPMI 2.0 specification, sections 13.1 (RMCP), 13.2.3 (ping), 13.6 (session header), 22.13 (the command).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

_RMCP = bytes([0x06, 0x00, 0xFF, 0x07])  # version 1.0, no acknowledge, class IPMI
_NO_SESSION = bytes(9)  # authentication none, sequence 0, session 0
_BMC, _CONSOLE = 0x20, 0x81
_APP, _APP_REPLY, _CAPABILITIES = 0x06, 0x07, 0x38


def request(sequence: int = 0) -> bytes:
    """The packet: channel 0x0e (this one), RMCP+ data wanted, administrator."""
    head = bytes([_BMC, _APP << 2])
    body = bytes([_CONSOLE, sequence << 2, _CAPABILITIES, 0x8E, 0x04])
    message = head + _zero_sum(head) + body + _zero_sum(body)
    return _RMCP + _NO_SESSION + bytes([len(message)]) + message


def is_reply(packet: bytes) -> bool:
    """Is this a BMC's answer to the request, whatever its completion code?"""
    if len(packet) < 21 or packet[:4] != _RMCP or packet[4] != 0:
        return False
    message = packet[14 : 14 + packet[13]]
    return len(message) >= 7 and message[1] >> 2 == _APP_REPLY and message[5] == _CAPABILITIES


_ASF = bytes([0x06, 0x00, 0xFF, 0x06]) + bytes.fromhex("000011be")  # class ASF, and its enterprise number
_PING, _PONG = 0x80, 0x40


def ping_request(tag: int = 0) -> bytes:
    """A presence ping."""
    return _ASF + bytes([_PING, tag, 0, 0])


def is_pong(packet: bytes) -> bool:
    """Is this the answer to a presence ping?"""
    return len(packet) >= 12 and packet[:8] == _ASF and packet[8] == _PONG


async def answers(host: str, port: int, timeout_s: float) -> bool:
    """Send one packet, wait up to `timeout_s` wall seconds."""
    return await _asked(host, port, timeout_s, request(), is_reply)


async def pings(host: str, port: int, timeout_s: float) -> bool:
    """Send one presence ping, wait up to `timeout_s` wall seconds."""
    return await _asked(host, port, timeout_s, ping_request(), is_pong)


async def _asked(host: str, port: int, timeout_s: float, packet: bytes, fits: Callable[[bytes], bool]) -> bool:
    loop = asyncio.get_running_loop()
    heard: asyncio.Future[bool] = loop.create_future()
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: _Listener(heard, fits), remote_addr=(host, port))
    except OSError:
        return False
    try:
        transport.sendto(packet)
        with suppress(TimeoutError):
            return await asyncio.wait_for(heard, timeout_s)
        return False
    finally:
        transport.close()


async def connects(host: str, port: int, timeout_s: float) -> bool:
    """Does something take TCP connections there? Sends nothing, waits up to `timeout_s` wall seconds."""
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
    return True


class _Listener(asyncio.DatagramProtocol):
    def __init__(self, heard: asyncio.Future[bool], fits: Callable[[bytes], bool]) -> None:
        self._heard, self._fits = heard, fits

    def datagram_received(self, data: bytes, addr: object) -> None:
        if self._fits(data) and not self._heard.done():
            self._heard.set_result(True)

    def error_received(self, exc: Exception) -> None:
        """Port unreachable: nobody is there."""
        if not self._heard.done():
            self._heard.set_result(False)


def _zero_sum(data: bytes) -> bytes:
    return bytes([-sum(data) & 0xFF])

"""IPMI over LAN by the operator's own ipmitool: one process and one session a request.

The password goes over standard input (-f /dev/stdin), never by argv or the environment, which others may read. Why a
login was refused is said with -v only. ipmitool's own time-outs run on the wall and are not scaled.
"""

from __future__ import annotations

import asyncio
import re

from fwsim import secret
from fwsim.clock import wall_timeout
from fwsim.doors import BmcAuthenticationRefused, BmcUnreachable, RawReply
from fwsim.network import sol
from fwsim.network.address import BmcAddress
from fwsim.network.client import Client

RETRY_S = 2  # -N: seconds for one answer, on the wall
TRIES = 3  # -R

_REFUSED = re.compile(r"RAKP [24] (?:message indicates an error|HMAC is invalid)|unauthorized name|Incorrect password")
_NOT_REFUSED = re.compile(r"insufficient resources|invalid session|inactive session")
_COMPLETION = re.compile(r"\brsp=0x([0-9a-f]{2})\)")


class IpmitoolNetwork(Client):
    """A Network door."""

    def __init__(self, address: BmcAddress, *, speed: float = 1.0, program: str = "ipmitool") -> None:
        super().__init__(address, speed)
        self._program = program

    async def raw(self, netfn: int, command: int, data: bytes = b"", *, timeout_s: float = 30.0) -> RawReply:
        self._logins.allow()
        try:
            status, stdout, stderr = await self._ran(self._argv(netfn, command, data), timeout_s)
        except TimeoutError as error:
            raise BmcUnreachable(f"{self.address.host} gave ipmitool no answer within {timeout_s:g} s") from error
        if status == 0:
            return RawReply(0, bytes.fromhex(stdout))
        raise_or_reply = self._meaning(stderr)
        if isinstance(raise_or_reply, RawReply):
            return raise_or_reply
        raise raise_or_reply

    async def console(self, *, seconds: float, send: bytes = b"", timeout_s: float = 30.0) -> bytes:
        self._logins.allow()
        line = sol.Line(self._connected, self.address.password)
        wall_s = sol.wall(seconds, self._speed)
        try:
            heard = await line.listen(wall_s, send, patience_s=wall_timeout(timeout_s, 1.0))
        except TimeoutError as error:
            raise BmcUnreachable(f"{self.address.host} gave ipmitool no console within {timeout_s:g} s") from error
        if heard.opened:
            return heard.data
        if taken := sol.taken(heard.stderr):
            raise taken
        meaning = self._meaning(heard.stderr)
        raise meaning if not isinstance(meaning, RawReply) else BmcUnreachable(_line(heard.stderr))

    def _argv(self, netfn: int, command: int, data: bytes) -> tuple[str, ...]:
        bytes_ = (f"{byte:#04x}" for byte in (netfn, command, *data))
        return self._connected("/dev/stdin", "raw", *bytes_)

    def _connected(self, password_file: str, *words: str) -> tuple[str, ...]:
        at = self.address
        connection = ("-I", "lanplus", "-H", at.host, "-p", str(at.port), "-U", at.user, "-f", password_file)
        suite = () if at.cipher_suite is None else ("-C", str(at.cipher_suite))
        return (self._program, "-v", *connection, *suite, "-N", str(RETRY_S), "-R", str(TRIES), *words)

    def _meaning(self, stderr: str) -> RawReply | BmcUnreachable | BmcAuthenticationRefused:
        if found := _COMPLETION.search(stderr):
            return RawReply(int(found[1], 16), b"")
        if _REFUSED.search(stderr) and not _NOT_REFUSED.search(stderr):
            return self._logins.refused(_line(stderr))
        return BmcUnreachable(f"{self.address.host}:{self.address.port}: {_line(stderr)}")

    async def _ran(self, argv: tuple[str, ...], timeout_s: float) -> tuple[int, str, str]:
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *argv, stdin=pipe, stdout=pipe, stderr=pipe, env=secret.environment(), start_new_session=True
        )  # a session of its own: Ctrl-C is for fwsim
        try:
            async with asyncio.timeout(wall_timeout(timeout_s, 1.0)):
                stdout, stderr = await process.communicate(self.address.password.encode() + b"\n")
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return process.returncode or 0, stdout.decode("ascii", "replace"), stderr.decode("utf-8", "replace")


def _line(stderr: str) -> str:
    """The messages that say what went wrong, on one line."""
    lines = [line.strip("> ") for line in stderr.splitlines() if "RAKP" in line or "rror" in line or "nable" in line]
    return "; ".join(lines) or "ipmitool said nothing"

"""IPMI over LAN by pyghmi in a short-lived child process with a deadline.

In a child because pyghmi's session cache blocks for minutes after a BMC reset (facts/ipmi-and-hpm1.md section 3), and a
process can be ended. Request and password go over standard input, the answer comes back as one JSON line.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Any

from fwsim import secret
from fwsim.clock import wall_timeout
from fwsim.doors import BmcUnreachable, RawReply
from fwsim.network import probe
from fwsim.network.address import BmcAddress, Logins

START_S = 5.0  # wall: a Python process with pyghmi has to start first
_CHILD = (sys.executable, "-m", "fwsim.network.pyghmi_child")


class PyghmiNetwork:
    """A Network door."""

    def __init__(self, address: BmcAddress, *, speed: float = 1.0, child: tuple[str, ...] = _CHILD) -> None:
        self.address, self._speed, self._child = address, speed, child
        self._logins = Logins(address.user)

    async def probe(self, *, timeout_s: float = 2.0) -> bool:
        return await probe.answers(self.address.host, self.address.port, wall_timeout(timeout_s, self._speed))

    async def connects(self, port: int, *, timeout_s: float = 5.0) -> bool:
        return await probe.connects(self.address.host, port, wall_timeout(timeout_s, self._speed))

    async def raw(self, netfn: int, command: int, data: bytes = b"", *, timeout_s: float = 30.0) -> RawReply:
        self._logins.allow()
        try:
            answer = await self._asked(netfn, command, data, timeout_s)
        except TimeoutError as error:
            raise BmcUnreachable(f"{self.address.host} gave no answer within {timeout_s:g} s") from error
        if answer.get("refused"):
            raise self._logins.refused(str(answer["error"]))
        if "error" in answer:
            raise BmcUnreachable(f"{self.address.host}:{self.address.port}: {answer['error']}")
        return RawReply(int(answer["code"]), bytes(answer["data"]))

    async def _asked(self, netfn: int, command: int, data: bytes, timeout_s: float) -> dict[str, Any]:
        at = self.address
        question = {"host": at.host, "port": at.port, "user": at.user, "password": at.password}
        question["cipher_suite"] = at.cipher_suite
        question |= {"netfn": netfn, "command": command, "data": list(data)}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self._child, stdin=pipe, stdout=pipe, stderr=pipe, env=secret.environment(), start_new_session=True
        )  # a session of its own: Ctrl-C is for fwsim
        try:
            async with asyncio.timeout(START_S + wall_timeout(timeout_s, self._speed)):
                stdout, _ = await process.communicate(json.dumps(question).encode())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return _parsed(stdout)


def _parsed(stdout: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(stdout.splitlines()[-1])
    except (IndexError, ValueError):
        return {"error": "the pyghmi child ended without an answer"}
    return answer if isinstance(answer, dict) else {"error": "the pyghmi child answered nonsense"}

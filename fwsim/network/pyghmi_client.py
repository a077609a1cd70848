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
from fwsim.doors import BmcUnreachable, ConsoleTaken, RawReply
from fwsim.network import sol
from fwsim.network.address import BmcAddress
from fwsim.network.client import Client

START_S = 5.0  # wall: a Python process with pyghmi has to start first
_CHILD = (sys.executable, "-m", "fwsim.network.pyghmi_child")


class PyghmiNetwork(Client):
    """A Network door."""

    def __init__(self, address: BmcAddress, *, speed: float = 1.0, child: tuple[str, ...] = _CHILD) -> None:
        super().__init__(address, speed)
        self._child = child

    async def raw(self, netfn: int, command: int, data: bytes = b"", *, timeout_s: float = 30.0) -> RawReply:
        question = {"netfn": netfn, "command": command, "data": list(data)}
        answer = await self._answered(question, wall_timeout(timeout_s, self._speed), f"{timeout_s:g} s")
        return RawReply(int(answer["code"]), bytes(answer["data"]))

    async def console(self, *, seconds: float, send: bytes = b"", timeout_s: float = 30.0) -> bytes:
        wall_s = sol.wall(seconds, self._speed)
        question = {"seconds": wall_s, "send": send.hex()}
        patience_s = wall_s + wall_timeout(timeout_s, self._speed)
        answer = await self._answered(question, patience_s, f"{timeout_s:g} s")
        return bytes.fromhex(str(answer["heard"]))

    async def _answered(self, question: dict[str, Any], wall_s: float, told: str) -> dict[str, Any]:
        """The child's answer. Raises what the doors raise; `told` is the patience in words."""
        self._logins.allow()
        try:
            answer = await self._asked(question, wall_s)
        except TimeoutError as error:
            raise BmcUnreachable(f"{self.address.host} gave no answer within {told}") from error
        if answer.get("refused"):
            raise self._logins.refused(str(answer["error"]))
        if answer.get("taken") or answer.get("disabled"):
            raise ConsoleTaken(str(answer["error"]), disabled=bool(answer["disabled"]))
        if "error" in answer:
            raise BmcUnreachable(f"{self.address.host}:{self.address.port}: {answer['error']}")
        return answer

    async def _asked(self, asked: dict[str, Any], wall_s: float) -> dict[str, Any]:
        at = self.address
        question = {"host": at.host, "port": at.port, "user": at.user, "password": at.password}
        question |= {"cipher_suite": at.cipher_suite, **asked}
        pipe = asyncio.subprocess.PIPE
        process = await asyncio.create_subprocess_exec(
            *self._child, stdin=pipe, stdout=pipe, stderr=pipe, env=secret.environment(), start_new_session=True
        )  # a session of its own: Ctrl-C is for fwsim
        try:
            async with asyncio.timeout(START_S + wall_s):
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

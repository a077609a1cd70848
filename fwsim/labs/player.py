"""Plays acts of a lab on its server as a learner would: over ssh, with ipmitool from outside, with a pair of hands."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol

import asyncssh

from fwsim.labs.lab import Act
from fwsim.network import BmcAddress
from fwsim.network.pyghmi_client import PyghmiNetwork

LOGIN_S, LAN_S = 20.0, 60.0  # wall
CONSOLE_S = 30.0  # of the server's time, that what comes is listened to
POLL_S = 0.2  # wall, at the quickest
RAW = {
    "mc info": (0x06, 0x01, b""),
    "mc reset cold": (0x06, 0x02, b""),
    "chassis status": (0x00, 0x01, b""),
    "chassis power off": (0x00, 0x02, b"\x00"),
    "chassis power on": (0x00, 0x02, b"\x01"),
    "chassis power cycle": (0x00, 0x02, b"\x02"),
    "chassis power reset": (0x00, 0x02, b"\x03"),
    "chassis identify": (0x00, 0x04, b""),
}
"""ipmitool's words -> what they send, for a machine that has no ipmitool."""


class Place(Protocol):
    """Where and as whom to log in."""

    host: str
    port: int
    user: str
    password: str


class Reachable(Protocol):
    """A server as its home tells how it is reached."""

    @property
    def ssh(self) -> Place: ...
    @property
    def ipmi(self) -> Place: ...
    @property
    def speed(self) -> float: ...


class Played(Exception):
    """An act did not come out as expected. The message says which, what was expected and what was seen."""


class Player:
    """`async with Player(...) as player: await player.play(act)`. `hands`: does an act beside the server.

    `ticket`, `web`: what follows a procedure's ticket, and what works on the BMC's pages, where there is such a thing.
    """

    def __init__(
        self,
        ready: Reachable,
        hands: Callable[[str, Mapping[str, object]], Awaitable[str]],
        *,
        ticket: Callable[[str], Awaitable[str]] | None = None,
        web: Callable[[Mapping[str, str]], Awaitable[str]] | None = None,
    ) -> None:
        self._ready, self._hands, self._ticket, self._web = ready, hands, ticket, web
        self._connection: asyncssh.SSHClientConnection | None = None

    async def __aenter__(self) -> Player:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._hang_up()

    async def play(self, act: Act) -> str:
        """Do it, and say what was seen. Raises Played."""
        if act.host:
            return await self._host(act)
        if act.lan:
            return await self._lan(act.lan)
        if act.console:
            heard = await self._network().console(seconds=CONSOLE_S, send=act.console.encode())
            return heard.decode(errors="replace")
        if act.wait:
            await asyncio.sleep(act.wait / self._ready.speed)
            return ""
        if act.until is not None:
            return await self._until(act.until.up, act.until.limit_s)
        if act.repeat is not None:
            return await self._repeat(act)
        if act.hands:
            words = dict(act.hands)
            return await self._hands(words.pop("act"), words)
        if act.ticket:
            return await self._by(self._ticket, act.ticket, "ticket")
        return await self._by(self._web, act.web, "web")

    async def _by(self, do: Callable[[Any], Awaitable[str]] | None, what: Any, name: str) -> str:
        if do is None:
            raise Played(f"{name}: nobody here can do that")
        return await do(what)

    # -- the host

    async def _host(self, act: Act) -> str:
        status, output = await self._line(act.host)
        if act.status is not None and status != act.status:
            raise Played(f"{act.host}: expected status {act.status}, not {status}: {output.strip()[-300:]}")
        return output

    async def _repeat(self, act: Act) -> str:
        assert act.repeat is not None
        wanted, output = act.repeat, ""
        deadline = time.monotonic() + max(LOGIN_S, wanted.limit_s / self._ready.speed)
        while time.monotonic() < deadline:
            _, output = await self._line(wanted.host)
            if re.search(wanted.shows, output):
                return output
            await asyncio.sleep(max(POLL_S, wanted.every_s / self._ready.speed))
        raise Played(f"{wanted.host}: {wanted.shows!r} was not shown in {wanted.limit_s:g} s: {output.strip()[-300:]}")

    async def _line(self, line: str) -> tuple[int | None, str]:
        """Exit status and output. A connection that breaks gives no status: what it ran may have rebooted the host."""
        try:
            connection = await self._connected()
            done = await connection.run(line, check=False, stdin=asyncssh.DEVNULL)
        except (OSError, asyncssh.Error) as error:
            await self._hang_up()
            return None, str(error)
        return done.exit_status, str(done.stdout or "") + str(done.stderr or "")

    async def _connected(self) -> asyncssh.SSHClientConnection:
        if self._connection is None or self._connection.is_closed():
            at = self._ready.ssh
            async with asyncio.timeout(LOGIN_S):
                self._connection = await asyncssh.connect(
                    at.host, at.port, username=at.user, password=at.password, known_hosts=None, config=None
                )
        return self._connection

    async def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.abort()
            await self._connection.wait_closed()
            self._connection = None

    # -- the BMC from outside

    async def _lan(self, words: str) -> str:
        """With the machine's ipmitool where there is one."""
        at = self._ready.ipmi
        if shutil.which("ipmitool") is None:
            return await self._raw(words)
        child = await asyncio.create_subprocess_exec(
            "ipmitool", "-I", "lanplus", "-H", at.host, "-p", str(at.port), "-U", at.user, "-E", *words.split(),
            env=os.environ | {"IPMI_PASSWORD": at.password},
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = await asyncio.wait_for(child.communicate(), LAN_S)
        except TimeoutError as error:
            child.kill()
            await child.wait()
            raise Played(f"ipmitool {words}: no end within {LAN_S:g} s") from error
        if child.returncode:
            raise Played(f"ipmitool {words}: status {child.returncode}: {output.decode().strip()[-300:]}")
        return output.decode()

    async def _raw(self, words: str) -> str:
        if words not in RAW:
            raise Played(f"ipmitool {words}: there is no ipmitool on this machine; install it")
        reply = await self._network().raw(*RAW[words])
        return f"completion code {reply.completion_code:#04x}"

    def _network(self) -> PyghmiNetwork:
        at = self._ready.ipmi
        return PyghmiNetwork(BmcAddress(at.host, at.user, at.password, at.port), speed=self._ready.speed)

    async def _until(self, what: str, limit_s: float) -> str:
        """Wait until it answers from outside."""
        deadline = time.monotonic() + max(LOGIN_S, limit_s / self._ready.speed)
        while time.monotonic() < deadline:
            if await (self._network().probe() if what == "bmc" else self._host_answers()):
                return ""
            await asyncio.sleep(POLL_S)
        raise Played(f"the {what} did not answer within {limit_s:g} s")

    async def _host_answers(self) -> bool:
        status, _ = await self._line("true")
        return status == 0

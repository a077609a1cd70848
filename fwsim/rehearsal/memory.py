"""The doors of a virtual server in memory: the clock *is* the world, nothing ever suspends.

`drive` runs the engine's coroutine without an event loop; a coroutine that suspends here is a bug.
"""

from __future__ import annotations

import shlex
from collections.abc import Coroutine, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from emulators.bmc.users import BmcUser
from emulators.host.process import SIGHUP, Buffer, Process, Stdin
from emulators.server import VirtualServer
from fwsim.doors import (
    BmcUnreachable,
    CommandTimeout,
    Completed,
    HostAuthenticationRefused,
    HostKeyRefused,
    HostUnreachable,
    NotTaken,
    RawReply,
)
from fwsim.network.address import WEB, Logins
from fwsim.rehearsal import memory_console

T = TypeVar("T")
CONNECT_S = 0.2  # what an SSH login and a command's round trip cost on a quiet network
TRIES = 4  # of a client, before it gives an answer up
UNREACHABLE_S = 5.0  # how long a connection attempt to nowhere takes to fail


_line = lru_cache(maxsize=1024)(shlex.join)  # polls send the same words again and again


def drive(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never suspends, and return its result."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    coroutine.close()
    raise RuntimeError("the engine waited for something that is not one of its doors")


class MemoryClock:
    """The server's time, counted from `began`: from when the clock was made, unless a run is gone on with."""

    def __init__(self, server: VirtualServer, began: float | None = None) -> None:
        self._server, self._start = server, server.now if began is None else began

    def now(self) -> float:
        return self._server.now - self._start

    async def sleep(self, seconds: float) -> None:
        self._server.advance(self._server.now + seconds)


class MemoryHost:
    """The virtual host without SSH: the same shell, the same commands."""

    def __init__(self, server: VirtualServer, user: str = "root", password: str | None = None) -> None:
        self._server, self._user = server, user
        self._logged_in: tuple[int, int] | None = None  # on which line, where one is kept open
        account = next((a for a in server.spec.accounts if a.name == user), None)
        self._welcome = account is not None and password in (None, account.password)

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        self._connect()
        out, err = Buffer(), Buffer()
        process = self._server.host.execute(
            _line(tuple(argv)), user=self._user, stdin=Stdin(stdin), stdout=out, stderr=err
        )
        self._wait(process, tuple(argv), timeout_s)
        assert process.status is not None
        return Completed(tuple(argv), process.status, out.text, err.text)

    async def put(self, local: Path, remote: str, *, timeout_s: float = 600.0) -> None:
        self._connect()
        data = self._server.arrived(local.read_bytes())  # noqa: ASYNC240 - no event loop runs here
        try:
            self._server.host.files.write(remote, data)
        except OSError as error:
            raise NotTaken(f"the host did not take {remote}: {error.strerror}") from error

    async def get(self, remote: str, *, timeout_s: float = 600.0) -> bytes:
        self._connect()
        return self._server.host.files.read(remote)

    async def answers(self, *, timeout_s: float = 5.0) -> bool:
        up = self._server.serves
        self._server.advance(self._server.now + (CONNECT_S if up else timeout_s))
        return up

    def _connect(self) -> None:
        self._server.advance(self._server.now + CONNECT_S)
        if not self._server.serves:
            self._server.advance(self._server.now + UNREACHABLE_S)
            raise HostUnreachable("no answer from the host on its SSH port")
        if not self._welcome:
            self._server.note("host-login-refused", user=self._user)
            raise HostAuthenticationRefused(f"the host refused the user {self._user}")
        if self._logged_in != self._line():
            if self._server.host.keys_made:  # the plan knows the one that it had when it was handed over
                raise HostKeyRefused("the host's key is not the one known")
            self._logged_in = self._line()

    def _line(self) -> tuple[int, int]:
        """Another one after each start of the host, and after each cut."""
        return self._server.boots, self._server.host.drops

    def _wait(self, process: Process, argv: tuple[str, ...], timeout_s: float) -> None:
        line, deadline = self._line(), self._server.now + timeout_s
        while process.status is None:
            due = self._server.next_due()
            if due is None or due > deadline:
                self._server.advance(deadline)
                process.kill(SIGHUP)
                raise CommandTimeout(f"{argv[0]} did not end within {timeout_s:g} s")
            self._server.advance(due)
            if self._server.host.drops != line[1]:
                process.kill(SIGHUP)
                break
        if not self._server.on_network or self._line() != line:
            raise HostUnreachable(f"the connection broke while {argv[0]} ran")


class MemoryNetwork:
    """The virtual management network without sockets: messages go straight to the BMC."""

    def __init__(self, server: VirtualServer, address: str, user: str, password: str) -> None:
        self._server, self._address = server, address
        self._user, self._password = user, password
        self._logins = Logins(user)

    async def probe(self, *, timeout_s: float = 2.0) -> bool:
        weather = self._server.network.weather
        reachable = self._server.bmc.address == self._address
        reachable = reachable and (weather.fair or (weather.copies() > 0 and weather.copies() > 0))
        self._server.advance(self._server.now + (0.05 + 2 * weather.delay_s if reachable else timeout_s))
        return reachable

    async def ping(self, *, timeout_s: float = 2.0) -> bool:
        return await self.probe(timeout_s=timeout_s)

    def elsewhere(self, address: str) -> MemoryNetwork:
        other = MemoryNetwork(self._server, address, self._user, self._password)
        other._logins = self._logins
        return other

    async def connects(self, port: int, *, timeout_s: float = 5.0) -> bool:
        """Its web pages are there wherever the BMC is on its network, even where it answers no IPMI."""
        reachable = self._server.bmc.on_network == self._address
        self._server.advance(self._server.now + (0.05 if reachable else timeout_s))
        return reachable and port == WEB

    async def raw(self, netfn: int, command: int, data: bytes = b"", *, timeout_s: float = 30.0) -> RawReply:
        user = self._open_session(timeout_s)
        reply = self._server.bmc.handle(netfn, 0, command, data, user.privilege)
        if reply is None:
            raise BmcUnreachable(f"no answer from the BMC at {self._address}")
        self._server.advance(self._server.now + 0.1 + reply.delay_s)
        return RawReply(reply.completion_code, reply.data)

    async def console(self, *, seconds: float, send: bytes = b"", timeout_s: float = 30.0) -> bytes:
        return memory_console.listen(self._server, self._open_session(timeout_s), seconds, send)

    def _open_session(self, timeout_s: float) -> BmcUser:
        """Whose it is. Raises BmcUnreachable, BmcAuthenticationRefused."""
        bmc = self._server.bmc
        if bmc.address != self._address:
            self._server.advance(self._server.now + timeout_s)
            raise BmcUnreachable(f"no answer from a BMC at {self._address}")
        self._logins.allow()
        if bmc.leaked_sessions >= self._server.board.bmc.session_slots:
            raise BmcUnreachable(f"the BMC at {self._address} has no session left: insufficient resources for session")
        user = self._log_in()
        self._travel(timeout_s)
        return user

    def _log_in(self) -> BmcUser:
        bmc, name = self._server.bmc, self._user.encode()
        user = bmc.users.by_name(name)
        right = user is not None and user.enabled and user.password.rstrip(b"\0") == self._password.encode()
        if user is None or not right or bmc.locked(name):
            self._server.note("bmc-login-refused", user=self._user)
            raise self._logins.refused(f"no login at {self._address}")
        return user

    def _travel(self, timeout_s: float) -> None:
        """There and back through the network's weather: what is lost is sent again, as the clients do it."""
        weather = self._server.network.weather
        if weather.fair:
            return
        self._server.advance(self._server.now + 2 * weather.delay_s)
        for _ in range(TRIES):
            if weather.copies() and weather.copies():
                return
            self._server.advance(self._server.now + timeout_s / TRIES)
        raise BmcUnreachable(f"no answer from a BMC at {self._address}")

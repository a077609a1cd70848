"""The server's Linux over SSH: one connection, made when needed, made anew when it was lost.

The host's key is pinned, before any password leaves this machine. A lost connection is HostUnreachable: whether the
command ran is for the caller to find out.
"""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

import asyncssh

from fwsim.clock import wall_timeout
from fwsim.doors import (
    CommandTimeout,
    Completed,
    HostAuthenticationRefused,
    HostKeyRefused,
    HostUnreachable,
    NotTaken,
)

LOGIN_S = 30.0  # wall: a handshake's cost does not scale with the server's time
LOGIN_TRIES = 2  # DESIGN rule 14
KEEPALIVE_S = 10.0


@dataclass(frozen=True)
class SshAddress:
    """Where and as whom. The key to expect: `host_key` (a public key's text) or a `known_hosts` file.

    With neither `password` nor `key` the user's own keys and agent are tried.
    """

    host: str
    user: str = "root"
    port: int = 22
    password: str | None = field(default=None, repr=False)
    key: Path | None = None
    host_key: str | None = None
    known_hosts: Path | None = None


class SshHost:
    """A Host door. `speed`: how many of the server's seconds pass in a wall second."""

    def __init__(self, address: SshAddress, *, speed: float = 1.0) -> None:
        self.address, self._speed = address, speed
        self._connection: asyncssh.SSHClientConnection | None = None
        self._refused = 0

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        status, stdout, stderr = await self._execute(argv, stdin, timeout_s)
        return Completed(tuple(argv), status, _text(stdout), _text(stderr))

    async def put(self, local: Path, remote: str, *, timeout_s: float = 600.0) -> None:
        landing = remote if self._is_root else f".{PurePosixPath(remote).name}.upload"
        async with self._broken_means_unreachable("put", timeout_s):
            connection = await self._connected()
            async with asyncio.timeout(wall_timeout(timeout_s, self._speed)), connection.start_sftp_client() as sftp:
                await sftp.put(str(local), landing)
        if not self._is_root:
            await self._moved(landing, remote)

    async def get(self, remote: str, *, timeout_s: float = 600.0) -> bytes:
        status, stdout, stderr = await self._execute(("cat", remote), b"", timeout_s)
        if status != 0:
            raise FileNotFoundError(f"{remote} on {self.address.host}: {_text(stderr).strip()}")
        return stdout

    async def answers(self, *, timeout_s: float = 5.0) -> bool:
        """Does an SSH server greet us there?"""
        try:
            async with asyncio.timeout(wall_timeout(timeout_s, self._speed)):
                reader, writer = await asyncio.open_connection(self.address.host, self.address.port)
                try:
                    return (await reader.readline()).startswith(b"SSH-")
                finally:
                    writer.close()
                    with suppress(OSError):
                        await writer.wait_closed()
        except (OSError, ValueError, TimeoutError):
            return False

    async def close(self) -> None:
        """Let go of the connection; the next command makes a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.abort()
            with suppress(OSError, asyncssh.Error):
                await connection.wait_closed()

    @property
    def _is_root(self) -> bool:
        return self.address.user == "root"

    async def _moved(self, landing: str, remote: str) -> None:
        moved = await self.run(("mv", landing, remote))
        if moved.status != 0:
            raise HostUnreachable(f"{remote}: {moved.stderr.strip()}")

    async def _execute(self, argv: Sequence[str], stdin: bytes, timeout_s: float) -> tuple[int, bytes, bytes]:
        line = shlex.join(argv if self._is_root else ("sudo", "-n", *argv))
        async with self._broken_means_unreachable(argv[0], timeout_s):
            connection = await self._connected()
            async with asyncio.timeout(wall_timeout(timeout_s, self._speed)):
                done = await connection.run(line, input=stdin, encoding=None)
            return _status(done), _bytes(done.stdout), _bytes(done.stderr)

    async def _connected(self) -> asyncssh.SSHClientConnection:
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        if self._refused >= LOGIN_TRIES:
            raise HostAuthenticationRefused(f"{self.address.user} was refused {self._refused} times; not tried again")
        try:
            async with asyncio.timeout(LOGIN_S):
                self._connection = await asyncssh.connect(**self._options())
        except asyncssh.PermissionDenied:
            self._refused += 1
            raise
        return self._connection

    def _options(self) -> dict[str, Any]:
        at = self.address
        options: dict[str, Any] = {
            "host": at.host,
            "port": at.port,
            "username": at.user,
            "known_hosts": self._known_hosts(),
            "config": None,  # nothing of ~/.ssh/config: a ProxyJump there must not lead elsewhere
            "keepalive_interval": KEEPALIVE_S,
        }
        if at.password is not None:
            options |= {"password": at.password, "client_keys": None, "agent_path": None}
        elif at.key is not None:
            options |= {"client_keys": [str(at.key)], "agent_path": None}
        return options

    def _known_hosts(self) -> Any:
        if self.address.host_key is not None:
            return ([asyncssh.import_public_key(self.address.host_key)], [], [])
        return str(self.address.known_hosts) if self.address.known_hosts is not None else ()

    @asynccontextmanager
    async def _broken_means_unreachable(self, what: str, timeout_s: float) -> AsyncIterator[None]:
        """The door's errors for asyncssh's. After a time-out the connection may be dead: it is let go."""
        at = self.address
        try:
            yield
        except asyncssh.HostKeyNotVerifiable as error:
            raise HostKeyRefused(f"the key of {at.host}:{at.port} is not the one known: {error}") from error
        except asyncssh.PermissionDenied as error:
            raise HostAuthenticationRefused(f"{at.host} refused {at.user}: {error}") from error
        except ValueError as error:  # asyncssh's word for files of keys that it cannot read
            files = " or ".join(str(f) for f in (at.key, at.known_hosts) if f) or "a key of this user"
            raise HostAuthenticationRefused(f"{files} cannot be used: {error}") from error
        except TimeoutError as error:
            connected = self._connection is not None
            await self.close()
            if connected:
                raise CommandTimeout(f"{what} on {at.host} did not end within {timeout_s:g} s") from error
            raise HostUnreachable(f"{at.host}:{at.port} did not answer") from error
        except asyncssh.SFTPFailure as error:
            raise NotTaken(f"{at.host} did not take the file: {error}") from error
        except (OSError, asyncssh.Error) as error:
            await self.close()
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise HostUnreachable(f"{at.host}:{at.port}: {why}") from error


def _status(done: asyncssh.SSHCompletedProcess) -> int:
    if done.exit_status is not None and done.exit_status >= 0:
        return done.exit_status
    if done.exit_signal is not None:
        return 128 + _SIGNALS.get(done.exit_signal[0], 0)
    raise OSError("the connection was lost before the command ended")


_SIGNALS = {"HUP": 1, "INT": 2, "QUIT": 3, "ABRT": 6, "KILL": 9, "SEGV": 11, "PIPE": 13, "ALRM": 14, "TERM": 15}


def _bytes(output: object) -> bytes:
    match output:
        case str():
            return output.encode()
        case bytes() | bytearray() | memoryview():
            return bytes(output)
        case _:
            return b""


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace")

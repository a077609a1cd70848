"""The only ways in which the engine acts: Clock, Host, Network. A virtual server has the same doors as a real one.

Time-outs belong to the doors and are in seconds of the server's time: a door on the wire divides them by the speed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

LOGIN_TRIES = 2  # of the BMC's user in one run (DESIGN rule 14): a third bad password may lock the account


@dataclass(frozen=True)
class Completed:
    """A command that ended. `status` is its exit status; a signal gives 128 + its number."""

    argv: tuple[str, ...]
    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True)
class RawReply:
    """A BMC's answer to one request: completion code and the data after it."""

    completion_code: int
    data: bytes


class DoorError(Exception):
    """A door could not do what was asked. Subclasses say what the caller may do about it."""


class HostUnreachable(DoorError):
    """No connection to the host, or it broke. The command may or may not have run: look before repeating."""


class HostAuthenticationRefused(DoorError):
    """The host refused the user or the key. Trying again does not help."""


class HostKeyRefused(DoorError):
    """The host's key is not the one that is known. Somebody must look."""


class CommandTimeout(DoorError):
    """A command did not end in time. It may still be running: look before repeating."""


class NotTaken(DoorError):
    """The host's disk did not take a file: it is full, or read-only."""


class BmcUnreachable(DoorError):
    """The BMC gave no answer at its address."""


class BmcAuthenticationRefused(DoorError):
    """The BMC refused the user or the password. At most two tries a user a run (DESIGN rule 14)."""


class ConsoleTaken(DoorError):
    """The BMC does not give the console: somebody else has it, or (`disabled`) serial over LAN is off for this user."""

    def __init__(self, message: str, *, disabled: bool = False) -> None:
        super().__init__(message)
        self.disabled = disabled


class Clock(Protocol):
    """The server's time."""

    def now(self) -> float:
        """Seconds since the run began."""
        ...

    async def sleep(self, seconds: float) -> None: ...


class Host(Protocol):
    """Where commands run: the server, or the operator's machine."""

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        """Run a command to its end.

        Raises HostUnreachable, HostAuthenticationRefused, HostKeyRefused, CommandTimeout.
        """
        ...

    async def put(self, local: Path, remote: str, *, timeout_s: float = 600.0) -> None:
        """Copy a file there. Raises like run, and NotTaken."""
        ...

    async def get(self, remote: str, *, timeout_s: float = 600.0) -> bytes:
        """A file's bytes from there. Raises like run, and FileNotFoundError."""
        ...

    async def answers(self, *, timeout_s: float = 5.0) -> bool:
        """Does something accept connections at its address? Logs in nowhere."""
        ...


class Network(Protocol):
    """The management network from the operator's side. Bound to the plan's BMC address and its credentials."""

    async def probe(self, *, timeout_s: float = 2.0) -> bool:
        """One sessionless packet (Get Channel Authentication Capabilities, 06/38): does a BMC answer there?"""
        ...

    async def ping(self, *, timeout_s: float = 2.0) -> bool:
        """One ASF presence ping (IPMI 2.0 section 13.2.3): does anything that speaks RMCP answer there?"""
        ...

    def elsewhere(self, address: str) -> Network:
        """The same login at another address, e.g. where a lease says that the BMC is. Refusals are counted together."""
        ...

    async def connects(self, port: int, *, timeout_s: float = 5.0) -> bool:
        """Does something take TCP connections at that port of the BMC's address? Sends nothing."""
        ...

    async def raw(self, netfn: int, command: int, data: bytes = b"", *, timeout_s: float = 30.0) -> RawReply:
        """One request in a session of its own. Raises BmcUnreachable, BmcAuthenticationRefused."""
        ...

    async def console(self, *, seconds: float, send: bytes = b"", timeout_s: float = 30.0) -> bytes:
        """What the host's serial console writes within `seconds` after `send` was typed there.

        One session of serial over LAN, which shows nothing of what was written before it; `timeout_s` is for getting
        it. What was heard before the BMC went dark is returned. Raises BmcUnreachable, BmcAuthenticationRefused,
        ConsoleTaken.
        """
        ...


@dataclass(frozen=True)
class Doors:
    """All of them. `operator` is this machine: hooks and out-of-band vendor tools run there.

    `passwords`: those of the BMC's users that the plan has a source for. They go to the host on standard input alone.
    `passphrase`: of the host's disk, "" where the plan names no source; it goes to the console alone.
    """

    clock: Clock
    host: Host
    network: Network
    operator: Host
    passwords: Mapping[str, str] = field(default_factory=dict, repr=False)
    passphrase: str = field(default="", repr=False)

"""Doors that lead nowhere any more: of a server that has gone, only the run's journal is left to look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fwsim.doors import BmcUnreachable, Completed, Doors, HostUnreachable, Network, RawReply


@dataclass(frozen=True)
class Stopped:
    """A clock that stands where the journal ends."""

    at: float

    def now(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        """Nothing happens meanwhile."""


class NoHost:
    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        raise HostUnreachable("the server has gone")

    async def put(self, local: Path, remote: str, *, timeout_s: float = 600.0) -> None:
        raise HostUnreachable("the server has gone")

    async def get(self, remote: str, *, timeout_s: float = 600.0) -> bytes:
        raise HostUnreachable("the server has gone")

    async def answers(self, *, timeout_s: float = 5.0) -> bool:
        return False


class NoNetwork:
    async def probe(self, *, timeout_s: float = 2.0) -> bool:
        return False

    async def ping(self, *, timeout_s: float = 2.0) -> bool:
        return False

    def elsewhere(self, address: str) -> Network:
        return self

    async def connects(self, port: int, *, timeout_s: float = 5.0) -> bool:
        return False

    async def raw(self, netfn: int, command: int, data: bytes = b"", *, timeout_s: float = 30.0) -> RawReply:
        raise BmcUnreachable("the server has gone")

    async def console(self, *, seconds: float, send: bytes = b"", timeout_s: float = 30.0) -> bytes:
        raise BmcUnreachable("the server has gone")


def doors(at: float) -> Doors:
    """Of a server that was last heard of then."""
    return Doors(Stopped(at), NoHost(), NoNetwork(), NoHost())

"""A virtual server on the bench, and how its BMC is asked by an administrator."""

from __future__ import annotations

from typing import Any

from emulators.bmc import sdr
from emulators.bmc.controller import Bmc
from emulators.bmc.reply import Reply
from emulators.server import VirtualServer
from emulators.spec import ServerSpec

ADMIN, OPERATOR, USER = 4, 3, 2
KCS = 0x0F


def server(board: str = "x11ssh-f", **settings: Any) -> VirtualServer:
    return VirtualServer(ServerSpec(board=board, **settings))


def bmc(board: str = "x11ssh-f", **settings: Any) -> Bmc:
    return server(board, **settings).bmc


def ask(target: Bmc, netfn: int, command: int, *data: int, privilege: int = ADMIN, channel: int = 1) -> Reply:
    """One message; it must be answered."""
    reply = target.handle(netfn, 0, command, bytes(data), privilege, channel=channel)
    assert reply is not None
    return reply


def told(target: Bmc, netfn: int, command: int, *data: int, privilege: int = ADMIN, channel: int = 1) -> bytes:
    """The data of an answer that must be a success."""
    reply = ask(target, netfn, command, *data, privilege=privilege, channel=channel)
    assert reply.completion_code == 0, f"{netfn:02x}/{command:02x} -> {reply.completion_code:#04x}"
    return reply.data


def refused(target: Bmc, netfn: int, command: int, *data: int, privilege: int = ADMIN, channel: int = 1) -> int:
    """The completion code of an answer that must carry no data."""
    reply = ask(target, netfn, command, *data, privilege=privilege, channel=channel)
    assert reply.completion_code != 0
    return reply.completion_code


def later(target: Bmc, seconds: float) -> None:
    """Let simulated time pass."""
    target.server.advance(target.server.now + seconds)


def number_of(target: Bmc, name: str) -> int:
    """The sensor number of a name."""
    return next(i for i, s in enumerate(target.board.sensors, start=1) if s.name == name)


def reading(target: Bmc, name: str) -> float | None:
    """What a client makes of a sensor's reading."""
    number = number_of(target, name)
    raw, flags, *_ = told(target, 0x04, 0x2D, number)
    return None if flags & 0x20 else sdr.factors(target.board.sensors[number - 1]).value(raw)

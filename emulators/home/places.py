"""Where the BMCs of an estate listen: consecutive ports of one address, or one port of many addresses in 127/8."""

from __future__ import annotations

import ipaddress
import random
import resource
import socket
from contextlib import ExitStack

Place = tuple[str, int]

LOWEST, HIGHEST = 16000, 32000  # below the ports that systems give to clients
TRIES = 50
FIRST_SPREAD = ipaddress.IPv4Address("127.1.0.1")
SPARE_FILES = 64  # what a process opens besides its sockets


def consecutive(address: str, port: int, count: int) -> list[Place]:
    """`count` ports from `port` on; 0 finds a free run. Raises OSError where one is taken."""
    if port:
        return _run(address, port, count)
    for _ in range(TRIES):
        start = random.randrange(LOWEST, HIGHEST - min(count, HIGHEST - LOWEST - 1))
        if _free(places := _run(address, start, count)):
            return places
    raise OSError(f"found no {count} free consecutive ports on {address}")


def spread(port: int, count: int) -> list[Place]:
    """One port of `count` addresses of 127/8; 0 finds one that is free on all. Raises OSError."""
    addresses = [str(FIRST_SPREAD + n) for n in range(count)]
    if port:
        return [(address, port) for address in addresses]
    for _ in range(TRIES):
        start = random.randrange(LOWEST, HIGHEST)
        if _free(places := [(address, start) for address in addresses]):
            return places
    raise OSError(f"found no port that is free on {count} addresses")


def allow_open_files(count: int) -> None:
    """Raise this process's soft limit so that `count` sockets fit, as far as the hard one lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + SPARE_FILES
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def _run(address: str, start: int, count: int) -> list[Place]:
    if start + count > 65536:
        raise OSError(f"{count} ports from {start} on go beyond 65535")
    return [(address, start + n) for n in range(count)]


def _free(places: list[Place]) -> bool:
    """Can all of them be bound at once now?"""
    with ExitStack() as opened:
        for place in places:
            trial = opened.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            try:
                trial.bind(place)
            except OSError:
                return False
    return True

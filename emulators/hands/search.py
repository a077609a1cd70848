"""The cheapest way back, by trying: every sequence of cures up to a depth, each on a copy of the virtual server.

A copy is a forked process: a server holds generators, which nothing else copies, and a fork copies all of it exactly.
The copy tries, tells through a pipe what became of it, and is gone. For judges: nobody who works on a server may look
into copies of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulators.server import VirtualServer

Cure = Callable[[VirtualServer], bool]
"""Acts on the server. False where its way is not open, so that nothing was done."""

SETTLE_S = 1800.0
STEP_S = 30.0


@dataclass(frozen=True)
class Found:
    """A sequence that healed. `seconds`: how long it took; `down_s`: how long of that a host that ran stood still."""

    cures: tuple[str, ...]
    seconds: float
    down_s: float


def search(
    server: VirtualServer, cures: Mapping[str, Cure], healthy: Callable[[VirtualServer], bool], *, depth: int = 2
) -> tuple[Found, ...]:
    """Every sequence of at most `depth` cures that heals and of which no part at its beginning does."""
    return tuple(_tried(server, cures, healthy, depth, ()))


def _tried(
    server: VirtualServer,
    cures: Mapping[str, Cure],
    healthy: Callable[[VirtualServer], bool],
    depth: int,
    before: tuple[str, ...],
) -> Iterator[Found]:
    for name, cure in cures.items():
        if name in before:  # what did not heal once does not the second time
            continue

        def attempt(name: str = name, cure: Cure = cure) -> list[Found]:
            began, up = server.now, server.serves
            was = _state(server)
            if not cure(server):
                return []
            acted, changed = server.now, _state(server) != was
            well = settle(server, healthy)
            sequence = (*before, name)
            if well:
                return [Found(sequence, server.now - began, server.now - began if up and changed else 0.0)]
            if depth < 2 or (_state(server) == was and acted == began):
                return []
            return [_longer(f, server.now - began) for f in _tried(server, cures, healthy, depth - 1, sequence)]

        yield from on_a_copy(server, attempt)


def _longer(found: Found, seconds: float) -> Found:
    return Found(found.cures, found.seconds + seconds, found.down_s)


def settle(server: VirtualServer, healthy: Callable[[VirtualServer], bool]) -> bool:
    """Wait until it is healthy, and stays so; False where it does not become so."""
    until = server.now + SETTLE_S
    while server.now < until:
        if healthy(server):
            server.advance(server.now + STEP_S)
            if healthy(server):
                return True
        server.advance(server.now + STEP_S)
    return False


def on_a_copy(server: VirtualServer, act: Callable[[], list[Found]]) -> list[Found]:
    """Do it in a copy of this process, and bring back what was found there."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reading)
            server.world.sink = None
            told = json.dumps([[list(f.cures), f.seconds, f.down_s] for f in act()])
            with os.fdopen(writing, "w") as pipe:
                pipe.write(told)
            status = 0
        finally:
            os._exit(status)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        text = pipe.read()
    _, status = os.waitpid(child, 0)
    if status:
        raise RuntimeError(f"a copy of {server.spec.name} ended with {os.waitstatus_to_exitcode(status)} while trying")
    return [Found(tuple(cures), seconds, down) for cures, seconds, down in json.loads(text)]


def _state(server: VirtualServer) -> dict[str, Any]:
    """What a cure may change, in a form that can be compared."""
    bmc, nvram = server.bmc, server.nvram
    return {
        "phase": server.phase,
        "bmc": (bmc.state, bmc.generation, bmc.lan_mode, vars(bmc.lan).copy(), sorted(bmc.volatile)),
        "users": {n: vars(user).copy() for n, user in bmc.users.slots.items()},
        "nvram": (dict(nvram.settings), list(nvram.order), nvram.invalid, nvram.labels),
        "chips": {name: (chip.active, [bytes(b.data) for b in chip.banks]) for name, chip in server.chips.items()},
        "body": repr(server.body),
        "asking": server.console.asking,
        "jobs": repr(bmc.nvram.get("job-queue")),
    }

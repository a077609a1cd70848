"""Virtual servers for tests: a process home on loopback, ended by its own pid."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emulators.faults import Fault
from emulators.home.config import HomeConfig, Ready
from emulators.spec import Account, ServerSpec


@contextlib.contextmanager
def home(
    board: str = "x11ssh-f",
    *,
    speed: float = 60.0,
    keys: tuple[str, ...] = (),
    bmc: tuple[str, int] = ("127.0.0.1", 0),
    directory: Path | None = None,
    waiting: tuple[Fault, ...] = (),
    **spec: Any,
) -> Iterator[Ready]:
    """A running virtual server; `bmc`: where its BMC listens; `directory` and `waiting` as in HomeConfig, `spec` as in
    ServerSpec."""
    made = ServerSpec(
        board=board,
        host_address="127.0.0.1",
        bmc_address=bmc[0],
        dhcp_pool=("127.0.1.100",),
        accounts=(Account(password="secret", keys=keys),),
        **spec,
    )
    config = HomeConfig(spec=made, speed=speed, idle_s=100, bmc_port=bmc[1], directory=directory, waiting=waiting)
    child = subprocess.Popen(
        (sys.executable, "-m", "emulators.home"), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert child.stdin
    assert child.stdout
    try:
        child.stdin.write(config.model_dump_json() + "\n")
        child.stdin.close()
        yield Ready.model_validate_json(child.stdout.readline())
    finally:
        child.terminate()
        assert child.wait(20) == 0, "a home ends cleanly"
        child.stdout.close()

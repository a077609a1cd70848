"""A virtual BMC on UDP for outside clients: one thread, one endpoint, a pump that follows the wall times `speed`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from emulators import boards
from emulators.bmc.endpoint import LanEndpoint
from emulators.bmc.lan import Sessions
from emulators.bmc.rmcp_policy import Policy
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from tests.tools import require_tool


class Bench:
    """The server, where its BMC listens, and clients run against it."""

    def __init__(self, server: VirtualServer, port: int) -> None:
        self.server, self.port = server, port
        user = server.board.bmc.users[0]
        self.user, self.password = user.name, user.password

    def run(
        self, program: str, *args: str, password: str | None = None, stdin: bytes = b"", timeout_s: float = 60
    ) -> tuple[int, str, str]:
        """A client's exit status, stdout and stderr."""
        environment = {**os.environ, "IPMI_PASSWORD": password or self.password, "LC_ALL": "C"}
        done = subprocess.run(
            [require_tool(program), *args],
            capture_output=True,
            env=environment,
            timeout=timeout_s,
            input=stdin,
            check=False,
        )
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def ipmitool(self, *words: str, suite: int | None = None, timeout_s: float = 60) -> str:
        """ipmitool over lanplus; it must succeed. Its stdout."""
        status, out, err = self.ipmitool_raw(*words, suite=suite, timeout_s=timeout_s)
        assert status == 0, f"{words}: {status}\n{out}\n{err}"
        return out

    def ipmitool_raw(
        self,
        *words: str,
        user: str | None = None,
        password: str | None = None,
        suite: int | None = None,
        level: str = "ADMINISTRATOR",
        stdin: bytes = b"",
        timeout_s: float = 60,
    ) -> tuple[int, str, str]:
        head = ("-I", "lanplus", "-H", "127.0.0.1", "-p", str(self.port), "-U", user or self.user, "-E")
        suite = suite or max(self.server.board.bmc.cipher_suites)
        tail = ("-C", str(suite), "-L", level, "-N", "2", "-R", "2", *words)
        return self.run("ipmitool", *head, *tail, password=password, stdin=stdin, timeout_s=timeout_s)

    def freeipmi(self, program: str, *words: str, home: Path, timeout_s: float = 60) -> tuple[int, str, str]:
        """A FreeIPMI program over RMCP+; SDRs are cached under `home`."""
        config = home / "freeipmi.conf"
        config.write_text(f"driver-type LAN_2_0\nusername {self.user}\npassword {self.password}\n")
        config.chmod(0o600)
        head = ("--config-file", str(config), "-h", f"127.0.0.1:{self.port}")
        return self.run(program, *head, *words, timeout_s=timeout_s)


@contextmanager
def bench(board: str = "x11ssh-f", *, speed: float = 1.0, **changes: float) -> Iterator[Bench]:
    """A BMC that can be reached. `changes` are timings of a copy of the board's BMC (flash_s, boot_s)."""
    server = _server(board, changes)
    started, ports, stop = threading.Event(), [0], threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(_serve(server, speed, ports, started, stop)), daemon=True)
    thread.start()
    assert started.wait(10)
    try:
        yield Bench(server, ports[0])
    finally:
        stop.set()
        thread.join(10)


def _server(board: str, changes: dict[str, float]) -> VirtualServer:
    server = VirtualServer(ServerSpec(board=board))
    fast = boards.load(board).bmc.model_copy(update=changes)
    server.board = server.board.model_copy(update={"bmc": fast})
    server.bmc.board = server.bmc.users.board = fast
    return server


async def _serve(
    server: VirtualServer, speed: float, ports: list[int], started: threading.Event, stop: threading.Event
) -> None:
    begun = time.monotonic()

    def advance() -> None:
        server.advance((time.monotonic() - begun) * speed)

    policy = Policy(suites=frozenset(server.board.bmc.cipher_suites), slots=server.board.bmc.session_slots)
    sessions = Sessions(server.bmc, policy=policy)
    endpoint = await LanEndpoint.open(sessions, "127.0.0.1", 0, time.monotonic, speed=speed, before=advance)
    ports[0] = endpoint.address[1]
    started.set()
    while not stop.is_set():
        await asyncio.sleep(0.02)
        advance()
    endpoint.close()

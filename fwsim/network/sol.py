"""The host's console by `ipmitool sol activate`, which wants a terminal: it gets a pseudo-terminal of its own.

The password comes over a pipe (-f /dev/fd/N). It is left by ipmitool's own `~.` where that is possible without typing
anything to the host, which is after a carriage return or nothing; else the BMC is asked to end the session. Ended by
force, it would keep the console until the BMC forgets the session.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import re
import tty
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from fwsim import secret
from fwsim.doors import ConsoleTaken

LEAST_WALL_S = 0.5  # the BMC gathers characters for a moment before it sends a packet, and that is wall time
LEAVE_S = 5.0  # wall; for ipmitool to end once it was told to
OPENED = re.compile(rb"\[SOL Session operational\.  Use ~\? for help\]\r?\n")
ENDED = re.compile(rb"(?:\r?\n)?(?:~\. \[terminated ipmitool\]|SOL session closed by BMC)(?:\r?\n)?$")
TAKEN, DISABLED = "SOL payload already active on another session", "SOL payload disabled"


def wall(seconds: float, speed: float) -> float:
    """The wall seconds to listen for `seconds` of the server's time."""
    return max(seconds / speed, LEAST_WALL_S)


def taken(stderr: str) -> ConsoleTaken | None:
    """Did the BMC refuse the console?"""
    for words in (TAKEN, DISABLED):
        if words in stderr:
            return ConsoleTaken(f"the BMC does not give the console: {words}", disabled=words == DISABLED)
    return None


def escaped(send: bytes) -> bytes:
    """What is to be typed so that `send` arrives: a tilde at the start of a line is ipmitool's own."""
    return re.sub(rb"(^|[\r\n])~", rb"\1~~", send)


class Heard(NamedTuple):
    """`opened`: the session was there; else `stderr` says why not."""

    opened: bool
    data: bytes
    stderr: str


@dataclass
class Line:
    """`argv` makes a command line from the password's file and ipmitool's words."""

    argv: Callable[..., tuple[str, ...]]
    password: str

    async def listen(self, wall_s: float, send: bytes, *, patience_s: float) -> Heard:
        """Open, type, listen, leave. Raises TimeoutError where it is not open within `patience_s`."""
        with _terminal() as (master, slave):
            try:
                process = await self._start(slave, "sol", "activate")
            finally:
                os.close(slave)
            shown = _Shown(master)
            try:
                opened = await self._opened(process, shown, patience_s)
                if opened:
                    os.write(master, escaped(send))
                    await _until(process, wall_s)
                    await self._leave(process, master, send)
                stderr = await _rest(process)
            finally:
                shown.stop()
                await _end(process)
        return Heard(opened, shown.text() if opened else b"", stderr)

    async def _opened(self, process: asyncio.subprocess.Process, shown: _Shown, patience_s: float) -> bool:
        ended = asyncio.ensure_future(process.wait())
        opened = asyncio.ensure_future(shown.opened.wait())
        try:
            done, _ = await asyncio.wait((ended, opened), timeout=patience_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            opened.cancel()
            ended.cancel()
        if not done:
            raise TimeoutError
        return shown.opened.is_set()

    async def _leave(self, process: asyncio.subprocess.Process, master: int, send: bytes) -> None:
        if process.returncode is not None:
            return
        if not send or send.endswith((b"\r", b"\n")):
            os.write(master, b"~.")
        else:
            other = await self._start(asyncio.subprocess.DEVNULL, "sol", "deactivate")
            try:
                await _until(other, LEAVE_S)
            finally:
                await _end(other)
        await _until(process, LEAVE_S)

    async def _start(self, terminal: int, *words: str) -> asyncio.subprocess.Process:
        """A session of its own: Ctrl-C is for fwsim. The password waits in the pipe, which holds far more."""
        readable, writable = os.pipe()
        try:
            os.write(writable, self.password.encode() + b"\n")
            return await asyncio.create_subprocess_exec(
                *self.argv(f"/dev/fd/{readable}", *words),
                stdin=terminal, stdout=terminal, stderr=asyncio.subprocess.PIPE,
                env=secret.environment(), pass_fds=(readable,), start_new_session=True,
            )  # fmt: skip
        finally:
            os.close(readable)
            os.close(writable)


class _Shown:
    """What the program writes on its terminal, as it comes."""

    def __init__(self, master: int) -> None:
        self._master, self._kept = master, bytearray()
        self.opened = asyncio.Event()
        asyncio.get_running_loop().add_reader(master, self._readable)

    def _readable(self) -> None:
        try:
            data = os.read(self._master, 65536)
        except BlockingIOError:
            return
        except OSError:  # Linux's way to say that the other side has closed
            self.stop()
            return
        self._kept += data
        if OPENED.search(self._kept):
            self.opened.set()

    def stop(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)

    def text(self) -> bytes:
        """The host's own words: what stands between ipmitool's first and last line."""
        return ENDED.sub(b"", OPENED.split(bytes(self._kept), maxsplit=1)[-1])


@contextlib.contextmanager
def _terminal() -> Iterator[tuple[int, int]]:
    """A pseudo-terminal that changes and echoes nothing. Who takes the second end closes it."""
    master, slave = pty.openpty()
    try:
        tty.setraw(slave)
        os.set_blocking(master, False)
        yield master, slave
    finally:
        os.close(master)


async def _until(process: asyncio.subprocess.Process, wall_s: float) -> None:
    """Wait for its end, at most so long."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(wall_s):
            await process.wait()


async def _rest(process: asyncio.subprocess.Process) -> str:
    """What it wrote to standard error, once it has ended."""
    if process.returncode is None:
        return ""
    assert process.stderr is not None
    return (await process.stderr.read()).decode("utf-8", "replace")


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()

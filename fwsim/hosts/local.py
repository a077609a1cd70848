"""Commands on this machine: the operator's side, or the server itself where fwsim runs on it."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from fwsim import secret
from fwsim.clock import wall_timeout
from fwsim.doors import CommandTimeout, Completed, NotTaken


class LocalHost:
    """A Host door without a network. Needs root where the commands do: `sudo` puts `sudo -n` before each."""

    def __init__(self, *, sudo: bool = False, speed: float = 1.0) -> None:
        self._prefix = ("sudo", "-n") if sudo and os.geteuid() != 0 else ()
        self._speed = speed
        self.left: list[asyncio.subprocess.Process] = []  # commands that outlived their time-out and go on

    async def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout_s: float = 60.0) -> Completed:
        command = (*self._prefix, *argv)
        pipe = asyncio.subprocess.PIPE
        try:
            process = await asyncio.create_subprocess_exec(
                *command, stdin=pipe, stdout=pipe, stderr=pipe, env=secret.environment(), start_new_session=True
            )  # a session of its own: Ctrl-C is for fwsim
        except (FileNotFoundError, PermissionError) as error:
            return Completed(tuple(argv), 127 if isinstance(error, FileNotFoundError) else 126, "", f"{error}\n")
        try:
            async with asyncio.timeout(wall_timeout(timeout_s, self._speed)):
                stdout, stderr = await process.communicate(stdin)
        except TimeoutError as error:
            self.left.append(process)
            raise CommandTimeout(f"{argv[0]} did not end within {timeout_s:g} s") from error
        return Completed(tuple(argv), _status(process.returncode), _text(stdout), _text(stderr))

    async def put(self, local: Path, remote: str, *, timeout_s: float = 600.0) -> None:
        try:
            shutil.copyfile(local, remote)
        except OSError as error:
            raise NotTaken(f"{remote}: {error.strerror}") from error

    async def get(self, remote: str, *, timeout_s: float = 600.0) -> bytes:
        return Path(remote).read_bytes()  # noqa: ASYNC240 - a local file, read at once

    async def answers(self, *, timeout_s: float = 5.0) -> bool:
        return True


def _status(returncode: int | None) -> int:
    code = returncode or 0
    return code if code >= 0 else 128 - code


def _text(output: bytes) -> str:
    return output.decode("utf-8", "replace")

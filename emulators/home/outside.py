"""Programs of the machine that a virtual host may run: its ipmitool alone, on an argument list that we built."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable

from emulators.host.process import External, Sink


class Outside:
    """Starts and supervises outside programs; `close` ends those that still run."""

    def __init__(self, before: Callable[[], None]) -> None:
        self._before = before  # the server must be at the present before a program's end is told to it
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, request: External, ended: Callable[[int], None]) -> Callable[[], None]:
        """Run `request`; `ended` is called with its exit status. Returns what kills it."""
        task = asyncio.get_running_loop().create_task(self._run(request, ended))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return lambda: _cancel(task)

    async def close(self) -> None:
        """End them all and wait for it."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self, request: External, ended: Callable[[int], None]) -> None:
        program = shutil.which(request.argv[0])
        if program is None:
            request.stderr.write(f"bash: line 1: {request.argv[0]}: command not found\n".encode())
            ended(127)
            return
        pipe = asyncio.subprocess.PIPE
        child = await asyncio.create_subprocess_exec(
            program, *request.argv[1:], stdin=pipe, stdout=pipe, stderr=pipe, env={"HOME": "/nonexistent", "TZ": "UTC"}
        )
        feed = asyncio.get_running_loop().create_task(self._feed(child, request))
        try:
            await asyncio.gather(self._copy(child.stdout, request.stdout), self._copy(child.stderr, request.stderr))
            status = await child.wait()
        except asyncio.CancelledError:
            child.kill()
            await child.wait()
            raise
        finally:
            feed.cancel()
        self._before()
        ended(status if status >= 0 else 128 - status)

    async def _feed(self, child: asyncio.subprocess.Process, request: External) -> None:
        assert child.stdin is not None
        ready = asyncio.Event()
        request.stdin.when_more(ready.set)
        while not request.stdin.closed:
            await ready.wait()
            ready.clear()
            request.stdin.when_more(ready.set)
            await _write(child.stdin, request)
        await _write(child.stdin, request)
        child.stdin.close()

    async def _copy(self, source: asyncio.StreamReader | None, sink: Sink) -> None:
        assert source is not None
        while data := await source.read(4096):
            self._before()
            sink.write(data)


async def _write(pipe: asyncio.StreamWriter, request: External) -> None:
    data, request.stdin.pending = bytes(request.stdin.pending), bytearray()
    try:
        pipe.write(data)
        await pipe.drain()
    except (BrokenPipeError, ConnectionResetError):
        pass  # the program did not want to read it all


def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()

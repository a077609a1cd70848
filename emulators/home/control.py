"""A home's control channel: a Unix socket in its folder, one JSON object a line each way, for this user alone."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from emulators.home.requests import BadRequest
from emulators.home.sockets import listening

NAME = "control.sock"
LONGEST = 64 * 1024 * 1024  # bytes of a request: it may carry files to put into a slot


class Control:
    """Answers whoever connects. `answer` raises BadRequest; `before` brings the server to the present first."""

    def __init__(self, path: Path, answer: Callable[[object], dict[str, Any]], before: Callable[[], None]) -> None:
        self._path, self._answer, self._before = path, answer, before
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Raises OSError."""
        bound = listening(self._path)
        self._server = await asyncio.start_unix_server(self._connected, sock=bound, limit=LONGEST)

    async def close(self) -> None:
        """Hang up on everybody, once they have their answers."""
        if self._server is None:
            return
        self._server.close()
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)
        await self._server.wait_closed()
        self._path.unlink(missing_ok=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.get_running_loop().create_task(self._converse(reader, writer))
        self._lines.add(line)
        line.add_done_callback(self._lines.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while request := await reader.readline():
                writer.write(json.dumps(self._reply(request)).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):
            pass  # gone, or more than any request is long
        finally:
            writer.close()

    def _reply(self, request: bytes) -> dict[str, Any]:
        try:
            self._before()
            return {"ok": True} | self._answer(json.loads(request))
        except BadRequest as error:
            return {"ok": False, "error": str(error)}
        except RecursionError:
            return {"ok": False, "error": "expected one JSON object a line, not one nested that deep"}
        except json.JSONDecodeError as error:
            return {"ok": False, "error": f"expected one JSON object a line: {error}"}
        except UnicodeDecodeError as error:
            return {"ok": False, "error": f"expected UTF-8: {error}"}
        except Exception as error:  # a defect of ours: who asks is told, the home lives on, and its log has the rest
            traceback.print_exc()
            return {"ok": False, "error": f"that met a defect of the virtual server: {type(error).__name__}: {error}"}

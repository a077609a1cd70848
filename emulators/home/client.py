"""The other end of a home's control channel: one request, one answer, without an event loop."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from emulators.home.sockets import connected

PATIENCE_S = 30.0  # wall
CHUNK = 65536

Reply = dict[str, Any]


class Refused(Exception):
    """The home says no; the message is its own words."""


class NoAnswer(Exception):
    """No home answers there."""


def ask(path: Path, do: str, *, timeout_s: float = PATIENCE_S, **words: Any) -> Reply:
    """What the home at that socket answers to `{"do": do, ...}`. Raises Refused, NoAnswer."""
    request = json.dumps({"do": do, **words}).encode() + b"\n"
    try:
        with connected(path, timeout_s) as line:
            line.sendall(request)
            answer = _line(line)
    except OSError as error:
        raise NoAnswer(f"the virtual server does not answer at {path}: {error.strerror or error}") from error
    try:
        reply = json.loads(answer)
    except ValueError as error:
        raise NoAnswer(f"the virtual server has gone while it was asked to {do}") from error
    if not reply.get("ok"):
        raise Refused(str(reply.get("error", "it gave no reason")))
    return dict(reply)


def _line(line: Any) -> bytes:
    data = b""
    while not data.endswith(b"\n"):
        chunk: bytes = line.recv(CHUNK)
        if not chunk:
            break
        data += chunk
    return data

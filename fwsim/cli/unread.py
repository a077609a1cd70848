"""A result that nobody reads to its end (`fwsim ... | head -1`) changes no exit code: that is the command's own.

Wherever the words come from, print, rich or a document's bytes, they pass the one descriptor below: it is here that a
reader's going is met, and once.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from typing import Any


class Pipe(io.FileIO):
    """The writing end of a pipe. Once its reader has gone, what is written goes nowhere."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, self.fileno())
            os.close(nowhere)
            return super().write(data)


def survive() -> None:
    """From now on, where stdout is a pipe. A terminal, a file and a test's own stream stay as they are."""
    out = sys.stdout
    if not isinstance(out, io.TextIOWrapper) or not _piped(out):
        return
    out.flush()
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(Pipe(out.fileno(), "wb", closefd=False)),
        encoding=out.encoding,
        errors=out.errors,
        line_buffering=out.line_buffering,
        write_through=out.write_through,
    )


def _piped(out: io.TextIOWrapper) -> bool:
    try:
        mode = os.fstat(out.fileno()).st_mode
    except (OSError, ValueError):
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)

"""A program on a pseudo-terminal, as a person uses it: what it shows is waited for with a deadline, keys are typed."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import time
from collections.abc import Iterator

DEADLINE_S = 30.0


class OnTerminal:
    """One running program. `shown` is all that it has written."""

    def __init__(self, argv: list[str], env: dict[str, str] | None = None) -> None:
        self.shown = ""
        self._seen = 0
        self._status: int | None = None
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], argv, {**os.environ, **(env or {})})

    def wait_for(self, text: str, deadline_s: float = DEADLINE_S) -> str:
        """What is shown from where the last wait ended up to and with `text`; fails where it does not come in time."""
        ends = time.monotonic() + deadline_s
        while (found := self.shown.find(text, self._seen)) < 0:
            left = ends - time.monotonic()
            assert left > 0 and self._read(left), f"{text!r} did not come after {self.shown[self._seen :]!r}"
        start, self._seen = self._seen, found + len(text)
        return self.shown[start : self._seen]

    def type(self, keys: str) -> None:
        os.write(self._terminal, keys.encode())

    def end(self, deadline_s: float = DEADLINE_S) -> int:
        """Its exit status, once it has ended by itself."""
        ends = time.monotonic() + deadline_s
        while self._read(max(ends - time.monotonic(), 0.0)):
            assert time.monotonic() < ends, f"it goes on after {self.shown[self._seen :]!r}"
        self._status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self._status

    def close(self) -> None:
        if self._status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._terminal)

    def _read(self, timeout_s: float) -> bool:
        """More of what it shows; False at the end, or when the time is over."""
        if not select.select([self._terminal], [], [], timeout_s)[0]:
            return False
        try:
            data = os.read(self._terminal, 65536)
        except OSError:  # Linux's way to say that the other side has closed
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


@contextlib.contextmanager
def on_terminal(argv: list[str], env: dict[str, str] | None = None) -> Iterator[OnTerminal]:
    """Run a program on a terminal; it is killed at the end unless it has ended."""
    program = OnTerminal(argv, env)
    try:
        yield program
    finally:
        program.close()

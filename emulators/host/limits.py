"""What the host has to give: processors, processes, memory. Who asks for more is told what Linux tells, and waits.

These limits are the model's and tighter than a server's, because what lies in the virtual host's memory lies in ours.
"""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from emulators.host.process import SIGPIPE, Buffer, Killed, Run, Sink

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost

PROCESSES = 256  # that a shell can have made; logins and units start beside them
TEXT = 2 << 20  # characters of one word, one command's output in $(), or one program's result made of nothing
VARIABLES = 8 << 20  # characters of all variables of a shell
LINES = 64 << 20  # bytes of a file that is held as lines
COUNTED = 4096  # from this length on a variable is worth adding up
ARGUMENT = 128 << 10  # bytes of one argument of a program: MAX_ARG_STRLEN
ARGUMENTS = 2 << 20  # of all of them: ARG_MAX
TURNS_A_SECOND = 100.0  # what the processors do for shells that never sleep, in the long run
AHEAD_S = 40.0  # how much of that may be used at once: short work is never held up
MUCH = 256 << 10  # bytes that are moved in one turn
BYTES_A_SECOND = 1e9
LONG = 16 << 10  # characters of a command line from which on expanding it takes time
CHARACTERS_A_TURN = 4096
RETRIES_S = (1, 2, 4, 8)  # bash's pauses between its tries to fork
AGAIN = os.strerror(errno.EAGAIN)


class Processors:
    """Turns of all shells' loops and starts of programs: as fast as they come, but for those that never rest.

    A turn takes a slot of 1 / TURNS_A_SECOND; slots lie idle AHEAD_S back at most. So an endless loop costs whoever
    advances the world a bounded number of turns a simulated second, and many loops share them in the order of asking.
    """

    def __init__(self) -> None:
        self._taken = -AHEAD_S  # up to when slots are taken

    def turn(self, now: float, seconds: float, turns: float = 1) -> float:
        """How long a turn (or several) takes that would take `seconds` on an idle host."""
        taken = self._taken
        if taken < now - AHEAD_S:
            taken = now - AHEAD_S
        self._taken = taken = taken + turns / TURNS_A_SECOND
        return seconds if taken <= now else max(seconds, taken - now)


def moved(host: VirtualHost, size: int) -> Run[None]:
    """Reading that many bytes takes time too, where they are many."""
    if size >= MUCH:
        yield host.processors.turn(host.server.agenda.now, size / BYTES_A_SECOND, size / MUCH)


def expanded(host: VirtualHost, size: int) -> Run[None]:
    """A text has been put together: it fits, or OutOfMemory; a long one takes time."""
    text_fits(size)
    if size >= LONG:
        yield host.processors.turn(host.server.agenda.now, 0.001, size / CHARACTERS_A_TURN)


class OutOfMemory(MemoryError):
    """A shell asked for more memory than there is. `size`: bytes."""

    def __init__(self, size: int) -> None:
        super().__init__(f"cannot allocate {size} bytes")
        self.size = size


def text_fits(size: int) -> None:
    """Raises OutOfMemory where a text of that length does not."""
    if size > TEXT:
        raise OutOfMemory(size)


class Bounded(Buffer):
    """A buffer of TEXT bytes. Whoever writes more is ended as by a broken pipe, and it says so in `overflowed`."""

    overflowed = 0

    def write(self, data: bytes) -> None:
        if len(self.data) + len(data) > TEXT:
            self.overflowed = len(self.data) + len(data)
            raise Killed(SIGPIPE)
        self.data += data


def room(*sinks: Sink) -> Run[None]:
    """Wait while a reader has not taken what lies there: a pipe or a connection takes only so much."""
    for sink in sinks:
        pause_s = 0.01
        while getattr(sink, "full", False):
            yield pause_s
            pause_s = min(2 * pause_s, 1.0)

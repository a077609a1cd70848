"""Does a silent host still do something? Its POST code, its event log, its power and its console, by the BMC over LAN.

A BIOS that writes itself, or trains memory, shows by these; taking its power then is what breaks a server. A console
that somebody else has cannot be told: that is said, and it counts for nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fwsim.context import Context
from fwsim.doors import BmcAuthenticationRefused, BmcUnreachable, ConsoleTaken, RawReply
from fwsim.tools import console

STILL_S = 20 * 60.0
SAMPLE_S = 60.0
LISTEN_S = 50.0  # of each sample: serial over LAN tells nothing of what was written while nobody listened
ANSWER_S = 1.0  # little, for nothing is heard meanwhile
LISTENS = 12  # in a row, while something is written: a question that nobody heard would never be heard again
KEPT_BYTES = 16384  # of what was heard
CHASSIS_STATUS, SEL_INFO = (0x00, 0x01), (0x0A, 0x40)
HEARD = "console.heard"  # the fact: the last lines that the console wrote
KEPT_CHARACTERS = 600


@dataclass
class Stillness:
    """Asked at every poll; looks once a minute. A BMC that refuses the login is not asked again (DESIGN rule 14).

    `heard`: since a key was last pressed; `kept`: all of it. `deaf`: why the console cannot be told, "" while it can.
    """

    context: Context
    heard: bytes = b""
    kept: bytes = b""
    deaf: str = ""
    _seen: tuple[bytes, ...] = ()
    _since: float = 0.0
    _looked: float = field(default=-SAMPLE_S)
    _refused: bool = False

    def __post_init__(self) -> None:
        self._since = self.context.now()

    @property
    def still_s(self) -> float:
        """How long nothing has changed, as far as it could be seen."""
        return self.context.now() - self._since

    async def look(self) -> None:
        now = self.context.now()
        if self._refused or now - self._looked < SAMPLE_S:
            return
        self._looked = now
        seen = await self._signs()
        written = await self._hear() if seen else b""
        if seen != self._seen or written:
            self._seen, self._since = seen, self.context.now()

    def tell(self) -> str:
        """How the console looks, in words; what was heard of it is told as a fact."""
        shown = next((s for s in map(console.read, (self.heard, self.kept)) if s.seen), console.read(self.kept))
        if shown.text.strip():
            self.context.fact(HEARD, shown.text[-KEPT_CHARACTERS:])
            return f"the console's last line is {shown.last_line[:80]!r}"
        return f"the console could not be told: {self.deaf}" if self.deaf else "the console was silent"

    async def _signs(self) -> tuple[bytes, ...]:
        post_code = self.context.board.bmc.post_code
        requests = [CHASSIS_STATUS, SEL_INFO, *([post_code] if post_code is not None else [])]
        try:
            replies = [await self._ask(*request) for request in requests]
        except BmcAuthenticationRefused:
            self._refused = True
            return ()
        except BmcUnreachable:
            return ()
        return tuple(bytes([reply.completion_code]) + reply.data for reply in replies)

    async def _hear(self) -> bytes:
        """Until nothing more is written, or the host is there: it may write on, and ask nobody to log in."""
        heard = b""
        for _ in range(LISTENS):
            written = await self._listen()
            heard += written
            if not written or console.read(heard).state == "login" or await self._is_back():
                break
        return heard

    async def _is_back(self) -> bool:
        return await self.context.doors.host.answers(timeout_s=ANSWER_S)

    async def _listen(self) -> bytes:
        try:
            written = await self.context.console(seconds=LISTEN_S)
        except BmcAuthenticationRefused:
            self._refused = True
            return b""
        except BmcUnreachable:
            return b""
        except ConsoleTaken as error:
            self._deafened(str(error))
            return b""
        self.deaf = ""
        self.heard = (self.heard + written)[-KEPT_BYTES:]
        self.kept = (self.kept + written)[-KEPT_BYTES:]
        return written

    def _deafened(self, why: str) -> None:
        if why != self.deaf:
            self.context.warn(f"whether the console stands still could not be told: {why}")
        self.deaf = why

    async def _ask(self, netfn: int, command: int, *data: int) -> RawReply:
        return await self.context.poll_lan(netfn, command, bytes(data))

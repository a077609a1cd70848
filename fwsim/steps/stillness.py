"""Does a silent host still do something? Its POST code, its event log and its power, by the BMC over LAN.

A BIOS that writes itself, or trains memory, shows by these; taking its power then is what breaks a server. The console
is not among them: nobody but one may have it, and it may be somebody else's.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fwsim.context import Context
from fwsim.doors import BmcAuthenticationRefused, BmcUnreachable, RawReply

STILL_S = 20 * 60.0
SAMPLE_S = 60.0
CHASSIS_STATUS, SEL_INFO = (0x00, 0x01), (0x0A, 0x40)


@dataclass
class Stillness:
    """Asked at every poll; looks once a minute. A BMC that refuses the login is not asked again (DESIGN rule 14)."""

    context: Context
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
        if seen != self._seen:
            self._seen, self._since = seen, now

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

    async def _ask(self, netfn: int, command: int, *data: int) -> RawReply:
        return await self.context.poll_lan(netfn, command, bytes(data))

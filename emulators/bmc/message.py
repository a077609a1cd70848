"""One IPMI request on its way to a handler, and the table that handlers enter themselves into."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from emulators.bmc.reply import Reply

if TYPE_CHECKING:
    from emulators.bmc.controller import Bmc

SESSIONLESS, CALLBACK, USER, OPERATOR, ADMIN = range(5)

CHASSIS, SENSOR, APP, STORAGE, TRANSPORT, PICMG = 0x00, 0x04, 0x06, 0x0A, 0x0C, 0x2C
OEM, OEM_SUPERMICRO = 0x30, 0x3C  # netfn 30 carries either vendor's commands
SYSTEM_INTERFACE = 0x0F  # the channel number of KCS

# Completion codes (IPMI 2.0 table 5-2).
OK = 0x00
BUSY = 0xC0
INVALID_COMMAND = 0xC1
INVALID_LUN = 0xC2
TIMEOUT = 0xC3
RESERVATION_CANCELLED = 0xC5
LENGTH_INVALID = 0xC7
PARAMETER_OUT_OF_RANGE = 0xC9
NOT_PRESENT = 0xCB
INVALID_FIELD = 0xCC
INSUFFICIENT_PRIVILEGE = 0xD4
NOT_IN_THIS_STATE = 0xD5


class Refused(Exception):
    """A handler's way to answer with a completion code and no data."""

    def __init__(self, completion_code: int, data: bytes = b"") -> None:
        super().__init__(f"completion code {completion_code:#04x}")
        self.completion_code, self.data = completion_code, data


class Request(NamedTuple):
    """What a handler is given. `channel` 1 is the LAN, 0xf the system interface; `session` is the transport's own."""

    bmc: Bmc
    netfn: int
    lun: int
    command: int
    data: bytes
    privilege: int
    channel: int = 1
    session: Any = None

    @property
    def in_band(self) -> bool:
        """Did it come over KCS?"""
        return self.channel == SYSTEM_INTERFACE


Answer = bytes | Reply | None  # None: no answer leaves
Handler = Callable[[Request], Answer]
H = TypeVar("H", bound=Handler)


@dataclass(frozen=True)
class Entry:
    """One line of the table: who answers, from which privilege on, and how many bytes of data it takes."""

    handler: Handler
    privilege: int
    least: int
    most: int | None


TABLE: dict[tuple[int, int], Entry] = {}


def command(
    netfn: int, number: int, *, privilege: int = USER, least: int = 0, most: int | None = None
) -> Callable[[H], H]:
    """Enter a handler into the table. Fewer than `least` or more than `most` bytes of data are answered 0xc7."""

    def enter(handler: H) -> H:
        TABLE[netfn, number] = Entry(handler, privilege, least, most)
        return handler

    return enter

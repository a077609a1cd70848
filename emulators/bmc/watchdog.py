"""The BMC's watchdog timer (IPMI 2.0 section 27): counts down in the agenda and acts on the host's power."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emulators.agenda import Entry
from emulators.bmc.message import APP, OPERATOR, USER, Refused, Request, command
from emulators.bmc.sel import WATCHDOG_2

if TYPE_CHECKING:
    from emulators.bmc.controller import Bmc

NEVER_SET = 0x80  # Reset Watchdog Timer: attempt to start an uninitialised timer
DO_NOT_STOP, DO_NOT_LOG = 0x40, 0x80
NO_ACTION = 0
EXPIRY = 0x04  # Get System Restart Cause: reset via watchdog expiration
TICK_S = 0.1


@dataclass
class Watchdog:
    """The timer. `countdown` is what it starts from, in ticks of 100 ms; it runs while `entry` is set."""

    use: int = 0
    log: bool = True
    action: int = NO_ACTION
    pretimeout: int = 0
    expired: int = 0  # bits by timer use
    countdown: int = 0
    initialised: bool = False
    entry: Entry | None = field(default=None, repr=False)

    def start(self, bmc: Bmc) -> None:
        """(Re)start the countdown."""
        self.stop()
        self.entry = bmc.server.agenda.after(self.countdown * TICK_S, lambda: self._expire(bmc))

    def stop(self) -> None:
        if self.entry is not None:
            self.entry.cancel()
            self.entry = None

    def left(self, now: float) -> int:
        """Ticks until it expires; the start value while it does not run."""
        return self.countdown if self.entry is None else max(0, round((self.entry.due - now) / TICK_S))

    def _expire(self, bmc: Bmc) -> None:
        self.entry = None
        if bmc.volatile.get("watchdog") is not self:
            return  # the BMC has restarted since, and forgot this timer
        self.expired |= 1 << self.use
        server = bmc.server
        server.note("watchdog-expired", action=self.action)
        if self.log:
            bmc.sel.add(WATCHDOG_2, 0xCA, self.action & 0x07, data=(self.use, 0xFF))
        if self.action & 0x07:
            bmc.nvram["restart-cause"] = EXPIRY
        match self.action & 0x07:
            case 1:  # HARD_RESET
                server.power_reset()
            case 2:  # POWER_DOWN
                server.power_off()
            case 3:  # POWER_CYCLE
                server.power_cycle()


def of(bmc: Bmc) -> Watchdog:
    """The BMC's timer. It is in RAM: a reset of the BMC stops and forgets it."""
    timer = bmc.volatile.setdefault("watchdog", Watchdog())
    assert isinstance(timer, Watchdog)
    return timer


@command(APP, 0x22, privilege=OPERATOR)
def reset_timer(request: Request) -> bytes:
    timer = of(request.bmc)
    if not timer.initialised:
        raise Refused(NEVER_SET)
    timer.start(request.bmc)
    return b""


@command(APP, 0x24, privilege=OPERATOR, least=6, most=6)
def set_timer(request: Request) -> bytes:
    timer = of(request.bmc)
    use, actions, pretimeout, clear, low, high = request.data
    running = timer.entry is not None
    timer.stop()
    timer.use, timer.log = use & 0x07, not use & DO_NOT_LOG
    timer.action, timer.pretimeout = actions & 0x77, pretimeout
    timer.expired &= ~clear
    timer.countdown, timer.initialised = low | high << 8, True
    if running and use & DO_NOT_STOP:
        timer.start(request.bmc)
    return b""


@command(APP, 0x25, privilege=USER)
def get_timer(request: Request) -> bytes:
    timer = of(request.bmc)
    running = DO_NOT_STOP if timer.entry is not None else 0
    use = timer.use | running | (0 if timer.log else DO_NOT_LOG)
    head = bytes([use, timer.action, timer.pretimeout, timer.expired])
    left = timer.left(request.bmc.server.now)
    return head + timer.countdown.to_bytes(2, "little") + left.to_bytes(2, "little")

"""How the BIOS's settings are lost by hand: pads, a jumper, the battery. Each acts as its board has it.

Pads (Supermicro's JBT1) act at once, with all mains off. A jumper (Dell's NVRAM_CLR) acts at the next start, and the
host goes no further than that until it is moved back. Facts: vendor facts section 6; what is invented stands in the
boards' files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.agenda import Entry

if TYPE_CHECKING:
    from emulators.server import VirtualServer


class Cmos:
    """Of one server."""

    def __init__(self, server: VirtualServer) -> None:
        self._server = server
        self._discharging: Entry | None = None
        self.lost = False  # the clock and the settings, and nobody has said so yet at the next start's stop at F1

    @property
    def held(self) -> bool:
        """Does a jumper keep the settings from being kept?"""
        cmos = self._server.board.cmos
        return cmos.kind == "jumper" and cmos.mark in self._server.body.jumpers_moved

    @property
    def stops_at_f1(self) -> bool:
        """Has POST something to say of the battery or of lost settings?"""
        return not self._server.body.battery or (self.lost and self._server.board.cmos.stops_at_f1)

    def short(self, seconds: float) -> bool:
        """Bridge the pads. False where that does nothing: mains, too short, or a battery that holds against it."""
        cmos, server = self._server.board.cmos, self._server
        if cmos.kind != "pads" or server.standby or seconds < cmos.hold_s:
            return False
        if cmos.battery_out and server.body.battery:
            return False
        self.clear()
        return True

    def supply_changed(self) -> None:
        """Mains or the battery have come or gone: without either, the settings fade."""
        if self._discharging is not None:
            self._discharging.cancel()
            self._discharging = None
        fades = self._server.board.cmos.fades_s
        if fades is not None and not self._server.standby and not self._server.body.battery:
            self._discharging = self._server.agenda.after(fades, self.clear)

    def clear(self) -> None:
        """Defaults, and a clock that knows nothing."""
        self._server.nvram.reset()
        self._server.nvram.invalid = False
        self.lost = True
        self._server.note("cmos-cleared")

"""Acts under the open cover: battery, pads, jumper, and another board."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators import replacing
from emulators.hands.seen import Seen, cannot, done

if TYPE_CHECKING:
    from emulators.server import VirtualServer

CLOSED = "the cover is closed"


def wear_strap(server: VirtualServer) -> Seen:
    """Put on the wrist strap."""
    server.body.strap = True
    return done("the strap's clip is on bare metal")


def remove_battery(server: VirtualServer) -> Seen:
    """Take the coin cell out of its holder."""
    if not server.body.cover_open:
        return cannot(CLOSED)
    _touched(server)
    server.body.battery = False
    server.cmos.supply_changed()
    return done("the holder is empty")


def install_battery(server: VirtualServer) -> Seen:
    """Put the coin cell back into its holder."""
    if not server.body.cover_open:
        return cannot(CLOSED)
    _touched(server)
    server.body.battery = True
    server.cmos.supply_changed()
    return done("the battery is flat in its holder")


def short(server: VirtualServer, jumper: str = "JBT1", seconds: float = 10.0) -> Seen:
    """Bridge these two pads with a screwdriver for so long."""
    if not server.body.cover_open:
        return cannot(CLOSED)
    if server.board.cmos.kind != "pads" or jumper != server.board.cmos.mark:
        return cannot(f"this board has no pads with the mark {jumper}")
    _touched(server)
    server.advance(server.now + seconds)
    server.cmos.short(seconds)
    return done("the blade has touched both pads")


def move_jumper(server: VirtualServer, jumper: str = "NVRAM_CLR", to: str = "clear") -> Seen:
    """Move that jumper to clear or back to keep, or to those pins (1-3). It acts at the next start."""
    if not server.body.cover_open:
        return cannot(CLOSED)
    if server.board.cmos.kind != "jumper" or jumper != server.board.cmos.mark:
        return cannot(f"this board has no jumper {jumper}")
    cmos = server.board.cmos
    place = {cmos.clear: "clear", cmos.keep: "keep"}.get(to, to)
    if place not in ("clear", "keep"):
        return cannot(f"{jumper} has no position {to}: clear or keep")
    _touched(server)
    (server.body.jumpers_moved.add if place == "clear" else server.body.jumpers_moved.discard)(jumper)
    return done(f"{jumper} is at {place}")


def replace_board(server: VirtualServer) -> Seen:
    """Put another board of the same model in, from stock."""
    if not server.body.cover_open:
        return cannot(CLOSED)
    if server.standby:
        return cannot("the board has power")
    _touched(server)
    replacing.replace(server)
    return done(f"another board is in, its serial number is {server.board.serial}")


def _touched(server: VirtualServer) -> None:
    """What an instructor would frown at is told, and does no harm here."""
    if not server.body.strap:
        server.note("touched-without-strap")
    if server.standby:
        server.note("touched-under-mains")

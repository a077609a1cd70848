"""Rails, cover, and the sled of a chassis with several nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.hands.seen import Seen, cannot, done

if TYPE_CHECKING:
    from emulators.server import VirtualServer


def slide_out(server: VirtualServer) -> Seen:
    """Slide the server out of the rack until its rails lock."""
    if server.board.nodes > 1:
        return cannot("the chassis stays in the rack: its nodes are sleds")
    server.body.in_rack = False
    return done("the rails are locked, the cover is in front of the rack")


def slide_in(server: VirtualServer) -> Seen:
    """Slide the server back into the rack."""
    if server.body.cover_open:
        return cannot("the cover is open")
    server.body.in_rack = True
    return done("the server is level with the others")


def open_cover(server: VirtualServer) -> Seen:
    """Open the top cover. The server is out of the rack for that; a sled out of its chassis."""
    if server.board.nodes > 1 and server.body.sled_in:
        return cannot("the sled is in the chassis")
    if server.board.nodes == 1 and server.body.in_rack:
        return cannot("the server is in the rack")
    if server.standby:
        server.note("opened-under-mains")
    server.body.cover_open = True
    return done("the board is in sight")


def close_cover(server: VirtualServer) -> Seen:
    """Close the top cover."""
    server.body.cover_open = False
    return done("the cover's latch is closed")


def pull_sled(server: VirtualServer) -> Seen:
    """Pull this node's sled out of its chassis: this node alone is without power."""
    if server.board.nodes == 1:
        return cannot("this server is no sled")
    if server.body.sled_in:
        server.seat(False)
    return done("the sled is out")


def push_sled(server: VirtualServer) -> Seen:
    """Push this node's sled back into its chassis."""
    if server.board.nodes == 1:
        return cannot("this server is no sled")
    if server.body.cover_open:
        return cannot("the cover is open")
    if not server.body.sled_in:
        server.seat(True)
    return done("the sled is in, its latch is closed")

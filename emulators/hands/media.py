"""A USB stick, and the card in the BMC's own slot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from emulators import sdrecovery
from emulators.body import Slot
from emulators.hands.seen import Seen, cannot, done

if TYPE_CHECKING:
    from emulators.server import VirtualServer


def insert_media(server: VirtualServer, slot: str, files: Mapping[str, bytes]) -> Seen:
    """Insert a USB stick or an SD card that holds these files at its root."""
    place = _slot(server, slot)
    if place is None:
        return cannot(f"this server has no {slot} slot")
    if place in server.body.media:
        return cannot("something is in there")
    server.body.media[place] = dict(files)
    if place == "sd":
        sdrecovery.poll(server)
    return done(f"inserted: {', '.join(sorted(files)) or 'nothing on it'}")


def remove_media(server: VirtualServer, slot: str) -> Seen:
    """Take the stick or the card out."""
    place = _slot(server, slot)
    if place is None or place not in server.body.media:
        return cannot(f"nothing is in a {slot} slot")
    del server.body.media[place]
    return done("it is out")


def _slot(server: VirtualServer, slot: str) -> Slot | None:
    if slot == "usb":
        return "usb"
    return "sd" if slot == "sd" and server.board.sd_recovery is not None else None

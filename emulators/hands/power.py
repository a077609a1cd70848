"""Cords, the power button, and waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.hands.seen import Seen, cannot, done

if TYPE_CHECKING:
    from emulators.server import VirtualServer

OVERRIDE_S = 4.0  # a button held that long cuts the power (ACPI 6.5, section 4.8.2.2.1.1)


def wait(server: VirtualServer, seconds: float) -> Seen:
    """Wait so many seconds."""
    server.advance(server.now + seconds)
    return done(f"{seconds:g} s have passed")


def unplug(server: VirtualServer, psu: int = 1) -> Seen:
    """Take the mains cord out of that power supply. In a chassis with several nodes the neighbours lose it too."""
    return _cord(server, psu, mains=False)


def plug(server: VirtualServer, psu: int = 1) -> Seen:
    """Put the mains cord back into that power supply."""
    return _cord(server, psu, mains=True)


def _cord(server: VirtualServer, psu: int, *, mains: bool) -> Seen:
    feed = next((feed for feed in server.site.feeds if feed.psu == psu), None)
    if feed is None or not 1 <= psu <= len(server.psus):
        return cannot(f"there is no PSU{psu}")
    if server.psus[psu - 1].mains != mains:
        server.set_mains(psu - 1, mains)
        if not any(supply.mains for supply in server.psus) and server.site.neighbours:
            server.note("neighbours-lost-power", names=list(server.site.neighbours))
    return done(f"cord of PSU{psu} {'in' if mains else 'out of'} {feed.label}")


def press_power(server: VirtualServer, seconds: float = 1.0) -> Seen:
    """Press the power button for so long. Short: on, or a request to what runs. From 4 s on: off at once."""
    before = server.phase
    if seconds >= OVERRIDE_S:
        server.advance(server.now + OVERRIDE_S)
        if server.powered:
            server.power_off()
        server.advance(server.now + seconds - OVERRIDE_S)
        return done(f"held for {seconds:g} s")
    server.advance(server.now + seconds)
    if before == "off":
        server.power_on()
    elif before == "up":
        server.power_soft()
    elif before in ("post", "setup", "no-boot"):  # the firmware itself obeys, where it still runs
        server.power_off()
    return done(f"pressed for {seconds:g} s")

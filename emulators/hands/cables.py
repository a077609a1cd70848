"""Network cables: which end goes where."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators import cabling
from emulators.hands.seen import Seen, cannot, done

if TYPE_CHECKING:
    from emulators.server import VirtualServer

MARKS = {
    "supermicro": {"dedicated": "IPMI", "lan1": "LAN1", "lan2": "LAN2"},
    "dell": {"dedicated": "iDRAC", "lan1": "Gb1", "lan2": "Gb2"},
}
"""What stands beside the ports. An act takes either name."""


def move_cable(server: VirtualServer, cable: str, to: str) -> Seen:
    """Take the server's end of that cable out and put it into another port of the server."""
    port = named(server, to)
    return _problem(server, cable, port, "") or _moved(server, cable, port, None)


def connect_cable(server: VirtualServer, cable: str, port: str = "", switch: str = "") -> Seen:
    """Put that cable's free ends into a port of the server, of a switch ("mgt-sw-b07 port 21"), or both."""
    port = named(server, port)
    problem = _problem(server, cable, port, switch)
    if problem is not None:
        return problem
    if not port and not switch:
        return cannot("neither end is to go anywhere")
    return _moved(server, cable, port or None, switch or None)


def disconnect_cable(server: VirtualServer, cable: str) -> Seen:
    """Take the server's end of that cable out."""
    return _problem(server, cable, "", "") or _moved(server, cable, "", None)


def named(server: VirtualServer, port: str) -> str:
    """The port that has that name, or that mark beside it."""
    return next((name for name, mark in MARKS[server.board.vendor].items() if mark == port), port)


def _moved(server: VirtualServer, cable: str, port: str | None, switch: str | None) -> Seen:
    cabling.move(server, cable, port=port, switch_port=switch)
    return done(where(server, cable))


def where(server: VirtualServer, cable: str) -> str:
    """Both ends of a cable, as one sees them."""
    port, switch = server.body.cables[cable]
    colour = next(one.colour for one in server.site.cables if one.label == cable)
    mark = MARKS[server.board.vendor].get(port, port)
    return f"{colour}, {'port ' + mark if port else 'free end'}, {switch or 'free end'}"


def _problem(server: VirtualServer, cable: str, port: str, switch: str) -> Seen | None:
    if cable not in server.body.cables:
        return cannot(f"no cable here has the label {cable}")
    if port:
        if port not in {nic.port for nic in server.board.nics}:
            return cannot(f"this server has no port {port}")
        other = server.body.in_port(port)
        if other not in (None, cable):
            return cannot(f"port {port} is taken by cable {other}")
    if switch:
        if server.site.switch_port(switch) is None:
            return cannot(f"there is no {switch} in this rack")
        if any(ends[1] == switch for label, ends in server.body.cables.items() if label != cable):
            return cannot(f"{switch} is taken")
    return None

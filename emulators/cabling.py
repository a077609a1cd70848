"""Cables moved while everything runs: what a port is joined to, and what the BMC makes of it.

A link that has just come up carries nothing until the switch's spanning tree has let it. The BMC asks for a lease when
its own port comes up; on boards that choose between their ports at the BMC's start alone it stays with its choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.body import Body
from emulators.site import Site

if TYPE_CHECKING:
    from emulators.server import VirtualServer

SERVER_END, SWITCH_END = 0, 1


def joined(site: Site, body: Body) -> dict[str, str]:
    """Port of the server -> network, for every cable that has both ends in something."""
    found = {}
    for port, switch_port in body.cables.values():
        there = site.switch_port(switch_port)
        if port and there is not None:
            found[port] = there.network
    return found


def move(server: VirtualServer, label: str, *, port: str | None = None, switch_port: str | None = None) -> None:
    """Put the ends of that cable somewhere else; None leaves an end where it is, "" takes it out."""
    ends = server.body.cables[label]
    if port is not None:
        ends[SERVER_END] = port
    if switch_port is not None:
        ends[SWITCH_END] = switch_port
    before, network = dict(server.network.cables), server.network
    after = joined(server.site, server.body)
    changed = [name for name in {*before, *after} if before.get(name) != after.get(name)]
    network.cables.clear()
    network.cables.update(after)
    server.note("cable", label=label, port=ends[SERVER_END], switch_port=ends[SWITCH_END])
    for name in sorted(changed):
        _relink(server, name)
    _tell_host(server)


def _relink(server: VirtualServer, port: str) -> None:
    """That port's link has gone, or come up: the switch listens before it carries."""
    network = server.network
    network.listening.discard(port)
    if port in network.cables:
        network.listening.add(port)
        joined_to = network.cables[port]

        def forwards() -> None:
            if port in network.listening and network.cables.get(port) == joined_to:
                network.listening.discard(port)
                if server.bmc.port == port:
                    server.bmc.refresh_lease()
                _tell_host(server)

        server.agenda.after(server.site.spanning_tree_s, forwards)


def _tell_host(server: VirtualServer) -> None:
    for action in list(server.host.on_link):
        action()

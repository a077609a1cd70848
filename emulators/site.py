"""Where a virtual server stands, and what is written beside it: rack, labels, feeds, cables, switch ports.

Plain data of a server's spec. What a spec leaves out is made from the board, the server's name and the seed.
"""

from __future__ import annotations

import random
import string

from pydantic import BaseModel, ConfigDict

from emulators.boards import Board
from emulators.network import MANAGEMENT

PRODUCTION = "production"
HEIGHTS = {"SYS-6028R-TR": "2U", "PowerEdge R730": "2U", "PowerEdge R740": "2U"}
COLOURS = ("yellow", "purple", "green", "orange")
INVENTED = ("site: everything about the place", "site: which systems are two units high")


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Feed(Part):
    """What one power supply is plugged into. `label` stands on the cord."""

    psu: int
    pdu: str
    outlet: int

    @property
    def label(self) -> str:
        return f"{self.pdu} outlet {self.outlet}"


class SwitchPort(Part):
    """A port of a switch in the rack. `network`: one of the server's networks; `vlan`: what a label may say of it."""

    switch: str
    port: int
    network: str
    vlan: int | None = None

    @property
    def name(self) -> str:
        return f"{self.switch} port {self.port}"


class Cable(Part):
    """A network cable. `port`: of the server, "" where that end is free. `switch_port`: the switch's end, likewise."""

    label: str
    colour: str
    port: str = ""
    switch_port: str = ""


class Site(Part):
    """The place. `neighbours` share the chassis and its mains. `spanning_tree_s`: until a new link carries traffic."""

    site: str
    room: str
    cage: str
    rack: str
    u: str
    access: str
    name: str
    model: str
    serial: str
    asset: str
    node: str = ""
    neighbours: tuple[str, ...] = ()
    feeds: tuple[Feed, ...]
    cables: tuple[Cable, ...]
    switch_ports: tuple[SwitchPort, ...]
    spanning_tree_s: float = 30.0

    @property
    def spare_cable(self) -> Cable | None:
        """A cable that waits for its use: one end in a free port of the management switch, or both free."""
        return next((cable for cable in self.cables if not cable.port), None)

    def switch_port(self, name: str) -> SwitchPort | None:
        """The switch port of that name."""
        return next((port for port in self.switch_ports if port.name == name), None)


def default(board: Board, name: str, seed: int, *, vlan: int | None = None) -> Site:
    """A plausible place for that server. The same arguments give the same place."""
    dice = random.Random(f"site of {board.name} {name} {seed}")
    rack = f"{dice.choice(string.ascii_uppercase[:8])}{dice.randint(1, 24):02d}"
    low, high = dice.randint(4, 36), HEIGHTS.get(board.system_product, "2U" if board.nodes > 1 else "1U")
    outlet, port = dice.randint(1, 24), dice.randint(1, 20)
    switch, fabric = f"mgt-sw-{rack.lower()}", f"prod-sw-{rack.lower()}"
    ports = (
        SwitchPort(switch=switch, port=port, network=MANAGEMENT, vlan=vlan),
        SwitchPort(switch=switch, port=port + 1, network=MANAGEMENT, vlan=vlan),
        SwitchPort(switch=fabric, port=port, network=PRODUCTION),
    )
    return Site(
        site=f"{dice.choice(('LON', 'FRA', 'AMS', 'NYC'))}{dice.randint(1, 9)}",
        room=f"Hall {dice.randint(1, 6)}",
        cage=f"C{dice.randint(1, 40):02d}",
        rack=rack,
        u=f"U{low}-U{low + 1}" if high == "2U" else f"U{low}",
        access="rear and front",
        name=name,
        model=board.system_product,
        serial=board.system_serial,
        asset=f"AT-{dice.randint(1000, 99999):06d}",
        node=f"node {dice.randint(1, board.nodes)}" if board.nodes > 1 else "",
        neighbours=_neighbours(name, board.nodes),
        feeds=tuple(Feed(psu=n + 1, pdu=f"PDU {'AB'[n % 2]}", outlet=outlet) for n in range(board.psus)),
        cables=_cables(board, rack, ports, dice),
        switch_ports=ports,
    )


def _neighbours(name: str, nodes: int) -> tuple[str, ...]:
    return tuple(f"{name}-neighbour-{n}" for n in range(1, nodes))


def _cables(board: Board, rack: str, ports: tuple[SwitchPort, ...], dice: random.Random) -> tuple[Cable, ...]:
    """As a server of that board is handed over, and a spare one in the next port of the management switch."""
    management, free, production = ports
    colour, spare, other = dice.sample(COLOURS, 3)
    shared = board.bmc.lan_mode == "shared"  # then the management network comes by the port that both use
    used = [Cable(label=f"MGT-{rack}-{management.port:02d}", colour=colour,
                  port="lan1" if shared else "dedicated", switch_port=management.name)]  # fmt: skip
    if not shared:
        used.append(Cable(label=f"PRD-{rack}-{production.port:02d}", colour=other,
                          port="lan1", switch_port=production.name))  # fmt: skip
    waiting = Cable(label=f"SPR-{rack}-{free.port:02d}", colour=spare, switch_port=free.name)
    return (*used, waiting)

"""Where a virtual server stands, in the words of an inventory file: what an operator would have written of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from emulators import boards, site
from emulators.boards import Board
from emulators.server import VirtualServer
from emulators.site import Site
from emulators.spec import ServerSpec

PHONE = "+44 20 7946 0{:03d}"  # numbers that belong to nobody (Ofcom, numbers for drama use)
ROLES = (("technical", "The administrator"), ("ordering", "The account's owner"), ("notification", "Operations"))
AGREED = "2026-01-01T00:00:00Z"
WINDOW = timedelta(days=3653)  # a virtual server is worked on at any time, and its clock is its own
FILE = "inventory.yaml"


def write(spec: ServerSpec, folder: Path) -> Path:
    """The inventory of the server that is made from that spec, as a file for a sealed plan to name."""
    board = boards.load(spec.board)
    place = spec.site or site.default(board, spec.name, spec.seed, vlan=spec.bmc_vlan)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    path.write_text(json.dumps(_inventory(spec, board, place), indent=1) + "\n", "utf-8")  # JSON is YAML, too
    return path


def inventory(server: VirtualServer) -> dict[str, Any]:
    """Its inventory as plain data. Where others share its mains, their owners have agreed."""
    return _inventory(server.spec, server.board, server.site)


def _inventory(spec: ServerSpec, board: Board, place: Site) -> dict[str, Any]:
    began = datetime.fromtimestamp(spec.epoch, UTC)
    ports = {port.name: port for port in place.switch_ports}
    return {
        "name": place.name,
        "board": spec.board.removesuffix("-nohpm"),
        "model": place.model,
        "serial": place.serial,
        "asset_tag": place.asset,
        "location": {"site": place.site, "room": place.room, "cage": place.cage, "rack": place.rack, "unit": place.u,
                     "access": place.access},
        "addresses": {"bmc": spec.bmc_address, "host": spec.host_address},
        "macs": {nic.port: nic.mac for nic in board.nics},
        "cables": [
            {"label": cable.label, "colour": cable.colour, "port": cable.port or None,
             "switch": ports[cable.switch_port].switch, "switch_port": str(ports[cable.switch_port].port)}
            for cable in place.cables
        ],
        "feeds": [{"psu": f"PSU{feed.psu}", "pdu": feed.pdu, "outlet": str(feed.outlet)} for feed in place.feeds],
        "neighbours": [
            {"name": name, "node": f"sled {number}", "owner": "Operations",
             "consent": {"by": "Operations", "at": AGREED}}
            for number, name in enumerate(place.neighbours, 1)
        ],
        "contacts": [
            {"role": role, "name": name, "phone": PHONE.format(100 + number), "mail": f"{role}@example.net",
             "time_zone": "Europe/London"}
            for number, (role, name) in enumerate(ROLES)
        ],
        "window": {"starts": began.isoformat(), "ends": (began + WINDOW).isoformat()},
        "time_zone": "Europe/London",
        "customer": {"account": "REHEARSAL", "reference": spec.name},
        "priority": "3 (planned)",
        "spare_board": f"SPARE-{board.product}",
    }  # fmt: skip

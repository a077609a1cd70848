"""What hands can change about a server that is neither power nor flash: cover, rails, jumpers, sticks, cables' ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from emulators.site import Site

Slot = Literal["usb", "sd"]
Files = dict[str, bytes]


@dataclass
class Body:
    """The box. `cables`: label -> [port of the server or "", name of the switch's port or ""]."""

    in_rack: bool = True
    sled_in: bool = True  # of a chassis with several nodes
    cover_open: bool = False
    strap: bool = False
    battery: bool = True
    jumpers_moved: set[str] = field(default_factory=set)  # to where they clear
    light: bool = False  # the identify light, as its button set it
    monitor: bool = False
    media: dict[Slot, Files] = field(default_factory=dict)
    cables: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def at(cls, site: Site) -> Body:
        """As it is handed over there."""
        return cls(cables={cable.label: [cable.port, cable.switch_port] for cable in site.cables})

    def in_port(self, port: str) -> str | None:
        """The label of the cable in that port of the server."""
        return next((label for label, ends in self.cables.items() if ends[0] == port), None)

"""The two faces: what each calls things and where it puts them. Routes, templates and deeds are the same.

Words and looks are ours, grouped as operators of those vendors' machines expect them (vendor facts, section 6).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """One entry of the menu: a path of ours under the face's own name."""

    path: str
    label: str


@dataclass(frozen=True)
class Group:
    label: str
    items: tuple[Item, ...]


@dataclass(frozen=True)
class Face:
    """`controller`: what the BMC is called there. `update_mode`: does its own update lock everything else?"""

    name: str
    brand: str
    controller: str
    menu: tuple[Group, ...]
    update_mode: bool

    def label(self, path: str) -> str:
        """What the page at that path is called."""
        return next((item.label for group in self.menu for item in group.items if item.path == path), self.brand)

    def group(self, path: str) -> str:
        """The part of the menu that it stands in."""
        return next((g.label for g in self.menu if any(item.path == path for item in g.items)), "")


SUPERMICRO = Face(
    "supermicro",
    "Board Management",
    "BMC",
    (
        Group("System", (Item("/overview", "Summary"),)),
        Group("Server Health", (Item("/health", "Sensor Readings"), Item("/events", "Event Log"))),
        Group("Configuration", (Item("/network", "Network"), Item("/users", "Users"))),
        Group(
            "Remote Control",
            (Item("/power", "Power Control"), Item("/screen", "Remote Screen"), Item("/serial", "Serial over LAN")),
        ),
        Group(
            "Maintenance",
            (
                Item("/firmware", "Firmware Update"),
                Item("/bios", "BIOS Update"),
                Item("/restart", "BMC Restart"),
                Item("/factory", "Factory Default"),
            ),
        ),
    ),
    update_mode=True,
)

DELL = Face(
    "dell",
    "Remote Access Controller",
    "iDRAC",
    (
        Group("Dashboard", (Item("/overview", "Overview"), Item("/power", "Power"))),
        Group("System", (Item("/health", "Sensors"), Item("/events", "System Event Log"))),
        Group("Console", (Item("/screen", "Virtual Console"), Item("/serial", "Serial Console"))),
        Group("iDRAC Settings", (Item("/network", "Connectivity"), Item("/users", "Local Users"))),
        Group(
            "Maintenance",
            (
                Item("/bios", "BIOS Update"),
                Item("/firmware", "iDRAC Update"),
                Item("/restart", "Reboot iDRAC"),
                Item("/factory", "Reset to Defaults"),
            ),
        ),
    ),
    update_mode=False,
)

FACES = {face.name: face for face in (SUPERMICRO, DELL)}

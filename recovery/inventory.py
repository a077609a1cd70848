"""Where a server stands and whom to call: location, identity, ports, cables, feeds, contacts, window, neighbours.

Everything may be missing: a value that nobody gave is None, never a guess, and a ticket prints it as UNKNOWN. It comes
from a YAML file (this module), from CSV (inventory_csv.py) or from NetBox (inventory_netbox.py). No field takes a
password.
"""

from __future__ import annotations

from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from fwsim import yamlfile
from fwsim.boards import Board
from fwsim.yamlerrors import FileError

SAMPLE = "inventory.yaml"
Role = Literal["technical", "ordering", "notification"]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone; expected a name like Europe/London") from error
    return name


Words = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")
]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+[0-9][0-9 ()-]{6,24}$")]
Mail = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120, pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Zone = Annotated[str, AfterValidator(_zone)]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Location(Part):
    """`unit`: as the rack counts, e.g. U21-U22. `access`: from which side one must come."""

    site: Words | None = None
    room: Words | None = None
    cage: Words | None = None
    rack: Words | None = None
    unit: Words | None = None
    access: Words | None = None


class Cable(Part):
    """A network cable. `port`: "dedicated", "lan1", ... of the server, None for one that waits beside it."""

    label: Words | None = None
    colour: Words | None = None
    port: Words | None = None
    switch: Words | None = None
    switch_port: Words | None = None


class Feed(Part):
    """One power supply and what feeds it. `cable`: the label on the cord, where it has one of its own."""

    psu: Words
    cable: Words | None = None
    pdu: Words | None = None
    outlet: Words | None = None


class Contact(Part):
    """Somebody to call. `prefers`: how, and when."""

    role: Role
    name: Words | None = None
    phone: Phone | None = None
    mail: Mail | None = None
    time_zone: Zone | None = None
    prefers: Words | None = None


class Consent(Part):
    """Who agreed, and when."""

    by: Words
    at: AwareDatetime


class Neighbour(Part):
    """Another server in the same chassis, on the same mains."""

    name: Words
    node: Words | None = None
    owner: Words | None = None
    consent: Consent | None = None


class Window(Part):
    """When the work may be done. `schedule`: as the provider calls it."""

    starts: AwareDatetime | None = None
    ends: AwareDatetime | None = None
    schedule: Literal["STANDARD", "EXPEDITED", "SCHEDULED_MAINTENANCE"] = "STANDARD"


class Customer(Part):
    """The customer at the provider. `reference`: the customer's own, e.g. a change number."""

    account: Words | None = None
    reference: Words | None = None


class Inventory(Part):
    """One server. `addresses`: "bmc" and "host". `spare_board`: part number of the board in stock."""

    name: Words = Field(description="what the server is called, as its label has it")
    board: Words | None = None
    model: Words | None = None
    serial: Words | None = None
    asset_tag: Words | None = None
    node: Words | None = None
    location: Location = Location()
    addresses: dict[Literal["bmc", "host"], Words] = {}
    macs: dict[Words, Words] = {}
    cables: tuple[Cable, ...] = ()
    feeds: tuple[Feed, ...] = ()
    neighbours: tuple[Neighbour, ...] = ()
    contacts: tuple[Contact, ...] = ()
    window: Window = Window()
    time_zone: Zone | None = None
    customer: Customer = Customer()
    priority: Words | None = None
    spare_board: Words | None = None

    def cable_at(self, port: str) -> Cable | None:
        """The cable in that port of the server."""
        return next((cable for cable in self.cables if cable.port == port), None)

    @property
    def spare(self) -> Cable | None:
        """A cable that waits beside the server."""
        return next((cable for cable in self.cables if cable.port is None), None)

    def contact(self, role: Role) -> Contact | None:
        """The first contact of that role."""
        return next((contact for contact in self.contacts if contact.role == role), None)

    def local(self, moment: datetime) -> datetime | None:
        """That moment on the clock of the site."""
        return None if self.time_zone is None else moment.astimezone(ZoneInfo(self.time_zone))


def load(path: Path, board: Board | None = None) -> Inventory:
    """The inventory in that YAML file. `board`: which one it is, where the file does not say it. Raises FileError with
    every mistake."""
    from recovery.inventory_checks import mistakes

    document = yamlfile.read(path)
    known = document.build(Inventory)
    if wrong := [document.problem(place, why) for place, why in mistakes(known, board)]:
        raise FileError(wrong)
    return known


def sample() -> str:
    """The sample that ships, as a person would write one."""
    return files("recovery").joinpath(SAMPLE).read_text("utf-8")


def to_yaml(inventory: Inventory) -> str:
    """The inventory as a file; what nobody knows is left out."""
    fields = inventory.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    return yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=110)

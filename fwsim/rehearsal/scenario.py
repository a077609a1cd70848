"""A scenario file: a board, where its versions stand, what the plan wants, what goes wrong, how it must end."""

from __future__ import annotations

import difflib
from importlib.resources import files
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from emulators.faults import Fault as Fault  # part of the format, and of that of labs
from emulators.hardening import Hardening
from emulators.server import Phase
from emulators.spec import BmcAccount
from fwsim import yamlfile
from fwsim.events import Ending
from fwsim.plan import RequirementText


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Update(Part):
    """The versions that the plan wants, and what the BIOS needs; a kind left out is not updated."""

    bmc: str | None = None
    bios: str | None = None
    bios_requires_bmc: str = ""


class Server(Part):
    """What the server has besides its board's own. `bios_settings` by the keys of emulators/nvram.py."""

    bios_settings: dict[str, str] = {}
    bmc_users: tuple[BmcAccount, ...] = ()
    bmc_vlan: int | None = None
    mains: tuple[bool, ...] = ()
    missing: tuple[str, ...] = ()
    distribution: Literal["debian", "rocky"] = "debian"
    hardening: Hardening = Hardening()
    watchdog: Literal["off", "armed", "locked"] = "off"
    boot_device: Literal["", "pxe", "disk"] = ""
    self_test: tuple[int, int] = (0x55, 0x00)


class Paper(Part):
    """What the plan says, where that is not the truth or not enough. `payload_for`: the board that the images are
    really for. `requires`: what must run before a kind's wanted version, as release notes say; `intermediate`: the
    versions between, of which the plan has images. `fallback`: are images of the running versions at hand? `feeds`:
    what is attested of the power. `unlock`: does it name a source of the disk's passphrase? `pdu`: does it name
    switched outlets?"""

    payload_for: str | None = None
    requires: dict[Literal["bmc", "bios"], RequirementText] = {}
    intermediate: dict[Literal["bmc", "bios"], tuple[str, ...]] = {}
    fallback: bool = True
    feeds: Literal[1, 2] = 2
    fencing_quiet: bool = True
    unlock: bool = False
    pdu: bool = False


class Seen(Part):
    """Something that is told. `event`: an event's name, with `step` of that step alone, and with `text` somewhere in
    it; or `world`: a kind of record in the world's truth."""

    event: str | None = None
    step: str | None = None
    text: str | None = None
    world: str | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Seen:
        if (self.event is None) == (self.world is None):
            raise ValueError("expected either event or world")
        return self


class Final(Part):
    """The server at the end. `phase`: of the host; `bmc`: reachable where it was, somewhere else, or nowhere."""

    phase: Phase | None = None
    bmc: Literal["as-before", "elsewhere", "nowhere"] | None = None


class Expect(Part):
    """How the rehearsal must end, recovery included. `versions` are what runs then; `must`, `never`: what occurs, and
    what does not; `repairs`: those that are tried, in order; `ticket`: the procedure of the one that is written."""

    ending: Ending
    exit_code: int | None = None
    versions: dict[Literal["bmc", "bios"], str] = {}
    repairs: tuple[str, ...] = ()
    ticket: str | None = None
    must: tuple[Seen, ...] = ()
    never: tuple[Seen, ...] = ()
    final: Final = Final()


class Scenario(Part):
    """One scenario. `versions`: what the server runs at the start; the board's own where left out. `knows`: users of
    the BMC whose password the plan has a source for, besides its own. `wire`: rehearsed over real SSH and IPMI too."""

    title: str
    board: str
    versions: dict[Literal["bmc", "bios"], str] = {}
    server: Server = Server()
    knows: tuple[str, ...] = ()
    update: Update
    plan: Paper = Paper()
    wire: bool = False
    faults: tuple[Fault, ...] = ()
    expect: Expect


class UnknownScenario(LookupError):
    """No scenario of that name."""


def folder() -> Path:
    """Where the scenarios that ship with the package lie."""
    return Path(str(files("scenarios")))


def _files() -> list[Path]:
    """Those of labs are another format."""
    return [path for path in folder().rglob("*.yaml") if path.parent.name != "labs"]


def names() -> list[str]:
    """Names of the scenarios that ship: the file's stem."""
    return sorted(path.stem for path in _files())


def load(name: str) -> Scenario:
    """The scenario of that name, or in that file. Raises UnknownScenario, yamlfile.FileError."""
    return yamlfile.load(find(name), Scenario)


def find(name: str) -> Path:
    """The file of the scenario of that name, or that file itself. Raises UnknownScenario."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") and path.exists():
        return path.absolute()
    found = [p for p in _files() if p.stem == name]
    if not found:
        raise UnknownScenario(_unknown(name, path))
    return found[0]


def _unknown(name: str, path: Path) -> str:
    if path.exists():
        return f"{name} is no scenario and no plan: expected a YAML file whose name ends with .yaml"
    close = difflib.get_close_matches(name.lower(), names(), n=3, cutoff=0.6)
    hint = f"did you mean {' or '.join(close)}? " if close else ""
    return f"no scenario is called {name!r}; {hint}`fwsim scenario list` shows them"

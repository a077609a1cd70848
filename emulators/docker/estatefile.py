"""An estate as a file: its servers with their boards, names, addresses and faults, and its networks."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from pydantic import BaseModel, ConfigDict, Field, model_validator

from emulators import boards
from emulators.docker import addresses
from emulators.docker.addresses import PRODUCTION
from emulators.faults import Fault
from emulators.home.registry import NAME
from emulators.network import MANAGEMENT
from emulators.spec import ServerSpec


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Networks(Part):
    """Those that are not chosen by Docker."""

    management: IPv4Network | None = None
    production: IPv4Network | None = None

    @property
    def given(self) -> dict[str, IPv4Network]:
        """Name -> network, of those that are given."""
        both = {MANAGEMENT: self.management, PRODUCTION: self.production}
        return {name: network for name, network in both.items() if network is not None}


class Entry(Part):
    """One server, or `count` of them, which are called NAME-1, NAME-2 and so on. `bmc`: an address of the management
    network. `faults` as in a scenario."""

    board: str
    name: str = ""
    count: int = Field(default=1, ge=1, le=60)
    bmc: IPv4Address | None = None
    versions: dict[str, str] = {}
    faults: tuple[Fault, ...] = ()
    seed: int = 0

    @model_validator(mode="after")
    def _fits(self) -> Entry:
        if self.board not in boards.names():
            raise ValueError(f"no virtual board is called {self.board!r}; there are: {', '.join(boards.names())}")
        if self.count > 1 and self.bmc is not None:
            raise ValueError("bmc is the address of one server, and count makes several")
        if not NAME.fullmatch(self.name or self.board):
            raise ValueError(f"name: expected lower-case letters, digits, dots and dashes, not {self.name!r}")
        return self

    @property
    def names(self) -> list[str]:
        """What its servers are called."""
        name = self.name or self.board
        return [name] if self.count == 1 else [f"{name}-{number}" for number in range(1, self.count + 1)]


class EstateFile(Part):
    """The file. `speed`: simulated seconds a second."""

    name: str = "estate"
    networks: Networks = Networks()
    speed: float = Field(default=1.0, ge=0.01, le=10_000)
    servers: tuple[Entry, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> EstateFile:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"name: expected lower-case letters, digits, dots and dashes, not {self.name!r}")
        names = [name for entry in self.servers for name in entry.names]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two servers are called {', '.join(twice)}; give them names of their own")
        chosen = [entry.bmc for entry in self.servers if entry.bmc is not None]
        if chosen and self.networks.management is None:
            raise ValueError("addresses of BMCs need networks.management, in which they are")
        if len(set(chosen)) < len(chosen):
            raise ValueError("two BMCs have one address")
        for address in chosen:
            assert self.networks.management is not None
            addresses.check(address, self.networks.management)
        return self

    def specs(self) -> list[tuple[ServerSpec, IPv4Address | None]]:
        """A spec a server, in the file's order, and the address that somebody chose for its BMC."""
        return [
            (
                ServerSpec.model_validate(
                    {
                        "board": entry.board, "name": name, "hostname": name, "versions": entry.versions,
                        "faults": entry.faults, "seed": entry.seed,
                    }
                ),
                entry.bmc,
            )
            for entry in self.servers
            for name in entry.names
        ]  # fmt: skip

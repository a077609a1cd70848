"""The judge of the diagnosis: what an expert would name first, by the fault and the true state (expert.yaml)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

from emulators.flash import Chip
from emulators.server import VirtualServer
from fwsim.judged import Condition
from fwsim.rehearsal import truth

KINDS = ("bmc", "bios")
SETTINGS = ("LAN mode", "boot order", "NIC names")  # as the model names them, one word of state each


class Row(BaseModel):
    """One row; expert.yaml says what its fields mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    state: frozenset[str]
    one_of: tuple[str, ...]
    because: str


@dataclass(frozen=True)
class Before:
    """A server as it was before anything was done to it."""

    condition: Condition
    cells: dict[str, list[bytes]]
    address: str

    @classmethod
    def of(cls, server: VirtualServer, address: str) -> Before:
        return cls(truth.condition(server), {kind: _cells(server.chips[kind]) for kind in KINDS}, address)


@cache
def table() -> dict[str, tuple[Row, ...]]:
    """Fault kind -> rows."""
    rows = yaml.safe_load(Path(__file__).with_name("expert.yaml").read_text("utf-8"))
    return {kind: tuple(Row(**row) for row in found) for kind, found in rows.items()}


def row(kind: str, state: Iterable[str]) -> Row | None:
    """The row that counts; None where that state of that fault was not thought of."""
    return next((row for row in table()[kind] if row.state <= set(state)), None)


def accepted(kinds: Iterable[str], *states: frozenset[str]) -> set[str]:
    """What may be named first after those faults. `states`: the server as the look began and as it ended: a look takes
    a minute, in which a BMC may come back."""
    rows = [row(kind, state) for kind in kinds for state in states]
    return {cause for found in rows if found is not None for cause in found.one_of}


def state(server: VirtualServer, before: Before) -> frozenset[str]:
    """The words that hold of it."""
    now = truth.condition(server)
    where = "here" if now.bmc_at == before.address else "elsewhere" if now.bmc_at else "nowhere"
    words = {f"bmc-{where}", "host-up" if now.host_up else "host-down"}
    for kind in KINDS:
        words |= {f"{kind}-{word}" for word in _of_chip(server, kind, before, now)}
    if any(unit.sub == "running" for unit in server.host.units.loaded.values()):
        words.add("writing")
    return frozenset(words | _kept(before.condition, now))


def _of_chip(server: VirtualServer, kind: str, before: Before, now: Condition) -> set[str]:
    chip, runs = server.chips[kind], dict(now.versions)[kind]  # type: ignore[index]
    was = dict(before.condition.versions)[kind]  # type: ignore[index]
    held = [bank.firmware() for bank in chip.banks]
    words = {"old" if runs == was else "new"} if runs else set()
    words |= set() if dict(now.whole)[kind] else {"torn"}  # type: ignore[index]
    words |= {"half-written"} if None in held else set()
    words |= {"untouched"} if _cells(chip) == before.cells[kind] else set()
    return words | ({"waiting"} if any(one and one.version not in (runs, was) for one in held) else set())


def _cells(chip: Chip) -> list[bytes]:
    return [bytes(bank.data) for bank in chip.banks]


def _kept(before: Condition, now: Condition) -> set[str]:
    changed = {name for name, value in before.kept.items() if now.kept.get(name) != value}
    changed |= now.kept.keys() - before.kept.keys()
    words = {name.lower().replace(" ", "-") for name in changed if name in SETTINGS}
    words |= {"users"} if any(name.startswith("user ") for name in changed) else set()
    words |= {"lan"} if any(name.startswith("LAN ") and name not in SETTINGS for name in changed) else set()
    return words | ({"settings"} if any(name.startswith("BIOS setting") for name in changed) else set())

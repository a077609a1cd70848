"""A virtual server as it is now, for whoever asks its home: the truth in plain words, ready for JSON."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

from emulators.bmc.lanconfig import DHCP
from emulators.faults import Fault
from emulators.faults.waiting import Waiting
from emulators.flash import Bank
from emulators.server import VirtualServer


class Lan(BaseModel):
    """The BMC's side of the network. `answers_at`: where it is reached now; None where it answers nowhere."""

    answers_at: str | None
    address: str
    netmask: str
    gateway: str
    source: Literal["static", "dhcp"]
    mode: str
    vlan: int | None
    mac: str
    leases: dict[str, str]


class State(BaseModel):
    """`now_s`: simulated seconds since the server was handed over. `phase`: of the host. `flash`: what each bank holds;
    an empty text is no whole image. `step`: what was last announced by who works on the server."""

    name: str
    board: str
    now_s: float
    speed: float
    phase: str
    post_code: int
    boots: int
    bmc: str
    versions: dict[str, str]
    flash: dict[str, list[str]]
    active: dict[str, int]
    writing: list[str]
    lan: Lan
    cables: dict[str, str]
    mains: list[bool]
    boot_order: list[str]
    step: str
    armed: list[dict[str, Any]]
    waiting: list[dict[str, Any]]
    fired: list[dict[str, Any]]


def of(server: VirtualServer, waiting: Waiting, *, speed: float, step: str = "") -> State:
    """That server's state."""
    bmc, bios = server.bmc, server.running_bios
    return State(
        name=server.spec.name,
        board=server.board.name,
        now_s=round(server.now, 3),
        speed=speed,
        phase=server.phase,
        post_code=server.post_code,
        boots=server.boots,
        bmc="foreign" if bmc.foreign and bmc.answering else bmc.state,
        versions={"bmc": bmc.running.version if bmc.running else "", "bios": bios.version if bios else ""},
        flash={kind: [_held(bank) for bank in chip.banks] for kind, chip in server.chips.items()},
        active={kind: chip.active for kind, chip in server.chips.items()},
        writing=[kind for kind, chip in server.chips.items() if chip.uploading is not None],
        lan=_lan(server),
        cables=dict(server.network.cables),
        mains=[psu.mains for psu in server.psus],
        boot_order=list(server.boot_order),
        step=step,
        armed=_plain(server.faults.ready),
        waiting=_plain(waiting.left),
        fired=_plain(server.faults.fired),
    )


def _plain(faults: list[Fault]) -> list[dict[str, Any]]:
    return [fault.model_dump(mode="json", exclude_defaults=True) for fault in faults]


def _held(bank: Bank) -> str:
    firmware = bank.firmware()
    return firmware.version if firmware is not None else ""


def _lan(server: VirtualServer) -> Lan:
    lan, bmc = server.bmc.lan, server.bmc
    dhcps = [segment.dhcp for segment in server.network.segments.values() if segment.dhcp is not None]
    return Lan(
        answers_at=bmc.address,
        address=lan.address,
        netmask=lan.netmask,
        gateway=lan.gateway,
        source="dhcp" if lan.source == DHCP else "static",
        mode=bmc.lan_mode,
        vlan=lan.vlan,
        mac=lan.mac,
        leases={mac: address for dhcp in dhcps for mac, address in dhcp.leases.items()},
    )

"""A virtual server in a known bad state, a ticket for it, and a technician who follows its printed text.

The ticket is chosen by the test, not by a diagnosis, and the administrator's repairs act on the model, as those of
emulators/hands/cures.py do. For many visits in a short time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from emulators import boards as truth
from emulators import cabling, images, webflash
from emulators.faults import Fault
from emulators.hands import Hands
from emulators.hands.cures import Known, cures, healthy
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from fwsim import boards
from fwsim.doors import Doors
from fwsim.rehearsal.memory import MemoryClock, MemoryHost, MemoryNetwork, drive
from fwsim.rehearsal.operator import RecordingHost
from fwsim.rehearsal.place import inventory
from recovery import procedures, ticket
from recovery.administrator import Administrator
from recovery.inventory import Inventory
from recovery.render import text
from recovery.technician import Bag, Report, Technician
from recovery.technician_report import observed
from recovery.technician_visit import Beside
from recovery.ticket import Ticket, Visit

HOUR = 3600.0
ACCOUNT = "visitor, for one visit"
WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def severe_lock(server: VirtualServer) -> None:
    server.nvram.invalid = True
    server.bmc.hang()
    server.power_reset()


def dead_bios(server: VirtualServer) -> None:
    for bank in server.chips["bios"].banks:
        bank.erase()
    server.power_reset()


def dead_bmc(server: VirtualServer) -> None:
    for bank in server.chips["bmc"].banks:
        bank.erase()
    server.bmc.cold_reset()


def never_returns(server: VirtualServer) -> None:
    server.faults.arm(Fault(kind="bmc-never-returns"))
    server.bmc.cold_reset()


def port_moved(server: VirtualServer) -> None:
    """The BMC uses the other port, and no system runs that could tell it better."""
    server.faults.arm(Fault(kind="host-never-returns", times=None))
    server.bmc.lan_mode = "dedicated" if server.bmc.lan_mode == "shared" else "shared"
    server.power_reset()


def loose_cable(server: VirtualServer) -> None:
    """Somebody has pulled the management cable half out."""
    label = server.body.in_port("dedicated")
    assert label is not None
    cabling.move(server, label, port="")


def dead_bios_and_loose_cable(server: VirtualServer) -> None:
    loose_cable(server)
    dead_bios(server)


def off(server: VirtualServer) -> None:
    server.power_off()


@dataclass
class Laptop:
    """A browser on a laptop at the BMC's port: what its pages show, by what the BMC does."""

    server: VirtualServer
    files: Mapping[str, bytes]
    page: str = ""
    chosen: str = ""

    async def browse(self, act: str, given: Mapping[str, str | float]) -> str | None:
        if act == "plug-in":
            return "a network"
        if act == "close":
            self.page = ""
            return "nothing"
        if self.server.bmc.address is None:
            self.server.advance(self.server.now + 60)  # the link is new
        if self.server.bmc.address is None or (act not in ("address", "login") and not self.page):
            return None
        return self._shown(act, given)

    def _shown(self, act: str, given: Mapping[str, str | float]) -> str | None:
        match act:
            case "login":
                self.page = "first page" if given["account"] == ACCOUNT else ""
                return self.page or None
            case "page" if "value" in given:
                return self.server.site.serial
            case "file":
                self.chosen = str(given["file"]) if given["file"] in self.files else ""
                return self.chosen or None
            case "update":
                return self._written()
        return act

    def _written(self) -> str | None:
        try:
            update = webflash.update_bios(self.server, self.files.get(self.chosen, b""))
        except webflash.Refused:
            return None
        self.server.advance(self.server.now + self.server.board.bios.write_s + 60)
        return "complete" if update.outcome else None


@dataclass
class Broken:
    """One server in trouble."""

    board: str
    breaks: Callable[[VirtualServer], None]
    server: VirtualServer = field(init=False)
    known: Known = field(init=False)
    reported: str = ""  # by the last visit, as `--observed` takes it

    def __post_init__(self) -> None:
        self.server = VirtualServer(ServerSpec(board=self.board, name="db07"))
        self.known = Known.of(self.server)
        self.breaks(self.server)
        self.server.advance(self.server.now + HOUR)

    @property
    def healthy(self) -> bool:
        return healthy(self.server, self.known)

    @property
    def bmc_reached(self) -> bool:
        return self.server.bmc.address == self.known.lan.address

    def ticket(self, procedure: str, **chosen: object) -> Ticket:
        """The ticket for that procedure on this server."""
        place = Inventory.model_validate(inventory(self.server))
        lives = self.server.bmc.answering and not self.server.bmc.foreign
        media = self._media(procedure)
        files = [item for one in media.values() for item in one.items()]
        digest = hashlib.sha256(files[0][1]).hexdigest() if files else ""
        name = files[0][0] if files else ""
        visit = Visit(when=WHEN, bmc_lives=lives, file=name, sha256=digest, **chosen)  # type: ignore[arg-type]
        return ticket.build(procedures.load(procedure), place, boards.load(self.board), visit)

    def _media(self, procedure: str) -> Mapping[str, Mapping[str, bytes]]:
        board = truth.load(self.board)
        if procedure == "usb-bios-recovery" and board.usb_recovery:
            return {"usb": {board.usb_recovery: images.build(board.firmware("bios"))}}
        if procedure == "idrac-sd-recovery" and board.sd_recovery:
            return {"sd": {board.sd_recovery: images.build(board.firmware("bmc"))}}
        if procedure == "web-gui-reflash":
            return {"laptop": {"BIOS.bin": images.build(board.firmware("bios"))}}
        return {}

    def visit(
        self,
        made: Ticket,
        *,
        printed: str | None = None,
        error_rate: float = 0.0,
        seed: int = 0,
        phone: Administrator | None = None,
    ) -> Report:
        """Somebody comes with that ticket, or with what has become of its text."""
        if made.identify:
            self.server.bmc.handle(0x00, 0, 0x04, b"\x00\x01", 4)
        media = self._media(made.procedure)
        bag = Bag(media, f"SPARE-{self.server.board.product}", Laptop(self.server, media.get("laptop", {})))
        technician = Technician(
            printed if printed is not None else text.render(made),
            Beside(Hands(self.server)),
            phone or self.administrator(made),
            bag,
            error_rate=error_rate,
            seed=seed,
        )
        report = drive(technician.visit())
        self.reported = observed(report)
        return report

    def administrator(self, made: Ticket) -> Administrator:
        repairs = cures(self.known)
        lan, (name, password) = self.known.lan, self.known.login
        doors = Doors(
            MemoryClock(self.server),
            MemoryHost(self.server),
            MemoryNetwork(self.server, lan.address, name.decode(), password.decode()),
            RecordingHost(),
        )

        async def repair(wanted: str) -> bool:
            return wanted in repairs and repairs[wanted](self.server)

        return Administrator(made, doors, repair, account=ACCOUNT)

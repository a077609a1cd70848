"""VirtualServer: the truth about one server. No I/O and no clock of its own; consequences follow from its state."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from emulators import boards, cabling, images, site, start, writing
from emulators.agenda import Agenda
from emulators.bmc import chassis, sel
from emulators.bmc.controller import Bmc
from emulators.body import Body
from emulators.cmos import Cmos
from emulators.console import Console
from emulators.faults import Faults, acts
from emulators.flash import Chip
from emulators.host.linux import VirtualHost
from emulators.host.process import Process, Run
from emulators.host.units import SSHD
from emulators.network import Dhcp, Network, Segment, Weather
from emulators.nvram import Nvram
from emulators.spec import ServerSpec
from emulators.world import World

if TYPE_CHECKING:
    from emulators.watch import Watch

Phase = Literal["off", "post", "hung", "boot", "no-boot", "setup", "up", "shutdown"]
STARTS = ("reboot", "power-cycle", "ac-cycle")  # what a start may follow, the thorougher ones later
RESTORE_S = 5.0  # from the BMC's start to its restoring the host's power
RESTORE_PREVIOUS, RESTORE_ON = 1, 2  # IPMI 2.0 section 28.8


@dataclass
class Psu:
    """A power supply: does mains reach it?"""

    mains: bool = True


class VirtualServer:
    """One server: flash, NVRAM, power, ports, BMC and host.

    Every access advances the agenda first (`advance`); `next_due` says when to look again.
    """

    def __init__(
        self,
        spec: ServerSpec,
        world: World | None = None,
        board: boards.Board | None = None,
        *,
        hurry: bool = True,
    ) -> None:
        """`board`: a variant of the one that the spec names. `hurry`: make the host's disk now, not when it is used."""
        self.spec = spec
        self.board = board or boards.load(spec.board)
        self.agenda = Agenda()
        self.random = random.Random(spec.seed)
        self.world = world or World()
        self.watch: Watch | None = None  # whoever is to be told what is done to the server
        self.licences = self.board.licences
        self.engine_held = False  # the management engine refuses its recovery mode, until all mains have been off
        self.chips = {kind: self.factory_chip(kind) for kind in ("bmc", "bios")}
        self.psus = [Psu(*spec.mains[i : i + 1]) for i in range(self.board.psus)]
        self.site = spec.site or site.default(self.board, spec.name, spec.seed, vlan=spec.bmc_vlan)
        self.body = Body.at(self.site)
        self.cmos = Cmos(self)
        self.phase: Phase = "up"
        self.post_code = 0
        self.boots = 0
        self.power_starts = 0
        self.nvram = Nvram.of(self.board.vendor, self.board.bios, spec.bios_settings)
        self.running_bios = self.chips["bios"].boot_firmware()
        self.pre_boot: list[Callable[[], Run[object]]] = []  # work that runs during the next POST
        self.after_power: dict[str, list[Callable[[], Run[object]]]] = {"power-cycle": [], "ac-cycle": []}
        self._cause = "reboot"  # what the next start follows
        self._was_on = True  # when mains were lost
        self.network = self._network()
        self._os_port = next(nic.port for nic in self.board.nics if nic.name is not None)
        self._serves_on = self.network.cables.get("lan1")
        self.bmc = Bmc(self)
        self._start: Process | None = None
        self._configure_bmc()
        self._host: VirtualHost | None = None
        self._os_lives: list[tuple[float, float | None]] = [(0.0, None)]  # up from, down at, until somebody looks
        self.console = Console(self)
        self.faults = Faults(spec.faults)
        self.bmc.start_now()
        self.console.up()
        if hurry:
            _ = self.host

    # -- what goes wrong

    @property
    def faults(self) -> Faults:
        """The armed faults."""
        return self._faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        self._faults = faults
        faults.attach(self)

    def command_starts(self, name: str) -> None:
        """A command starts on the host: a moment at which others may act."""
        self.faults.happened("runs", name)
        for fault in self.faults.passing("host.command"):
            acts.apply(self, fault)

    # -- time

    def advance(self, now: float) -> None:
        """Live up to simulated second `now`."""
        self.agenda.advance(now)

    def next_due(self) -> float | None:
        """When something happens next by itself, or None."""
        return self.agenda.next_due()

    @property
    def now(self) -> float:
        """Simulated seconds since the server was handed over."""
        return self.agenda.now

    @property
    def calendar(self) -> float:
        """The server's wall clock: Unix time."""
        return self.spec.epoch + self.agenda.now

    def note(self, kind: str, **fields: Any) -> None:
        """Write to the world's truth."""
        self.world.record(self.agenda.now, kind, **fields)

    @property
    def host(self) -> VirtualHost:
        """What runs on the server. Where nobody has looked yet, it is made now as its boots have left it."""
        if self._host is None:
            self._host = VirtualHost(self)
            for up, down in self._os_lives:
                self._host.boot(at=up)
                if down is not None:
                    self._host.halt(at=down)
        return self._host

    def _boot_host(self) -> None:
        if self._host is not None:
            self._host.boot()
        else:
            self._os_lives.append((self.agenda.now, None))

    def _halt_host(self) -> None:
        if self._host is not None:
            self._host.halt()
        elif self._os_lives[-1][1] is None:
            self._os_lives[-1] = (self._os_lives[-1][0], self.agenda.now)

    # -- identity

    @property
    def boot_order(self) -> list[str]:
        """The devices that the firmware tries, in order."""
        return self.nvram.order

    @boot_order.setter
    def boot_order(self, devices: list[str]) -> None:
        self.nvram.order = devices

    @property
    def bios_settings(self) -> dict[str, str]:
        """The BIOS's settings by their keys (emulators/nvram.py)."""
        return self.nvram.settings

    @property
    def guid(self) -> bytes:
        """The system's GUID as the BMC reports it (IPMI 2.0 section 20.8)."""
        return uuid.UUID(self.board.uuid).bytes_le

    def mac(self, port: str) -> str:
        """The MAC address of a port."""
        return next(nic.mac for nic in self.board.nics if nic.port == port)

    @property
    def on_network(self) -> bool:
        """Is the operating system up, and on the network by the port that it was installed with?"""
        if self.phase != "up" and self.phase != "shutdown":
            return False
        network, port = self.network, self._os_port
        return network.cables.get(port, "") == self._serves_on and port not in network.listening

    @property
    def serves(self) -> bool:
        """Is it on the network, and does its sshd take connections?"""
        return self.on_network and (self._host is None or SSHD not in self._host.units.stopped)

    # -- power

    @property
    def standby(self) -> bool:
        """Does any supply have mains, and does the node sit in its chassis?"""
        return self.body.sled_in and any(psu.mains for psu in self.psus)

    @property
    def powered(self) -> bool:
        """Is the host on?"""
        return self.phase != "off"

    def set_mains(self, psu: int, mains: bool) -> None:
        """Plug a supply in or out. Without any, the BMC and the host stop; with the first, the BMC boots."""
        with self._supply():
            self.psus[psu].mains = mains
        sel.log_supply(self.bmc, psu, mains)
        self.note("mains", psu=psu + 1, mains=mains)

    def seat(self, seated: bool) -> None:
        """Push the node's sled into its chassis, or pull it out: this node's power alone."""
        with self._supply():
            self.body.sled_in = seated
        self.note("sled", seated=seated)

    @contextmanager
    def _supply(self) -> Iterator[None]:
        """What follows where standby power comes or goes meanwhile."""
        before, on = self.standby, self.powered
        yield
        if before and not self.standby:
            self._halt("off")
            self._cause = "ac-cycle"
            self._was_on = on
            self.engine_held = False
        if before != self.standby:
            self.bmc.power(self.standby)
            self.cmos.supply_changed()
        if not before and self.standby:
            self.agenda.after(self.board.bmc.boot_s + RESTORE_S, self._restore_power)

    def _restore_power(self) -> None:
        """What the BMC does some time after mains returned: its power restore policy."""
        policy = self.bmc.nvram.get("power-policy", RESTORE_PREVIOUS)
        if policy == RESTORE_ON or (policy == RESTORE_PREVIOUS and self._was_on):
            self.power_on()

    def power_on(self) -> None:
        """The power button, or Chassis Control: power up."""
        if self.phase == "off" and self.standby:
            sel.log(self.bmc, "power-on")
            self._begin_start()

    def power_off(self) -> None:
        """At once, as by holding the button."""
        if self.powered:
            sel.log(self.bmc, "power-off")
        self._off()
        self.note("host-power-off")

    def power_reset(self) -> None:
        """Hard reset of a host that is on."""
        if self.powered:
            self._restart()

    def power_cycle(self, off_s: float = 10.0) -> None:
        """Off, then on again after `off_s`."""
        if self.powered:
            sel.log(self.bmc, "power-cycle")
            self._off()
            self.agenda.after(off_s, self.power_on)

    def power_soft(self) -> None:
        """ACPI power button: the operating system shuts down, if there is one."""
        if self.phase == "up":
            self.host_poweroff()

    def host_reboot(self) -> None:
        """The operating system goes down and the firmware starts again."""
        self._shut_down(self._restart)

    def host_poweroff(self) -> None:
        """The operating system goes down and the host off."""
        self._shut_down(self.power_off)

    def _shut_down(self, then: Callable[[], None]) -> None:
        if self.phase != "up":
            return
        self.phase = "shutdown"
        self.note("host-shutdown")
        self.console.shut_down(restart=then == self._restart)
        self.agenda.after(self.board.bios.os_shutdown_s, lambda: then() if self.phase == "shutdown" else None)

    def _restart(self) -> None:
        sel.log(self.bmc, "reset")
        self._halt("post")
        self._begin_start()

    def _off(self) -> None:
        self._halt("off")
        self._cause = max(self._cause, "power-cycle", key=STARTS.index)

    def _halt(self, phase: Phase) -> None:
        if self._start is not None:
            self._start.kill()
            self._start = None
        self.phase = phase
        self._halt_host()
        self.console.cut()

    # -- POST and boot

    def _begin_start(self) -> None:
        self.power_starts += 1
        for cause in STARTS[1 : STARTS.index(self._cause) + 1]:
            self.pre_boot += self.after_power[cause]
            self.after_power[cause] = []
        self._cause = "reboot"
        self._start = Process(0, "start", start.start(self), self.agenda, None)
        self._start.start()

    def up(self) -> None:
        """The operating system runs."""
        self.phase = "up"
        self.boots += 1
        self._boot_host()
        self.console.up()
        self.note("host-up", bios=self.running_bios.version if self.running_bios else "")

    # -- writing flash

    def program(
        self, chip: str, image: bytes, seconds: float, on_percent: Callable[[int], None] | None = None
    ) -> Run[bool]:
        """Write `image` into the chip's target bank over `seconds`. False where the writing stopped half way.

        Ending the generator early (a killed process, lost power) leaves the bank as far as it was written.
        """
        bank = self.chips[chip].begin()
        self.note("flash-started", chip=chip)
        try:
            return (yield from writing.write(self, chip, bank, image, seconds, on_percent))
        finally:
            if self.chips[chip].uploading is not None:
                self.chips[chip].uploading = None
                self.note("flash-interrupted", chip=chip)

    def arrived(self, data: bytes) -> bytes:
        """What becomes of a file's bytes on their way onto the host's disk."""
        if data and self.faults.passing("transfer"):
            self.note("payload-corrupted")
            return bytes([data[0] ^ 0xFF]) + data[1:]
        return data

    def stage_bios(self, image: bytes, *, keeps_settings: bool = True) -> None:
        """Keep an image to be written during the next start that the board applies it at."""
        writing.stage(self, image, keeps_settings=keeps_settings)

    # -- building

    def factory_chip(self, kind: images.Kind) -> Chip:
        """A chip as this server's board came with it."""
        part = self.board.bmc if kind == "bmc" else self.board.bios
        firmware = self.board.firmware(kind, self.spec.versions.get(kind))
        return Chip.holding(kind, images.build(firmware, part.image_size), part.banks)

    def _network(self) -> Network:
        dhcp = Dhcp(self.spec.dhcp_pool) if self.spec.dhcp_pool else None
        management = Segment("management", dhcp, self.spec.bmc_vlan)
        networks = {"management": management, "production": Segment("production")}
        return Network(networks, cabling.joined(self.site, self.body), self._weather())

    def _weather(self) -> Weather:
        return Weather(random=random.Random(f"weather of {self.spec.seed}"))

    def _configure_bmc(self) -> None:
        lan, spec = self.bmc.lan, self.spec
        lan.address, lan.netmask, lan.gateway = spec.bmc_address, spec.bmc_netmask, spec.bmc_gateway
        lan.vlan = spec.bmc_vlan
        for name, password in spec.bmc_passwords.items():
            user = self.bmc.users.by_name(name.encode())
            if user is not None:
                user.password = password.encode()
        for account in spec.bmc_users:
            self.bmc.users.add(account.id, account.name, account.password, account.privilege, account.enabled)
        if spec.boot_device:
            chassis.ask_always(self.bmc, spec.boot_device)

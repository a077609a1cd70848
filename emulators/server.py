"""VirtualServer: the truth about one server. No I/O and no clock of its own; consequences follow from its state."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from emulators import boards, console_text, images, writing
from emulators.agenda import Agenda
from emulators.bmc import chassis, sel
from emulators.bmc.controller import Bmc
from emulators.console import Console
from emulators.faults import Faults, acts
from emulators.flash import Chip
from emulators.hardening import PASSPHRASE
from emulators.host.linux import VirtualHost
from emulators.host.process import Process, Run
from emulators.network import Dhcp, Network, Segment, Weather
from emulators.nvram import Nvram
from emulators.spec import ServerSpec
from emulators.world import World

Phase = Literal["off", "post", "hung", "boot", "no-boot", "setup", "up", "shutdown"]
STARTS = ("reboot", "power-cycle", "ac-cycle")  # what a start may follow, the thorougher ones later
RESTORE_S = 5.0  # from the BMC's start to its restoring the host's power
RESTORE_PREVIOUS, RESTORE_ON = 1, 2  # IPMI 2.0 section 28.8
ASK_S = 1.0
PXE_S = 60.0  # until the firmware gives up one port from which nobody starts it


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
        self.licences = self.board.licences
        self.chips = {kind: self._chip(kind) for kind in ("bmc", "bios")}
        self.psus = [Psu(*spec.mains[i : i + 1]) for i in range(self.board.psus)]
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

    # -- power

    @property
    def standby(self) -> bool:
        """Does any supply have mains?"""
        return any(psu.mains for psu in self.psus)

    @property
    def powered(self) -> bool:
        """Is the host on?"""
        return self.phase != "off"

    def set_mains(self, psu: int, mains: bool) -> None:
        """Plug a supply in or out. Without any, the BMC and the host stop; with the first, the BMC boots."""
        before, on = self.standby, self.powered
        self.psus[psu].mains = mains
        if before and not self.standby:
            self._halt("off")
            self._cause = "ac-cycle"
            self._was_on = on
        if before != self.standby:
            self.bmc.power(self.standby)
            self.agenda.after(self.board.bmc.boot_s + RESTORE_S, self._restore_power)
        sel.log_supply(self.bmc, psu, mains)
        self.note("mains", psu=psu + 1, mains=mains)

    def clear_cmos(self) -> bool:
        """Short the pads of the CMOS clear (Supermicro's JBT1): it acts with all mains off, and only then."""
        if self.standby:
            return False
        self.nvram.reset()
        self.nvram.invalid = False
        self.note("cmos-cleared")
        return True

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
        self._start = Process(0, "start", self._start_up(), self.agenda, None)
        self._start.start()

    def _start_up(self) -> Run[int]:
        self.phase = "post"
        self.note("post")
        device = chassis.take_boot_device(self.bmc)
        if not (yield from self._post()):
            return 1
        self.phase, self.post_code = "boot", 0x00
        sel.log(self.bmc, "boot-initiated")
        if device == "setup":  # any other device has nothing to boot from here, and the boot order follows
            self.phase = "setup"
            self.console.setup()
            self.note("bios-setup")
            return 1
        if not (yield from self._finds_system()):
            self.phase = "no-boot"
            self.console.no_boot()
            self.note("no-boot-device")
            return 1
        self.console.boot()
        yield self.board.bios.os_boot_s
        for fault in self.faults.passing("host.boot"):
            if fault.kind == "sealed-disk-asks":
                yield from self._asks(console_text.DISK_ASKS, lambda typed: f"{PASSPHRASE}\r".encode() in typed)
                continue
            self.phase = "hung"
            self.console.boot_hangs()
            self.note("host-hung")
            return 1
        self.phase = "up"
        self.boots += 1
        self._boot_host()
        self.console.up()
        self.note("host-up", bios=self.running_bios.version if self.running_bios else "")
        return 0

    def _finds_system(self) -> Run[bool]:
        """Along the boot order: nobody starts it from the network; the disk's system, if it is seen as installed."""
        for device in self.boot_order:
            if device == "disk" and self.nvram.finds_system:
                return True
            if device != "disk":
                yield PXE_S
        return False

    def _post(self) -> Run[bool]:
        """Run the active BIOS; do what waits for a boot, and then the new one. False where it hangs."""
        before = self.running_bios
        self.faults.happened("post")
        trouble = {fault.kind: fault for fault in self.faults.passing("bios.post")}
        while True:
            firmware = self.chips["bios"].boot_firmware()
            self.post_code = 0x19
            if not self._posts(firmware):
                self.running_bios = None
                return self._hangs(firmware)
            lost = self.faults.passing("bios.first-boot") if firmware != before else []
            if forgotten := self.nvram.start([fault.kind for fault in lost], self.board.nics):
                self.note("bios-forgot", what=forgotten)
            self.running_bios = firmware
            if "severe-lock" in forgotten:
                self.bmc.hang()
            if self.nvram.invalid:
                return self._hangs(firmware)
            self.post_code = 0x92
            self.console.post()
            yield self.board.bios.post_s
            if (hangs := trouble.get("post-hangs")) is not None:
                self.post_code = hangs.code if hangs.code is not None else self.post_code
                return self._hangs(firmware)
            if self.faults.passing("bios.post-end"):
                self.note("post-restarted")
                continue
            if trouble.pop("stops-at-f1", None) is not None:
                yield from self._asks(console_text.F1, lambda typed: any(key in typed for key in console_text.F1_KEYS))
            if not self.pre_boot:
                break
            yield from self.pre_boot.pop(0)()
        if firmware != before:
            yield self.board.bios.update_post_s
        return True

    def _hangs(self, firmware: images.Firmware | None) -> bool:
        """POST goes no further."""
        self.phase = "hung"
        self.console.stuck(firmware)
        sel.log(self.bmc, "bios-corrupt" if firmware is None else "post-hang")
        self.note("post-hung", code=self.post_code)
        return False

    def _asks(self, text: str, answered: Callable[[bytes], bool]) -> Run[None]:
        """Wait until somebody has typed the answer at the console."""
        self.note("console-asks", text=text.strip())
        self.console.ask(text, answered)
        while self.console.asking:
            yield ASK_S

    def _posts(self, firmware: images.Firmware | None) -> bool:
        """Does this firmware get through POST on this board with this BMC?"""
        if firmware is None or firmware.kind != "bios" or firmware.board_id != self.board.bios.board_id:
            return False
        running = self.bmc.running
        return not firmware.requires_bmc or (
            running is not None and not writing.older(running.version, firmware.requires_bmc)
        )

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

    def _chip(self, kind: images.Kind) -> Chip:
        part = self.board.bmc if kind == "bmc" else self.board.bios
        firmware = self.board.firmware(kind, self.spec.versions.get(kind))
        return Chip.holding(kind, images.build(firmware, part.image_size), part.banks)

    def _network(self) -> Network:
        dhcp = Dhcp(self.spec.dhcp_pool) if self.spec.dhcp_pool else None
        management = Segment("management", dhcp, self.spec.bmc_vlan)
        cables = {"dedicated": "management", "lan1": "production"}
        if self.board.bmc.lan_mode == "shared":  # then the management network comes by the port that both use
            cables = {"lan1": "management"}
        return Network({"management": management, "production": Segment("production")}, cables, self._weather())

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

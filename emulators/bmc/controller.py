"""The virtual BMC itself: its life (dark, up, dead), what it runs, and what its NVRAM keeps."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from emulators import images, sdrecovery
from emulators.agenda import Entry
from emulators.bmc.lanconfig import DHCP, NO_MAC, UNSET, LanConfig
from emulators.bmc.reply import Reply
from emulators.bmc.sel import Sel
from emulators.bmc.users import Users
from emulators.boards import BmcBoard
from emulators.faults import Fault
from emulators.flash import Chip

if TYPE_CHECKING:
    from emulators.server import VirtualServer

ACCESS_DISABLED = 0  # of a channel, IPMI 2.0 table 22-28
State = Literal["off", "booting", "up", "dead"]
LanMode = Literal["dedicated", "shared", "failover"]

DRAIN_S = 15.0  # a shorter loss of standby power resets nothing that hangs (vendor facts section 6: off time)
LATE_S, FLAPPING_S = 300.0, 45.0  # how long, where a fault does not say
ACTIVATE, UNSPECIFIED = 0x35, 0xFF  # HPM.1's Activate Firmware, and a completion code for it
SELF_TEST_FAILED = (0x57, 0x00)  # corrupted or inaccessible data or devices (IPMI 2.0 section 20.4)


@cache
def _dispatch() -> Callable[..., Reply | None]:
    """Its handlers import this module, so it is imported when the first message comes."""
    from emulators.bmc import dispatch

    return dispatch.handle


class Bmc:
    """A management controller on its own small computer.

    `running` is the code in its RAM: what the active bank held when it booted, not what the bank holds now.
    `generation` counts boots; whoever keeps sessions drops those of an older one.
    """

    def __init__(self, server: VirtualServer) -> None:
        self.server = server
        self.board: BmcBoard = server.board.bmc
        self.chip: Chip = server.chips["bmc"]
        self.state: State = "off"
        self.running: images.Firmware | None = None
        self.generation = 0
        self.users: Users = Users(self.board)
        self.lan: LanConfig = LanConfig(mac=server.mac("dedicated"))
        self.lan_mode: LanMode = self.board.lan_mode
        self.sel: Sel = Sel(server)
        self.guid: bytes = server.guid
        self.volatile: dict[str, Any] = {}  # what a handler keeps in RAM: gone at every reset
        self.nvram: dict[str, Any] = {}  # what a handler keeps in NVRAM
        self._chosen = ""  # of the ports that failover may use: what it found at its start
        self._hung = False  # so that nothing but a loss of standby power, long enough to drain it, ends that
        self._dark_since = 0.0
        self._boot: Entry | None = None
        self._trouble: dict[str, Fault] = {}  # of this start

    # -- what can be seen from outside

    @property
    def answering(self) -> bool:
        """Does it answer messages at all (KCS)? False while it boots, when it is dead, and without standby power."""
        return self.state == "up"

    @property
    def foreign(self) -> bool:
        """Does it run another family's code? Then LAN, fans and sensors are dead; KCS still works."""
        return self.running is not None and self.running.family != self.board.family

    @property
    def port(self) -> str | None:
        """The port that it uses, or None where no cable joins that to a network. Some boards choose in failover mode
        at the BMC's start alone."""
        if self.lan_mode == "failover" and not self.board.failover_live and self._chosen:
            return self._chosen if self._chosen in self.server.network.cables else None
        return self.server.network.bmc_port(self.lan_mode)

    def _choose_port(self) -> None:
        self._chosen = self.server.network.bmc_port("failover") or "lan1"

    @property
    def address(self) -> str | None:
        """Where it answers IPMI on the network now, or None where it answers nowhere."""
        return None if self.lan.access_mode == ACCESS_DISABLED else self.on_network

    @property
    def on_network(self) -> str | None:
        """Where it is on the network now, whether or not it answers IPMI there: its web pages are not IPMI."""
        port = self.port
        if not self.answering or self.foreign or port is None or self.lan.unreachable:
            return None
        return self.lan.address if self.server.network.heard(port, self.lan.vlan) else None

    @property
    def leaked_sessions(self) -> int:
        """Session slots that nobody uses and nobody gets, until a restart."""
        return int(self.volatile.get("leaked-sessions", 0))

    def locked(self, name: bytes) -> bool:
        """Have somebody else's wrong passwords locked that user?"""
        until: float = self.volatile.get("locked-users", {}).get(name, 0.0)
        return self.server.now < until

    def handle(
        self, netfn: int, lun: int, command: int, data: bytes, privilege: int, *, channel: int = 1, session: Any = None
    ) -> Reply | None:
        """Answer one message, or None while dark. Arguments as in emulators.bmc.dispatch.handle."""
        watch = self.server.watch
        if watch is None:
            return _dispatch()(self, netfn, lun, command, data, privilege, channel=channel, session=session)

        def answer() -> Reply | None:
            return _dispatch()(self, netfn, lun, command, data, privilege, channel=channel, session=session)

        return watch.ipmi(netfn, command, data, channel, answer)

    # -- its life

    def power(self, standby: bool) -> None:
        """Standby power has come or gone. Coming, it boots; going, all but NVRAM is lost."""
        if standby and self.state == "off":
            self._hung &= self.server.now - self._dark_since < DRAIN_S
            if self._hung:
                self.state = "dead"
                return
            self._start()
        elif not standby:
            self._hung = self._hung or self.state == "dead"
            self._dark_since = self.server.now
            self._stop("off")

    def cold_reset(self) -> None:
        """Restart from the active bank: dark at once, back after the board's boot time if the bank is whole."""
        if self.state in ("up", "dead", "booting"):
            self._stop("booting")
            self._start()

    def button_reset(self) -> None:
        """The reset behind a button: as a cold reset, but it does not end what only a loss of standby power does."""
        if not self._hung:
            self.cold_reset()

    def start_now(self) -> None:
        """Be up as if it had booted long ago: the state in which a server is handed over."""
        self.state = "up"
        self.running = self.chip.boot_firmware()
        self.generation += 1
        self._choose_port()
        self.refresh_lease()

    def refresh_lease(self) -> None:
        """Ask for a lease where the address comes from DHCP (at boot, when settings or cables change)."""
        if self.lan.source != DHCP:
            return
        port = self.port
        leased = self.server.network.lease(port, self.lan.mac, self.lan.vlan) if port else None
        self.lan.address = leased or UNSET

    def make_active(self) -> bool:
        """Make an uploaded image the one that boots. False where the BMC says so but does not do it (a fault)."""
        if self.chip.pending is None:
            return True
        if self.server.faults.passing("bmc.activate"):
            self.chip.pending = None
            self.server.note("bmc-image-not-activated")
            return False
        self.chip.activate()
        return True

    def factory_default(self) -> None:
        """Users and LAN settings as the factory left them (Supermicro OEM 3c/40)."""
        self.users.reset()
        self.lan.forget()
        self.lan_mode = self.board.lan_mode
        for kept in ("channel-keys", "channel-keys-locked", "serial", "serial-access", "serial-users"):
            self.nvram.pop(kept, None)
        self.refresh_lease()
        self.server.note("bmc-factory-default")

    def _stop(self, state: State) -> None:
        if self._boot is not None:
            self._boot.cancel()
        self.state, self._boot = state, None
        self.volatile.clear()
        self.server.note("bmc-dark")

    def _start(self) -> None:
        self.state = "booting"
        if self.chip.uploading is not None:
            self.chip.uploading = None  # an upload does not survive a restart
        hpm = self.board.hpm
        if hpm is not None and hpm.activation == "reset":
            self.make_active()
        self.server.faults.happened("reset")
        self._trouble = {fault.kind: fault for fault in self.server.faults.passing("bmc.boot")}
        late = self._trouble.get("bmc-late")
        late_s = late.seconds_or(LATE_S) if late is not None else 0.0
        self._boot = self.server.agenda.after(self.board.boot_s + late_s, self._booted)

    def hang(self) -> None:
        """Nothing answers any more, and only a loss of standby power ends that."""
        self._stop("dead")
        self.running, self._hung = None, True
        self.server.note("bmc-dead")

    def _booted(self) -> None:
        firmware = self.chip.boot_firmware()
        self._boot = None
        if firmware is None or firmware.kind != "bmc" or "bmc-never-returns" in self._trouble:
            self.state, self.running = "dead", None
            self.server.note("bmc-dead")
            sdrecovery.poll(self.server)
            return
        first = self.running is not None and (firmware != self.running or self.chip.fresh)
        self.chip.fresh = False
        if first and self._goes_back():
            return
        self.state, self.running = "up", firmware
        self.generation += 1
        self._choose_port()
        if first:
            self.lan.mac = self.server.mac("dedicated")
            self._forget()
        self.refresh_lease()
        self.server.note("bmc-up", version=firmware.version)
        self._stay()

    def _stay(self) -> None:
        """It is up; troubles may cost it its system interface, or its life soon after."""
        if "kcs-wedged" in self._trouble:
            self.volatile["kcs-wedged"] = True
        flapping, born = self._trouble.get("bmc-flapping"), self.generation
        if flapping is not None:
            self.server.agenda.after(
                flapping.seconds_or(FLAPPING_S), lambda: self.cold_reset() if self.generation == born else None
            )

    def _forget(self) -> None:
        """What the first start of new firmware loses (faults): the keeping of settings is a tool's promise, no law."""
        for fault in self.server.faults.passing("bmc.first-boot"):
            match fault.kind:
                case "lan-reverts-to-dhcp":
                    self.lan.forget()
                    self.server.note("bmc-lan-reverted")
                case "lan-config-wiped":
                    self.lan.wipe()
                case "users-reset":
                    self.users.reset()
                case "lan-mode-moved":
                    self.lan_mode = "shared" if self.lan_mode != "shared" else "dedicated"
                case "mac-lost":
                    self.lan.mac = NO_MAC
                case "lan-disabled":
                    self.lan.access_mode = ACCESS_DISABLED
                case "boot-flags-lost":
                    self.nvram.pop("boot-options", None)
                case "clock-lost":
                    self.sel.forget_time()
            self.server.note("bmc-forgot", fault=fault.kind)

    def _goes_back(self) -> bool:
        """Does new firmware fail in its first boot (a fault)? Then the BMC starts again from the other bank, if it has
        one, and remembers why: HPM.1's commands tell it after the restart."""
        failed = self.server.faults.passing("bmc.new-image")
        if not failed:
            return False
        done = self.chip.rollback()
        if failed[0].kind == "self-test-fails":
            self.nvram["hpm-self-test"] = SELF_TEST_FAILED
        else:
            self.nvram["hpm-status"] = (ACTIVATE, failed[0].completion_code or UNSPECIFIED)
        self.nvram["hpm-rollback"] = "done" if done else "failed"
        self.server.note("bmc-went-back", done=done)
        if done:
            self._boot = self.server.agenda.after(self.board.boot_s, self._booted)
        else:
            self.state, self.running = "dead", None
        return True

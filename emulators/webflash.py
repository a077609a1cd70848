"""The BMC writes firmware by itself, as its web pages ask it to: the host's BIOS, alive or dead, and its own.

    update_bios(server, data, preserve=True) -> BiosUpdate     raises Refused, with every check and what it found

The writing goes on by itself on the server's agenda and ends when the BMC goes dark on the way, with the bank written
as far as it came. Whoever waits looks at `outcome`: None while it runs, then whether all was written. In memory:

    update = update_bios(server, image)
    while update.outcome is None:
        server.advance(server.next_due())

Rules: vendor facts, sections 3.3 and 6. The host is off with standby power on, a product key is activated, the image
is whole and for this very board, signed firmware is no older than what is there, and the management engine goes into
its recovery mode. Boards with a lifecycle controller (`oob: job`) take the image of a BIOS that starts as a job.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from emulators import images, writing
from emulators.bmc.selfupdate import SelfUpdate, in_progress
from emulators.host.process import Process, Run
from emulators.lifecycle import Job, queue

if TYPE_CHECKING:
    from emulators.bmc.controller import Bmc
    from emulators.server import VirtualServer

RECOVERY_S = 10.0  # the management engine's way into its recovery mode
LOOK_S = 30.0  # shorter than any BMC's start
RESTART_S = 5.0  # from the end of the BMC's own flash to its restart
_KEY = "web-bios-update"  # where the BMC's RAM remembers it

INVENTED: tuple[str, ...] = (
    "web flash: the seconds that the management engine takes to its recovery mode",
    "web flash: an iDRAC writes a BIOS that does not start by itself, with the host off",
    "web flash: a BIOS that the BMC writes is over with the BMC's restart, and an iDRAC's job of it then Failed",
    "web flash: where every bank is damaged, signed firmware of any version is taken",
)

Stage = Literal["recovery mode", "writing", "scheduled", "done", "failed"]


@dataclass(frozen=True)
class Check:
    """One thing that must be so before anything is written, and what was found, in words."""

    name: Literal["bmc", "image", "board", "licence", "power", "rollback", "idle", "engine"]
    passed: bool
    found: str


class Refused(Exception):
    """Nothing was written. `checks` are all of them, `failed` those that are in the way."""

    def __init__(self, checks: tuple[Check, ...]) -> None:
        self.checks = checks
        self.failed = tuple(check for check in checks if not check.passed)
        super().__init__("; ".join(check.found for check in self.failed))


class BiosUpdate:
    """One update of the host's BIOS by the BMC."""

    def __init__(self, server: VirtualServer, data: bytes, firmware: images.Firmware, *, preserve: bool) -> None:
        self.version, self.preserve = firmware.version, preserve
        self._server = server
        self._stage: Stage = "recovery mode"
        self._percent = 0
        self._outcome: bool | None = None
        self.job: Job | None = None
        server.bmc.volatile[_KEY] = self
        server.note("bios-update-by-bmc", version=firmware.version, preserve=preserve)
        if server.board.bios.oob == "job" and starts(server):
            self.job = queue(server).update(data, "web upload")
        else:
            self._tell = queue(server).at_once(self.version) if server.board.bios.oob == "job" else None
            Process(0, "bmc-bios-update", self._run(data), server.agenda, None).start()

    @property
    def outcome(self) -> bool | None:
        """None while it runs or waits for a start of the host, then: was all written?"""
        if self.job is not None:
            return self.job.status == "Completed" if self.job.ended else None
        return self._outcome

    @property
    def percent(self) -> int:
        """How much of the image has been written."""
        return (self.job.percent or 0) if self.job is not None and self.job.started is not None else self._percent

    @property
    def stage(self) -> Stage:
        """What it does now."""
        if self.job is None:
            return self._stage
        by_status: dict[str, Stage] = {"Running": "writing", "Completed": "done", "Failed": "failed"}
        return by_status.get(self.job.status, "scheduled")

    def _run(self, image: bytes) -> Run[int]:
        server, bmc = self._server, self._server.bmc
        generation = bmc.generation
        yield RECOVERY_S
        self._stage = "writing"
        program = server.program("bios", image, server.board.bios.write_s, on_percent=self._reached)
        left_s = 0.0
        while bmc.answering and bmc.generation == generation:
            if left_s <= 0:
                try:
                    left_s = cast(float, next(program))
                except StopIteration as stop:
                    return self._end(bool(stop.value))
            waits_s = min(left_s, LOOK_S)  # a writing that stands still ends with the BMC's restart as well
            left_s -= waits_s
            yield waits_s
        program.close()
        return self._end(False)

    def _reached(self, percent: int) -> None:
        self._percent = percent

    def _end(self, written: bool) -> int:
        if written:
            self._server.chips["bios"].activate()
            self._server.nvram.reset_due = not self.preserve
        self._outcome, self._stage = written, "done" if written else "failed"
        if self._tell is not None:
            self._tell(written)
        return 0 if written else 1


def starts(server: VirtualServer) -> bool:
    """Is what the BIOS chip holds a whole BIOS of this board?"""
    firmware = server.chips["bios"].boot_firmware()
    return firmware is not None and firmware.board_id == server.board.bios.board_id


def update_bios(server: VirtualServer, data: bytes, preserve: bool = True) -> BiosUpdate:
    """Write `data`, a BIOS image; `preserve` keeps the settings. Raises Refused with nothing written."""
    found = checks(server, data)
    if all(check.passed for check in found) and server.board.bios.oob == "host-off":
        if server.faults.passing("bios.recovery-mode"):
            server.engine_held = True
            server.note("engine-not-in-recovery")
        found = checks(server, data)
    firmware = images.read(data)
    if firmware is None or not all(check.passed for check in found):
        raise Refused(found)
    return BiosUpdate(server, data[: images.declared_length(data)], firmware, preserve=preserve)


def current(server: VirtualServer) -> BiosUpdate | None:
    """The last update that this BMC has begun since its start."""
    kept: BiosUpdate | None = server.bmc.volatile.get(_KEY)
    return kept


def update_bmc(server: VirtualServer, data: bytes, preserve: bool = True) -> SelfUpdate:
    """Write `data`, a BMC image (.bin or .hpm), and restart the BMC; without `preserve` as the factory left it.

    Raises Refused with nothing written.
    """
    image = unwrapped(data)
    firmware, board, bmc = images.read(image), server.board.bmc, server.bmc
    found = (
        _check(bmc.answering, "bmc", "the BMC answers", "the BMC does not answer"),
        _is_image(firmware, "bmc"),
        _check(
            firmware is not None and firmware.family == board.family, "board",
            f"the image is for {board.family}",
            f"the image is for {firmware.family if firmware else 'nothing known'}, this BMC is {board.family}",
        ),
        _idle(server),
    )  # fmt: skip
    if not all(check.passed for check in found):
        raise Refused(found)

    def done(written: bool) -> None:
        if not written:
            return
        if not preserve:
            server.agenda.after(RESTART_S, bmc.factory_default)
        if not board.resets_itself:
            server.agenda.after(RESTART_S, bmc.cold_reset)

    whole = image[: images.declared_length(image)]
    return SelfUpdate(server, whole, board.flash_s, restart_after_s=RESTART_S, when_done=done)


def unwrapped(data: bytes) -> bytes:
    """The image in an .hpm file; anything else as it is."""
    start = data.find(images.MAGIC)
    return data[start:] if data.startswith(images.HPM_MAGIC) and start >= 0 else data


# -- what must be so


def checks(server: VirtualServer, data: bytes) -> tuple[Check, ...]:
    """All of them, for a BIOS image; nothing is done."""
    return tuple(_all(server, images.read(data)))


def standing(server: VirtualServer) -> tuple[Check, ...]:
    """Those that need no file: what the page tells before anybody has chosen one."""
    return tuple(check for check in _all(server, None) if check.name not in ("image", "board", "rollback"))


def _all(server: VirtualServer, firmware: images.Firmware | None) -> Iterator[Check]:
    board = server.board.bios
    yield _check(server.bmc.answering, "bmc", "the BMC answers", "the BMC does not answer")
    yield _is_image(firmware, "bios")
    theirs = firmware.board_id if firmware else "nothing known"
    yield _check(
        firmware is not None and firmware.board_id.upper() == board.board_id.upper(), "board",
        f"the image is for board ID {board.board_id}", f"the image is for {theirs}, this board is {board.board_id}",
    )  # fmt: skip
    yield _licence(server)
    if board.oob == "host-off" or not starts(server):
        yield _check(
            not server.powered and server.standby, "power",
            "the host is off, standby power is on", "the host is on: switch it off, and leave the power cords in",
        )  # fmt: skip
    yield _rollback(server, firmware)
    yield _idle(server)
    if board.oob == "host-off":
        yield _check(
            not server.engine_held, "engine", "the management engine takes the recovery mode",
            "the management engine does not go into recovery mode: take all power cords out and put them back",
        )  # fmt: skip


def _check(passed: bool, name: Literal["bmc", "board", "power", "engine"], good: str, bad: str) -> Check:
    return Check(name, passed, good if passed else bad)


def _is_image(firmware: images.Firmware | None, kind: images.Kind) -> Check:
    if firmware is not None and firmware.kind == kind:
        return Check("image", True, f"a whole {kind.upper()} image, version {firmware.version}")
    seen = f"a {firmware.kind.upper()} image" if firmware else "damaged, cut short, or no image"
    return Check("image", False, f"the file is {seen}; a whole {kind.upper()} image is wanted")


def _licence(server: VirtualServer) -> Check:
    wanted = server.board.bios.oob_licences
    held = [key for key in server.licences if key in wanted]
    if not wanted or held:
        return Check("licence", True, f"product key {held[0]}" if held else "no product key is needed")
    return Check("licence", False, f"no product key is activated; one of {', '.join(wanted)} is needed")


def _rollback(server: VirtualServer, firmware: images.Firmware | None) -> Check:
    """Signed firmware goes forward only: the newest whole one in any bank is what counts."""
    there = [held.version for bank in server.chips["bios"].banks if (held := bank.firmware()) is not None]
    newer = [version for version in there if firmware is not None and writing.older(firmware.version, version)]
    if server.board.bios.no_rollback and newer:
        return Check("rollback", False, f"signed firmware does not go back: {newer[0]} is there")
    return Check("rollback", True, "the version may be written")


def _idle(server: VirtualServer) -> Check:
    busy = [name for name, chip in server.chips.items() if chip.uploading is not None]
    running = current(server)
    if busy or in_progress(server.bmc) or (running is not None and running.outcome is None):
        return Check("idle", False, "another update is under way")
    return Check("idle", True, "no other update is under way")


def firmware_writing(bmc: Bmc) -> bool:
    """Is the BMC writing any flash now? Then nothing may restart it or the host."""
    return any(chip.uploading is not None for chip in bmc.server.chips.values()) or in_progress(bmc)

"""Dell's lifecycle controller: the job queue of the iDRAC, and what its jobs do to the flash.

An iDRAC update runs at once and ends with the iDRAC restarting itself. A BIOS update waits as Scheduled for the next
start of the host, is written during POST, and only then is Completed. Texts: facts/vendor-tools-and-boards.md 4.2.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

from emulators import images
from emulators.bmc.selfupdate import SelfUpdate, in_progress
from emulators.host.process import Process, Run

if TYPE_CHECKING:
    from emulators.server import VirtualServer

Status: TypeAlias = Literal["New", "Downloading", "Scheduled", "Running", "Completed", "Failed"]

NEW = "JCP000: The job is created."
IN_PROGRESS = "RED001: Job in progress."
SCHEDULED = "JCP001: Task successfully scheduled."
COMPLETED = "PR19: Job completed successfully."
COMPLETED_IDRAC9 = "RED001: Job completed successfully."
NOT_VERIFIED = "RED007: Unable to verify Update Package signature."
FAILED = "PR21: Failed."
NOT_IMPORTED = "SYS055: Unable to import the Server Configuration Profile."
INVENTED: tuple[str, ...] = (
    f"lifecycle: message [{NEW}] of a job just made (no capture shows status New)",
    f"lifecycle: message [{FAILED}] of a job that failed while it was written",
    f"lifecycle: firmware jobs of an iDRAC9 end with [{COMPLETED_IDRAC9}] (seen on a repository job only)",
    "lifecycle: [RED007] for whole images of another machine too",
    f"lifecycle: message [{NOT_IMPORTED}] of an import that cannot be taken (only the id SYS053 was seen)",
    "lifecycle: a package that is nothing at all makes a BIOS job",
    "lifecycle: which statuses carry a percent line, and its values between 0 and 100",
)

BOOT_SEQUENCE = "boot-sequence"  # of the pending settings: the boot order
CONFIGURE_S = 30.0
STUCK_LOOK_S = 30.0
CREATE_S, VERIFY_S, READY_S, POLL_S = 2.0, 20.0, 300.0, 5.0
COMPONENTS: dict[images.Kind, str] = {"bmc": "iDRAC", "bios": "BIOS"}


@dataclass
class Job:
    """One job. Times are seconds of the agenda; `percent` None prints as no line, or [NA]."""

    id: str
    name: str
    kind: images.Kind
    file: str
    version: str = ""
    reboot: bool = False  # the host restarts by itself once the job is scheduled
    status: Status = "New"
    message: str = NEW
    percent: int | None = 0
    started: float | None = None
    completed: float | None = None
    writes: Callable[[], Run[object]] | None = None  # what waits for the next POST

    @property
    def ended(self) -> bool:
        return self.status in ("Completed", "Failed")


class JobQueue:
    """The jobs of one server, oldest first. They outlive restarts of the iDRAC."""

    def __init__(self, server: VirtualServer) -> None:
        self.server = server
        self.jobs: list[Job] = []
        self._made = 0

    @property
    def writing(self) -> Job | None:
        """The job that writes flash now, if any."""
        return next((job for job in self.jobs if job.status == "Running"), None)

    @property
    def busy(self) -> Job | None:
        """The job that is being taken in or written now, if any."""
        return next((job for job in self.jobs if job.status in ("New", "Downloading", "Running")), None)

    def find(self, job_id: str) -> Job | None:
        return next((job for job in self.jobs if job.id == job_id), None)

    def update(self, data: bytes, file: str) -> Job:
        """Take an update package in: a job is made, everything else happens by itself."""
        firmware = images.read(data)
        length = images.declared_length(data)
        kind = firmware.kind if firmware else _kind(data)
        name = f"Firmware Update: {COMPONENTS[kind]}"
        job = Job(self._new_id(), name, kind, file, firmware.version if firmware else "")
        self.jobs.append(job)
        self.server.note("job-created", id=job.id, name=job.name)
        Process(0, "job", self._take_in(job, data[:length], firmware), self.server.agenda, None).start()
        return job

    def at_once(self, version: str) -> Callable[[bool], None]:
        """A BIOS that the iDRAC writes by itself, with the host off: a job that runs already. Call it with the end."""
        job = Job(self._new_id(), f"Firmware Update: {COMPONENTS['bios']}", "bios", "", version)
        self.jobs.append(job)
        self.server.note("job-created", id=job.id, name=job.name)
        self._run(job)

        def end(written: bool) -> None:
            self._end(job, "Completed" if written else "Failed", COMPLETED if written else FAILED)

        return end

    def configure(self, name: str, *, failed: bool = False) -> Job:
        """Take the pending BIOS settings over at the next start."""
        job = Job(self._new_id(), name, "bios", "")
        self.jobs.append(job)
        self.server.note("job-created", id=job.id, name=job.name)
        if failed:
            self._end(job, "Failed", NOT_IMPORTED)
            return job
        pending = dict(self.server.nvram.pending)
        self.server.nvram.pending.clear()
        job.status, job.message, job.percent = "Scheduled", SCHEDULED, 0
        job.writes = lambda: self._take_over(job, pending)
        self.server.pre_boot.append(job.writes)
        return job

    def _take_over(self, job: Job, pending: dict[str, str]) -> Run[object]:
        self._run(job)
        yield CONFIGURE_S
        order = pending.pop(BOOT_SEQUENCE, None)
        if order is not None:
            self.server.boot_order = [device for device in order.split(",") if device]
        self.server.nvram.settings |= pending
        self.server.note("bios-settings-changed", boot_order=self.server.boot_order)
        self._end(job, "Completed", COMPLETED)
        return None

    def _new_id(self) -> str:
        self._made += 1
        return f"JID_{int(self.server.calendar * 100 + self._made) % 10**12:012d}"

    def reboot_for(self, job: Job) -> None:
        """Restart the host by itself once the job waits for that."""
        job.reboot = True

    def delete(self, job: Job) -> bool:
        """Remove a job. False where it is being written now: that cannot be stopped."""
        if job.status == "Running":
            return False
        self.jobs.remove(job)
        if job.writes in self.server.pre_boot:
            self.server.pre_boot.remove(job.writes)
        return True

    # -- the life of a job

    def _take_in(self, job: Job, image: bytes, firmware: images.Firmware | None) -> Run[int]:
        generation = self.server.bmc.generation
        trouble = {fault.kind: fault for fault in self.server.faults.passing(f"job.{job.kind}")}
        yield CREATE_S
        job.status, job.message = "Downloading", IN_PROGRESS
        for percent in (25, 50, 75, 100):
            yield VERIFY_S / 4
            job.percent = percent
            if (stuck := trouble.pop("job-stuck", None)) is not None:
                yield from self._stuck(job, generation, stuck.seconds)
            if job not in self.jobs or self.server.bmc.generation != generation or not self.server.bmc.answering:
                self._end(job, "Failed", FAILED)
                return 1
        if "job-fails" in trouble or firmware is None or not self._fits(firmware):
            self._end(job, "Failed", NOT_VERIFIED)
        elif firmware.kind == "bmc" and in_progress(self.server.bmc):
            self._end(job, "Failed", FAILED)
        elif firmware.kind == "bmc":
            self._write_idrac(job, image)
        else:
            self._schedule(job, image)
        return 0

    def _stuck(self, job: Job, generation: int, seconds: float) -> Run[None]:
        """Nothing moves for that long (0: for ever), or until the iDRAC restarts."""
        self.server.note("job-stuck", id=job.id)
        until = self.server.now + (seconds or math.inf)
        while self.server.now < until and self.server.bmc.generation == generation and job in self.jobs:
            yield min(STUCK_LOOK_S, until - self.server.now)

    def _fits(self, firmware: images.Firmware) -> bool:
        board = self.server.board
        if firmware.kind == "bmc":
            return firmware.family == board.bmc.family
        return firmware.board_id == board.bios.board_id

    def _write_idrac(self, job: Job, image: bytes) -> None:
        self._run(job)

        def done(written: bool) -> None:
            self._end(job, *(("Completed", self._completed) if written else ("Failed", FAILED)))

        def reached(percent: int) -> None:
            job.percent = percent

        seconds = self.server.board.bmc.flash_s
        SelfUpdate(self.server, image, seconds, restart_after_s=10.0, when_done=done, on_percent=reached)

    def _schedule(self, job: Job, image: bytes) -> None:
        job.status, job.message, job.percent = "Scheduled", SCHEDULED, 0
        job.writes = lambda: self._write_bios(job, image)
        self.server.pre_boot.append(job.writes)
        if job.reboot:
            self.server.host_reboot()

    def _write_bios(self, job: Job, image: bytes) -> Run[object]:
        """During POST: wait for the iDRAC, write, make the new BIOS the one that starts next."""
        written = False
        try:
            waited = 0.0
            while not self.server.bmc.answering and waited < READY_S:
                yield POLL_S
                waited += POLL_S
            if self.server.bmc.answering:
                self._run(job)
                written = yield from self._program_bios(job, image)
        finally:  # also where power fails in the middle
            self._end(job, *(("Completed", self._completed) if written else ("Failed", FAILED)))
        return None

    def _program_bios(self, job: Job, image: bytes) -> Run[bool]:
        def reached(percent: int) -> None:
            job.percent = percent

        written = yield from self.server.program("bios", image, self.server.board.bios.write_s, on_percent=reached)
        if written:
            self.server.chips["bios"].activate()
        return written

    @property
    def _completed(self) -> str:
        return COMPLETED_IDRAC9 if self.server.board.racadm == "idrac9" else COMPLETED

    def _run(self, job: Job) -> None:
        job.status, job.message, job.percent = "Running", IN_PROGRESS, 0
        job.started = self.server.now

    def _end(self, job: Job, status: Status, message: str) -> None:
        job.status, job.message, job.completed = status, message, self.server.now
        if status == "Completed":
            job.percent = 100
        self.server.note("job-ended", id=job.id, name=job.name, status=status)


def _kind(data: bytes) -> images.Kind:
    """What a package that cannot be verified says it is: its label is readable all the same."""
    return "bmc" if b'"kind": "bmc"' in data[:512] else "bios"


def queue(server: VirtualServer) -> JobQueue:
    """The job queue that this server's iDRAC keeps in its NVRAM."""
    kept = server.bmc.nvram.setdefault("job-queue", JobQueue(server))
    assert isinstance(kept, JobQueue)
    return kept

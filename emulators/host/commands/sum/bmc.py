"""SUM UpdateBmc in band (section 3.4).

This process uploads; then the BMC writes its own flash, whether or not anybody still listens. Ended during the upload
nothing was written; ended later, the BMC goes on.
"""

from __future__ import annotations

from emulators.bmc.selfupdate import SelfUpdate, in_progress
from emulators.host.commands.sum.info import need_bmc
from emulators.host.commands.sum.session import Session
from emulators.host.commands.sum.text import MANAGED, SumError, frame, status
from emulators.host.process import Run

UPLOAD = 0.2  # share of the board's flash time
ARROWS = 38


def update(session: Session) -> Run[None]:
    """UpdateBmc --file F [options]."""
    image, firmware = session.image("bmc")
    yield 2.0
    need_bmc(session)
    if firmware.family != session.board.bmc.family:
        raise SumError(82, f"The image is for {firmware.family}, the system is {session.board.product}.")
    if session.board.bmc.vendor_update != "sum":
        raise SumError(38, "This BMC does not take an update from SUM.")
    _alone(session)
    session.inv.out(status(f"Start updating BMC for {MANAGED}"))
    session.inv.out(frame("WARNING", "    Do not remove AC power from the server.\n"))
    yield from _upload(session)
    yield from _flash(session, image)
    session.inv.out(status(f"BMC is updated for {MANAGED}"))
    yield from _wait_for_reboot(session)


def _upload(session: Session) -> Run[None]:
    session.inv.out("Uploading FW".ljust(39, "."))
    yield session.board.bmc.flash_s * UPLOAD
    need_bmc(session)
    _alone(session)  # another one may have been as quick
    session.inv.out("Done\n")


def _alone(session: Session) -> None:
    if in_progress(session.server.bmc):
        raise SumError(107, "The BMC is being updated already.")


def _flash(session: Session, image: bytes) -> Run[None]:
    """Start the BMC's own writing and draw an arrow now and then until it has ended."""
    session.inv.out("Updating FW...")
    seconds = session.board.bmc.flash_s * (1 - UPLOAD)
    writing = SelfUpdate(session.server, image, seconds, restart_after_s=3.0)
    drawn = 0
    while writing.outcome is None:
        yield seconds / 100
        due = writing.percent * ARROWS // 100
        session.inv.out(">" * (due - drawn))
        drawn = due
    if writing.outcome is False:
        session.inv.out("Failed\n")
        raise SumError(102, "Updating the BMC failed. Do not reset the BMC, update again.")
    session.inv.out("Done\n")


def _wait_for_reboot(session: Session) -> Run[None]:
    """SUM draws dots for as long as its own estimate says; whether the BMC came back it does not ask."""
    minutes = max(1, round(session.board.bmc.boot_s / 60))
    session.inv.out(f"Update Complete. Please wait for BMC reboot, about {minutes} mins.\n")
    for dot in range(1, 87):
        yield session.board.bmc.boot_s * 1.1 / 86
        session.inv.out(".\n" if dot == 50 else ".")
    session.inv.out("Done\n")

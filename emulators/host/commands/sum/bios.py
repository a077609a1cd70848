"""SUM UpdateBios in band (section 3.3).

On boards that apply at once, this process itself writes the SPI chip while the operating system runs: if it is ended
on the way, the cells stay as far as they were written, which does no harm until the reboot.
"""

from __future__ import annotations

from emulators.host.commands.sum.info import managed_bios
from emulators.host.commands.sum.session import Session
from emulators.host.commands.sum.text import MANAGED, REBOOT_NOTE, Bar, SumError, frame, note, status, warning
from emulators.host.process import Run

CONFLICTS = (("--preserve_nv", "--flash_smbios"),)
READ, WRITE, VERIFY, ENGINE = 0.15, 0.60, 0.15, 0.10  # shares of the board's writing time
RESTART = "WARNING:Must power cycle or restart the system for the changes to take effect!\n"


def update(session: Session) -> Run[None]:
    """UpdateBios --file F [options]."""
    _refuse_options(session)
    image, firmware = session.image("bios")
    yield 2.0
    if firmware.board_id.upper() != session.board.bios.board_id.upper():
        session.inv.out(managed_bios(session))
        detail = f"The image is for board ID {firmware.board_id}, the system's is {session.board.bios.board_id}."
        raise SumError(82, detail)
    with session.driver():
        if "--preserve_setting" not in session.options:
            session.inv.out(warning("BIOS setting will be reset without option --preserve_setting"))
        if session.board.bios.applies == "at-once":
            yield from _write(session, image)
        else:
            yield from _stage(session, image)
    if "--reboot" in session.options:
        session.inv.out(status(f"The managed system {MANAGED} is rebooting."))
        session.server.host_reboot()


def _refuse_options(session: Session) -> None:
    for one, other in CONFLICTS:
        if one in session.options and other in session.options:
            raise SumError(7, f"Options {one} and {other} exclude each other.")
    if "--preserve_setting" in session.options:
        if not session.licensed("SFT-OOB-LIC"):
            raise SumError(80, "Option --preserve_setting needs the product key SFT-OOB-LIC.")
        if not session.board.bios.preserve_setting:
            raise SumError(38, "Option --preserve_setting is not supported on this platform.")


def _write(session: Session, image: bytes) -> Run[None]:
    """Read, compare, write, verify: the lines of section 3.3's transcript from an X11SSH."""
    seconds = session.board.bios.write_s
    yield from _timed(session, "Reading BIOS flash ", seconds * READ)
    session.inv.out("CPUID = 506e3\nChecking ME Firmware ...\n")
    yield from _timed(session, "Comparing FDT for ROM file and flash", 1.0)
    session.inv.out("FDT is same, Update BIOS and ME(exclude FDT) regions....\n")
    bar = Bar(session.inv, "Writing BIOS flash ")
    if not (yield from session.server.program("bios", image, seconds * WRITE, on_percent=bar.show)):
        session.inv.out("\n")
        raise SumError(102, "Writing the BIOS flash failed. Do not restart the system, update again.")
    yield from _timed(session, "Verifying BIOS flash ", seconds * VERIFY)
    session.server.chips["bios"].activate()
    session.server.nvram.reset_due = "--preserve_setting" not in session.options
    session.inv.out("Checking ME Firmware ...\n")
    yield from _timed(session, "Putting ME data to BIOS ", seconds * ENGINE / 2)
    session.inv.out("Writing ME region in BIOS flash ...\n")
    yield seconds * ENGINE / 2
    session.inv.out(
        " - FDT won't be updated when ME is not in Manufacturing mode!!\n"
        "   BIOS upgrade continues...\n"
        " - Updated Recovery Loader to OPRx\n"
        " - Updated FPT, MFSB, FTPR and MFS\n"
        " - ME Entire Image done\n"
    )
    session.inv.out(RESTART)


def _timed(session: Session, title: str, seconds: float) -> Run[None]:
    """A progress line that takes `seconds`."""
    bar = Bar(session.inv, title)
    bar.show(0)
    for percent in range(10, 101, 10):
        yield seconds / 10
        bar.show(percent)


def _stage(session: Session, image: bytes) -> Run[None]:
    """Boards with a root of trust take the image and write it during the next start."""
    session.inv.out(status(f"Start updating BIOS for {MANAGED}"))
    session.inv.out(frame("WARNING", "    Do not remove AC power from the server.\n"))
    yield from _timed(session, "Uploading BIOS image ", session.board.bios.write_s * READ)
    session.server.stage_bios(image, keeps_settings="--preserve_setting" in session.options)
    session.inv.out(status(f"The BIOS image is staged for {MANAGED}") + note(REBOOT_NOTE))

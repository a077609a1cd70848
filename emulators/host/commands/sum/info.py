"""SUM's commands that only look: GetBiosInfo, GetBmcInfo, CheckOOBSupport, QueryProductKey, GetDmiInfo.

Formats: facts/vendor-tools-and-boards.md section 3.2.
"""

from __future__ import annotations

from emulators import images
from emulators.host.commands.sum.session import Session
from emulators.host.commands.sum.text import MANAGED, SumError, field, slashes
from emulators.host.process import Run


def bios_info(session: Session) -> Run[None]:
    """GetBiosInfo [--file F [--file_only]]."""
    local = session.image("bios")[1] if "--file" in session.options else None
    yield from _dots(session, 4)
    if "--file_only" not in session.options:
        with session.driver():  # the chip is read, not what DMI says of it
            session.inv.out(managed_bios(session))
    if local is not None:
        session.inv.out(field("Local BIOS image file", session.options["--file"], 0) + _bios_fields(local))


def managed_bios(session: Session) -> str:
    """The BIOS that is in the flash now, as SUM reads it: N/A where none can be read (section 3.3, a dead BIOS)."""
    firmware = session.server.chips["bios"].boot_firmware()
    head = field("Managed system", MANAGED, 0)
    if firmware is None:
        return head + field("Board ID", session.board.bios.board_id) + field("BIOS build date", "N/A")
    return head + _bios_fields(firmware)


def _bios_fields(firmware: images.Firmware) -> str:
    return (
        field("Board ID", firmware.board_id)
        + field("BIOS build date", slashes(firmware.date))
        + field("BIOS version", firmware.version)
    )


def bmc_info(session: Session) -> Run[None]:
    """GetBmcInfo [--file F [--file_only]]."""
    local = session.image("bmc")[1] if "--file" in session.options else None
    yield from _dots(session, 12)
    if "--file_only" not in session.options:
        running = need_bmc(session)
        session.inv.out(field("Managed system", MANAGED, 0) + _bmc_fields(running))
    if local is not None:
        session.inv.out(field("Local BMC image file", session.options["--file"], 0) + _bmc_fields(local))
        if len(local.version.split(".")) > 2:
            session.inv.out(field("FW image", "Signed") + field("Signed Key", "RoT", 2))


def need_bmc(session: Session) -> images.Firmware:
    """What the BMC runs. Raises SumError 37 while it does not answer."""
    bmc = session.server.bmc
    if not bmc.answering or bmc.running is None:
        raise SumError(37, "The BMC does not answer.")
    return bmc.running


def _bmc_fields(firmware: images.Firmware) -> str:
    """The BMC type is the family that the image is for. Only generations with a root of trust have unified names."""
    if len(firmware.version.split(".")) < 3:
        text = field("BMC type", firmware.family) + field("BMC version", firmware.version)
    else:
        day = firmware.date.replace("-", "")
        name = f"BMC_{firmware.family}-ROT_{day}_{firmware.version}_STDsp.bin"
        text = field("BMC UFFN", name) + field("BMC type", firmware.family)
        text += field("BMC version", firmware.version) + field("BMC ext. version", "01 00 00 (P)")
    return text + field("BMC build date", slashes(firmware.date))


def oob_support(session: Session) -> Run[None]:
    """CheckOOBSupport."""
    yield from _dots(session, 20)
    running, bios = need_bmc(session), session.server.running_bios
    keys = "|".join(session.server.licences) or "N/A"
    oob = "Yes" if session.licensed("SFT-OOB-LIC") else "No"
    session.inv.out("\n[KEY]\n" + "".join(_flat(n, v) for n, v in (
        ("Node Product Key Format", "JSON"),
        ("Node Product Key Activated", keys),
        ("SFT-DCMS-SVC-KEY Activated", "No"),
        ("Feature Toggled On", oob),
    )))  # fmt: skip
    session.inv.out("\n[BMC]\n" + "".join(_flat(n, v) for n, v in (
        ("BMC FW Version", running.version),
        ("BMC Supports OOB BIOS Config", "Yes"),
        ("BMC Supports OOB DMI Edit", "Yes"),
    )))  # fmt: skip
    session.inv.out("\n[BIOS]\n" + "".join(_flat(n, v) for n, v in (
        ("Board ID", session.board.bios.board_id),
        ("BIOS Build Date", slashes(bios.date) if bios else "N/A"),
        ("BIOS Supports OOB BIOS Config", "Yes"),
        ("BIOS Supports OOB DMI Edit", "Yes"),
    )))  # fmt: skip


def _flat(name: str, value: str) -> str:
    return name.ljust(33, ".") + value + "\n"


def product_key(session: Session) -> Run[None]:
    """QueryProductKey: the activated keys, or SumError 80 where there are none."""
    yield from _dots(session, 4)
    need_bmc(session)
    if not session.server.licences:
        raise SumError(80, "No product key is activated.")
    for number, key in enumerate(session.server.licences, 1):
        session.inv.out(f"[{number}] {key}, version: none, invoice: none, creation date: none(Key is good.)\n")
    session.inv.out(f"\nNumber of product keys: {len(session.server.licences)}\n")


def dmi_info(session: Session) -> Run[None]:
    """GetDmiInfo --file F [--overwrite]: the tables' strings as a text file."""
    yield from _dots(session, 4)
    board = session.board
    session.save(
        "[System]\n"
        f'Manufacturer {{SYMF}} = "{board.system_manufacturer}"\n'
        f'Product Name {{SYPN}} = "{board.system_product}"\n'
        f'Serial Number {{SYSN}} = "{board.system_serial}"\n'
        f"UUID {{SYUU}} = {board.uuid}\n"
        "[Base Board]\n"
        f'Manufacturer {{BBMF}} = "{board.manufacturer}"\n'
        f'Product Name {{BBPN}} = "{board.product}"\n'
        f'Version {{BBVE}} = "{board.revision}"\n'
        f'Serial Number {{BBSN}} = "{board.serial}"\n'
    )
    session.inv.out(f'\nFile "{session.options["--file"]}" is created.\n')


def _dots(session: Session, count: int) -> Run[None]:
    """The line of dots after the banner: one every quarter of a second."""
    for _ in range(count):
        yield 0.25
        session.inv.out(".")
    session.inv.out("\n")

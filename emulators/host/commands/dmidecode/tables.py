"""The SMBIOS structures that a board under a BIOS has, as dmidecode prints them (facts section 5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from emulators.boards import Board
from emulators.images import Firmware

OEM_BLANK = "To be filled by O.E.M."
CHARACTERISTICS = (
    "PCI is supported",
    "BIOS is upgradeable",
    "BIOS shadowing is allowed",
    "Boot from CD is supported",
    "Selectable boot is supported",
    "ACPI is supported",
    "USB legacy is supported",
    "BIOS boot specification is supported",
    "Targeted content distribution is supported",
    "UEFI is supported",
)
Lines = tuple[str, ...]


@dataclass(frozen=True)
class Structure:
    """One SMBIOS structure: `lines` are tab-indented below its title."""

    handle: int
    type: int
    length: int
    title: str
    lines: Lines


def american(date: str) -> str:
    """MM/DD/YYYY, as SMBIOS has it, of an ISO 8601 day."""
    year, month, day = date.split("-")
    return f"{month}/{day}/{year}"


def revision(bios: Firmware, board: Board) -> str:
    """System BIOS major and minor release: Dell's are its version's; Supermicro's are AMI's core."""
    return ".".join(bios.version.split(".")[:2]) if board.vendor == "dell" else "5.14"


def tables(board: Board, bios: Firmware) -> tuple[Structure, ...]:
    """The structures of this board under this BIOS. Dell numbers its handles by type."""
    step = 0x100 if board.vendor == "dell" else 1
    return (
        Structure(0, 0, 24 if board.bios.rom_mb <= 16 else 26, "BIOS Information", _bios(board, bios)),
        Structure(step, 1, 27, "System Information", _system(board)),
        Structure(2 * step, 2, 15, "Base Board Information", _baseboard(board, 3 * step)),
        Structure(3 * step, 3, 22, "Chassis Information", _chassis(board)),
        Structure(4 * step, 127, 4, "End Of Table", ()),
    )


def _bios(board: Board, bios: Firmware) -> Lines:
    return (
        f"Vendor: {board.bios.vendor}",
        f"Version: {bios.version}",
        f"Release Date: {american(bios.date)}",
        "Address: 0xF0000",
        "Runtime Size: 64 kB",
        f"ROM Size: {board.bios.rom_mb} MB",
        "Characteristics:",
        *(f"\t{line}" for line in CHARACTERISTICS),
        f"BIOS Revision: {revision(bios, board)}",
    )


def _system(board: Board) -> Lines:
    dell = board.vendor == "dell"
    model = f"SKU=NotProvided;ModelName={board.system_product}" if dell else OEM_BLANK
    return (
        f"Manufacturer: {board.system_manufacturer}",
        f"Product Name: {board.system_product}",
        f"Version: {system_version(board)}",
        f"Serial Number: {board.system_serial}",
        f"UUID: {board.uuid}",
        "Wake-up Type: Power Switch",
        f"SKU Number: {model}",
        f"Family: {'PowerEdge' if dell else OEM_BLANK}",
    )


def system_version(board: Board) -> str:
    return "Not Specified" if board.vendor == "dell" else "0123456789"


def _blank(board: Board) -> str:
    return "Not Specified" if board.vendor == "dell" else OEM_BLANK


def _baseboard(board: Board, chassis: int) -> Lines:
    return (
        f"Manufacturer: {board.manufacturer}",
        f"Product Name: {board.product}",
        f"Version: {board.revision}",
        f"Serial Number: {board.serial}",
        f"Asset Tag: {_blank(board)}",
        "Features:",
        "\tBoard is a hosting board",
        "\tBoard is replaceable",
        f"Location In Chassis: {_blank(board)}",
        f"Chassis Handle: 0x{chassis:04X}",
        "Type: Motherboard",
        "Contained Object Handles: 0",
    )


def _chassis(board: Board) -> Lines:
    dell = board.vendor == "dell"
    return (
        f"Manufacturer: {board.system_manufacturer}",
        f"Type: {'Rack Mount Chassis' if dell else 'Other'}",
        "Lock: Present" if dell else "Lock: Not Present",
        f"Version: {system_version(board)}",
        f"Serial Number: {board.system_serial}",
        f"Asset Tag: {_blank(board)}",
        "Boot-up State: Safe",
        "Power Supply State: Safe",
        "Thermal State: Safe",
        "Security Status: Unknown" if dell else "Security Status: None",
        "OEM Information: 0x00000000",
        "Height: 2 U" if dell else "Height: Unspecified",
        "Number Of Power Cords: Unspecified" if dell else "Number Of Power Cords: 1",
        "Contained Elements: 0",
    )


Answer = Callable[[Board, Firmware], str]

STRINGS: dict[str, Answer] = {
    "bios-vendor": lambda board, _: board.bios.vendor,
    "bios-version": lambda _, bios: bios.version,
    "bios-release-date": lambda _, bios: american(bios.date),
    "bios-revision": lambda board, bios: revision(bios, board),
    "system-manufacturer": lambda board, _: board.system_manufacturer,
    "system-product-name": lambda board, _: board.system_product,
    "system-version": lambda board, _: system_version(board),
    "system-serial-number": lambda board, _: board.system_serial,
    "system-uuid": lambda board, _: board.uuid,
    "system-family": lambda board, _: "PowerEdge" if board.vendor == "dell" else OEM_BLANK,
    "baseboard-manufacturer": lambda board, _: board.manufacturer,
    "baseboard-product-name": lambda board, _: board.product,
    "baseboard-version": lambda board, _: board.revision,
    "baseboard-serial-number": lambda board, _: board.serial,
    "baseboard-asset-tag": lambda board, _: _blank(board),
    "chassis-manufacturer": lambda board, _: board.system_manufacturer,
    "chassis-type": lambda board, _: "Rack Mount Chassis" if board.vendor == "dell" else "Other",
    "chassis-version": lambda board, _: system_version(board),
    "chassis-serial-number": lambda board, _: board.system_serial,
    "chassis-asset-tag": lambda board, _: _blank(board),
}

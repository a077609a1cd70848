"""Synthetic firmware under file names that vendors' packages plausibly have, wrapped as the board takes it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from emulators import images
from emulators.boards import Board


@dataclass(frozen=True)
class Package:
    """A file to write: its name and its bytes."""

    name: str
    data: bytes


def make(board: Board, kind: images.Kind, version: str, *, size: int | None = None, requires_bmc: str = "") -> Package:
    """The marked stand-in for the vendor's `kind` package of `version` for `board`. Size in bytes, the board's default.

    Raises ValueError for a version that has no digits or a size too small.
    """
    if not any(c.isdigit() for c in version):
        raise ValueError(f"a version needs digits, as in 3.90, not {version!r}")
    part = board.bmc if kind == "bmc" else board.bios
    firmware = replace(board.firmware(kind, version), requires_bmc=requires_bmc)
    image = images.build(firmware, size or part.image_size)
    if kind == "bmc" and board.bmc.hpm is not None:
        inaccessible_s = (int(board.bmc.boot_s) + 4) // 5 * 5
        data = images.wrap_hpm(image, version, board.hpm_target(), inaccessible_s=inaccessible_s)
        return Package(f"BMC_{_token(board)}_{version}.hpm", data)
    return Package(_name(board, kind, version), image)


def _name(board: Board, kind: images.Kind, version: str) -> str:
    if board.vendor == "dell":
        stem = "iDRAC-with-Lifecycle-Controller_Firmware" if kind == "bmc" else "BIOS"
        tail = "_A00" if kind == "bmc" else ""
        return f"{stem}_FWSIM_WN64_{version}{tail}.EXE"
    if kind == "bmc":
        return f"BMC_{_token(board)}_{version}.bin"
    return f"BIOS_{_token(board)}-{board.bios.board_id}_{version}.bin"


def _token(board: Board) -> str:
    return board.product.upper().replace(" ", "-").replace("/", "-")

"""What an HPM.1 target keeps while it is being upgraded: the upload, the long operation, the last rollback.

All of it is in the BMC's RAM and gone with a reset, except what became of an activation or a rollback.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from emulators import images
from emulators.bmc.controller import Bmc
from emulators.bmc.reply import Reply
from emulators.flash import Bank

IN_PROGRESS = 0x80
INVALID_ADDRESS = 0x81  # of a block
CHECKSUM_ERROR = 0x82
SIZE_MISMATCH, CONTENT_MISMATCH = 0x81, 0x83  # at the finish
MAX_IMAGE = 64 * 1024 * 1024
HEADER = 16  # where an image tells its length

Purpose = Literal["upgrade", "compare"]


@dataclass
class Upload:
    """Blocks on their way into `bank` (upgrade) or beside it (compare)."""

    purpose: Purpose
    component: int
    bank: Bank
    received: bytearray
    last_block: int | None = None
    broken: bool = False  # the flash takes no more (a fault)
    stalled_until: float = 0.0  # until then it answers no block (a fault)
    taken: float = 0.0  # of the flash's time; a header that lies of the length takes no more
    total: int | None = None  # the image's length, once its header has come


@dataclass
class Target:
    """The upgrade's state. `status` is the last command and its completion code, as 2c/34 tells it."""

    upload: Upload | None = None
    busy: int | None = None  # the command of a long operation under way
    status: tuple[int, int] = (0, 0)


def of(bmc: Bmc) -> Target:
    """The target's state in this BMC's RAM."""
    target = bmc.volatile.get("hpm")
    if target is None:
        target = bmc.volatile["hpm"] = Target(status=bmc.nvram.get("hpm-status", (0, 0)))
    assert isinstance(target, Target)
    return target


def begin(bmc: Bmc, purpose: Purpose, component: int) -> None:
    """Start an upload. For an upgrade the target bank is erased now."""
    if purpose == "upgrade":
        for outcome in ("hpm-status", "hpm-rollback", "hpm-self-test"):
            bmc.nvram.pop(outcome, None)  # of the upgrade before this one
        bank = bmc.chip.begin()
        bmc.server.note("flash-started", chip="bmc")
    else:
        bank = bmc.chip.banks[bmc.chip.active]
    of(bmc).upload = Upload(purpose, component, bank, bytearray())


def take_block(bmc: Bmc, upload: Upload, number: int, block: bytes) -> Reply | None:
    """Write one block. The same number as the last is a repetition: answered, not written again."""
    if number == upload.last_block:
        return Reply(CHECKSUM_ERROR if upload.broken else 0)
    expected = 0 if upload.last_block is None else (upload.last_block + 1) & 0xFF
    start = len(upload.received)
    if number != expected or start + len(block) > MAX_IMAGE:
        return Reply(INVALID_ADDRESS)
    if upload.purpose == "upgrade" and (upload.broken or _interrupted(bmc, upload, block)):
        return Reply(CHECKSUM_ERROR)
    if bmc.server.now < upload.stalled_until:
        return None
    upload.received += block
    upload.last_block = number
    if upload.purpose == "compare":
        return Reply(0)
    upload.bank.write(start, block)
    share = min(len(block) / (upload.total or _total(bmc, upload, block)), 1.0 - upload.taken)
    upload.taken += share
    return Reply(0, b"", bmc.board.flash_s * share)


def percent(bmc: Bmc, coming: int, block: bytes = b"") -> float:
    """How far the upload is once `coming` more bytes are there; 0 where there is none."""
    upload = of(bmc).upload
    if upload is None:
        return 0.0
    return 100.0 * (len(upload.received) + coming) / _total(bmc, upload, block)


def _total(bmc: Bmc, upload: Upload, block: bytes) -> int:
    """The image's length as its header tells it; until the header is there, the board's usual one."""
    if upload.total is not None:
        return upload.total
    length = images.declared_length(bytes(upload.received[:HEADER]) or block) or bmc.board.image_size
    if len(upload.received) >= HEADER:
        upload.total = length
    return length


def _interrupted(bmc: Bmc, upload: Upload, block: bytes) -> bool:
    """Does a fault stop the flash here? It then takes no block of this upload any more."""
    if not bmc.server.faults.attentive:
        return False
    reached = percent(bmc, len(block), block)
    for fault in bmc.server.faults.passing("hpm.block", percent=reached):
        if fault.kind == "flash-stalls":
            upload.stalled_until = bmc.server.now + fault.seconds_or(math.inf)
            bmc.server.note("flash-stalled", chip="bmc", percent=round(reached, 1))
        else:
            upload.broken = True
            bmc.server.note("flash-interrupted", chip="bmc", percent=round(reached, 1))
    return upload.broken


def finish(bmc: Bmc, upload: Upload, length: int) -> int:
    """End an upload: its length and its checksum must agree. The completion code."""
    of(bmc).upload = None
    if upload.purpose == "compare":
        same = upload.bank.data[: len(upload.received)] == upload.received and length == len(upload.received)
        return 0 if same else CONTENT_MISMATCH
    if length != len(upload.received):
        return _failed(bmc, SIZE_MISMATCH)
    firmware = upload.bank.firmware()
    if firmware is None or firmware.kind != "bmc":
        return _failed(bmc, CHECKSUM_ERROR)
    bmc.chip.finish()
    bmc.server.note("flash-finished", chip="bmc")
    return 0


def _failed(bmc: Bmc, completion_code: int) -> int:
    bmc.chip.uploading = None
    bmc.server.note("flash-failed", chip="bmc", completion_code=completion_code)
    return completion_code


def abandon(bmc: Bmc) -> None:
    """Give up the upload: the bank stays as far as it was written."""
    target = of(bmc)
    if target.upload is not None and target.upload.purpose == "upgrade":
        bmc.chip.uploading = None
    target.upload = None


def long_operation(bmc: Bmc, command: int, seconds: float, then: Callable[[], int]) -> Reply:
    """Answer 0x80 now; after `seconds` do `then`, whose value is the completion code that 2c/34 tells."""
    target = of(bmc)
    target.busy, target.status = command, (command, IN_PROGRESS)

    def end() -> None:
        if bmc.volatile.get("hpm") is target:  # else a reset came between
            target.busy = None
            target.status = (command, then())

    bmc.server.agenda.after(seconds, end)
    return Reply(IN_PROGRESS, b"\x00")

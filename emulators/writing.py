"""Writing a flash chip, share by share: what may go wrong at each of them, and what it leaves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from emulators.host.process import Run

if TYPE_CHECKING:
    from emulators.flash import Bank
    from emulators.server import VirtualServer

HOUR_S = 3600.0
STEPS = 100  # how finely a writing is divided


def write(
    server: VirtualServer, chip: str, bank: Bank, image: bytes, seconds: float, on_percent: Callable[[int], None] | None
) -> Run[bool]:
    """Write `image` into `bank`. False where the flash takes no more; what was written stays."""
    for percent in range(1, STEPS + 1):
        yield seconds / STEPS
        start, end = len(image) * (percent - 1) // STEPS, len(image) * percent // STEPS
        for fault in server.faults.passing(f"{chip}.write", percent=percent):
            if fault.kind != "flash-stalls":
                return False
            server.note("flash-stalled", chip=chip, percent=percent)
            yield from stalled(fault.seconds)
        bank.write(start, image[start:end])
        if on_percent is not None:
            on_percent(percent)
    server.chips[chip].finish()
    if server.faults.passing(f"{chip}.written"):
        middle = len(image) // 2
        bank.write(middle, bytes(b ^ 0xFF for b in bank.data[middle : middle + 64]))
        server.note("flash-decayed", chip=chip)
    server.note("flash-finished", chip=chip)
    return True


def stage(server: VirtualServer, image: bytes, *, keeps_settings: bool) -> None:
    """Keep a BIOS to be written during the next start that the board applies it at."""

    def start() -> Run[object]:
        if (yield from server.program("bios", image, server.board.bios.write_s)):
            server.chips["bios"].activate()
            server.nvram.reset_due = not keeps_settings
        return None

    by = server.board.bios.activated_by
    (server.pre_boot if by == "reboot" else server.after_power[by]).append(start)
    server.note("bios-staged", applies_at=by)


def stalled(seconds: float) -> Run[None]:
    """That long; for ever where it is 0."""
    yield seconds or HOUR_S
    while not seconds:
        yield HOUR_S


def older(version: str, wanted: str) -> bool:
    """Is that version older than the wanted one?"""
    return _parts(version) < _parts(wanted)


def _parts(version: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", version)]

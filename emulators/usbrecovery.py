"""A BIOS whose main block is damaged, and a USB stick: the recovery block reads the file of a fixed name and writes it.

Vendor facts section 6: the stick is there before the power comes on, the file lies at its root, POST code F9 stands
while it is looked for and written, and settings are at their defaults after it. The recovery block lies in the same
chip: another machine's image has overwritten that too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators import images
from emulators.host.process import Run

if TYPE_CHECKING:
    from emulators.server import VirtualServer

RECOVERY_CODE = 0xF9
LOOK_S = 10.0
INVENTED = ("usb recovery: how long the recovery block looks for a stick",)


def recovers(server: VirtualServer) -> Run[bool]:
    """Try it. True where the chip has been written and POST begins anew."""
    name = server.board.usb_recovery
    if name is None or server.chips["bios"].boot_firmware() is not None:
        return False
    server.post_code = RECOVERY_CODE
    if "usb" not in server.body.media:
        return False
    image = server.body.media["usb"].get(name)
    yield LOOK_S
    firmware = images.read(image) if image is not None else None
    if image is None or firmware is None or not _fits(server, firmware):
        return False
    server.note("usb-recovery", version=firmware.version)
    if not (yield from _written(server, image[: images.declared_length(image)])):
        return False
    server.chips["bios"].activate()
    server.nvram.reset()
    server.cmos.lost = True
    return True


def _written(server: VirtualServer, image: bytes) -> Run[bool]:
    """It is read as it is written: a stick that is taken out too early leaves the chip half written."""
    writing = server.program("bios", image, server.board.usb_recovery_s)
    while "usb" in server.body.media:
        try:
            wait = next(writing)
        except StopIteration as stop:
            return bool(stop.value)
        yield wait
    writing.close()
    return False


def _fits(server: VirtualServer, firmware: images.Firmware) -> bool:
    return firmware.kind == "bios" and firmware.board_id == server.board.bios.board_id

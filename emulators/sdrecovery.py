"""An iDRAC without any image, and an SD card: the boot loader polls the slot and writes the file of a fixed name.

Vendor facts section 6 (Dell KB 000120131): the light blinks twice a second while it polls and is solid amber while it
writes; the iDRAC restarts by itself after that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from emulators import images
from emulators.host.process import Process, Run

if TYPE_CHECKING:
    from emulators.server import VirtualServer

Light = Literal["polling", "writing"]


def light(server: VirtualServer) -> Light | None:
    """What the boot loader makes of the identify light, or None where it is not the boot loader that runs."""
    if (
        server.board.sd_recovery is None
        or server.bmc.state != "dead"
        or server.chips["bmc"].boot_firmware() is not None
    ):
        return None
    return "writing" if server.chips["bmc"].uploading is not None else "polling"


def poll(server: VirtualServer) -> None:
    """The boot loader looks into the slot: at the BMC's start, and when a card is put in."""
    if light(server) != "polling":
        return
    image = server.body.media.get("sd", {}).get(server.board.sd_recovery or "")
    firmware = images.read(image) if image is not None else None
    if image is None or firmware is None or firmware.kind != "bmc" or firmware.family != server.board.bmc.family:
        return
    server.note("sd-recovery", version=firmware.version)
    Process(0, "sd-recovery", _write(server, image[: images.declared_length(image)]), server.agenda, None).start()


def _write(server: VirtualServer, image: bytes) -> Run[int]:
    writing = server.program("bmc", image, server.board.sd_recovery_s)
    while server.standby and "sd" in server.body.media:
        try:
            wait = next(writing)
        except StopIteration as stop:
            if stop.value:
                server.chips["bmc"].activate()
                server.bmc.cold_reset()
            return 0
        yield wait
    writing.close()
    return 1

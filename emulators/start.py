"""The host's start: POST by the active BIOS and what NVRAM holds, then the operating system. It can stop on the way.

One generator a start, on the server's agenda; whoever takes the power away kills it where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from emulators import console_text, images, usbrecovery, writing
from emulators.bmc import chassis, sel
from emulators.hardening import PASSPHRASE
from emulators.host.process import Run

if TYPE_CHECKING:
    from emulators.server import VirtualServer

ASK_S = 1.0
PXE_S = 60.0  # until the firmware gives up one port from which nobody starts it


def start(server: VirtualServer) -> Run[int]:
    """From the power's coming on to the running system, or to where it stops."""
    server.phase = "post"
    server.note("post")
    device = chassis.take_boot_device(server.bmc)
    if not (yield from _post(server)):
        return 1
    server.phase, server.post_code = "boot", 0x00
    sel.log(server.bmc, "boot-initiated")
    if device == "setup":  # of others, the disk starts without an entry in the boot order, by its default loader
        server.phase = "setup"
        server.console.setup()
        server.note("bios-setup")
        return 1
    by_default = device == "disk" and server.nvram.finds_system
    if not by_default and not (yield from _finds_system(server)):
        server.phase = "no-boot"
        server.console.no_boot()
        server.note("no-boot-device")
        return 1
    return (yield from _boot(server))


def _boot(server: VirtualServer) -> Run[int]:
    server.console.boot()
    yield server.board.bios.os_boot_s
    for fault in server.faults.passing("host.boot"):
        if fault.kind == "sealed-disk-asks":
            yield from _asks(
                server, console_text.DISK_ASKS, lambda typed: f"{PASSPHRASE}\r".encode() in typed, again="\r"
            )
            continue
        server.phase = "hung"
        server.console.boot_hangs()
        server.note("host-hung")
        return 1
    server.up()
    return 0


def _finds_system(server: VirtualServer) -> Run[bool]:
    """Along the boot order: nobody starts it from the network; the disk's system, if it is seen as installed."""
    for device in server.boot_order:
        if device == "disk" and server.nvram.finds_system:
            return True
        if device != "disk":
            yield PXE_S
    return False


def _post(server: VirtualServer) -> Run[bool]:
    """Run the active BIOS; do what waits for a boot, and then the new one. False where it hangs."""
    before = server.running_bios
    server.faults.happened("post")
    trouble = {fault.kind: fault for fault in server.faults.passing("bios.post")}
    while True:
        firmware = server.chips["bios"].boot_firmware()
        server.post_code = 0x19
        if not _posts(server, firmware):
            server.running_bios = None
            if (yield from usbrecovery.recovers(server)):
                continue
            return _hangs(server, firmware)
        if not _settings(server, firmware, first=firmware != before):
            return _hangs(server, firmware)
        server.post_code = 0x92
        server.console.post()
        yield server.board.bios.post_s
        if (hangs := trouble.get("post-hangs")) is not None:
            server.post_code = hangs.code if hangs.code is not None else server.post_code
            return _hangs(server, firmware)
        if server.faults.passing("bios.post-end"):
            server.note("post-restarted")
            continue
        if server.cmos.held:
            server.console.say(console_text.JUMPER_HELD.format(mark=server.board.cmos.mark))
            return _hangs(server, firmware)
        yield from _stops_at_f1(server, trouble.pop("stops-at-f1", None) is not None)
        if not server.pre_boot:
            break
        yield from server.pre_boot.pop(0)()
    if firmware != before:
        yield server.board.bios.update_post_s
    return True


def _settings(server: VirtualServer, firmware: images.Firmware | None, *, first: bool) -> bool:
    """What NVRAM holds, and what is lost of it now. False where nothing of it can be used."""
    if server.cmos.held:
        server.cmos.clear()
    lost = server.faults.passing("bios.first-boot") if first else []
    if forgotten := server.nvram.start([fault.kind for fault in lost], server.board.nics):
        server.note("bios-forgot", what=forgotten)
    server.running_bios = firmware
    if "severe-lock" in forgotten:
        server.bmc.hang()
    return not server.nvram.invalid


def _stops_at_f1(server: VirtualServer, asked: bool) -> Run[None]:
    """Where something is wrong that a person ought to know, POST waits for a key."""
    if server.cmos.stops_at_f1:
        server.console.say(console_text.NO_BATTERY if not server.body.battery else console_text.CMOS_LOST)
        asked = True
    if asked:
        yield from _asks(server, console_text.F1, lambda typed: any(key in typed for key in console_text.F1_KEYS))
    server.cmos.lost = False


def _hangs(server: VirtualServer, firmware: images.Firmware | None) -> bool:
    """POST goes no further."""
    server.phase = "hung"
    server.console.stuck(firmware)
    sel.log(server.bmc, "bios-corrupt" if firmware is None else "post-hang")
    server.note("post-hung", code=server.post_code)
    return False


def _asks(server: VirtualServer, text: str, answered: Callable[[bytes], bool], *, again: str = "") -> Run[None]:
    """Wait until somebody has typed the answer at the console. After `again` and no answer it is asked anew."""
    server.note("console-asks", text=text.strip())
    server.console.ask(text, answered, again.encode())
    while server.console.asking:
        yield ASK_S


def _posts(server: VirtualServer, firmware: images.Firmware | None) -> bool:
    """Does this firmware get through POST on this board with this BMC?"""
    if firmware is None or firmware.kind != "bios" or firmware.board_id != server.board.bios.board_id:
        return False
    running = server.bmc.running
    return not firmware.requires_bmc or (
        running is not None and not writing.older(running.version, firmware.requires_bmc)
    )

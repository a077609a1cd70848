"""Another board of the same model in the same box: factory state, its own MAC addresses, users and no address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.bmc.lanconfig import LanConfig
from emulators.bmc.sel import Sel
from emulators.boards import series
from emulators.nvram import Nvram

if TYPE_CHECKING:
    from emulators.server import VirtualServer

APART = 4096  # boards between this one and its replacement


def replace(server: VirtualServer) -> None:
    """All that is the board's goes with it; disks, cables and the box's own labels stay."""
    board = server.board = series.nth(server.board, APART)
    for kind in ("bmc", "bios"):
        server.chips[kind].__dict__.update(server.factory_chip(kind).__dict__)
    installed, labels = server.nvram.installed, server.nvram.labels
    nvram = server.nvram = Nvram.of(board.vendor, board.bios, {})
    nvram.reset()
    nvram.installed, nvram.labels = installed, labels
    server.running_bios = None
    server.body.jumpers_moved.clear()
    server.body.battery, server.cmos.lost = True, False
    for kind in {fault.kind for fault in server.faults.armed}:  # what was wrong was the old one's
        server.faults.heal(kind)
    bmc = server.bmc
    bmc.nvram.clear()
    bmc.users.reset()
    bmc.lan = LanConfig(mac=server.mac("dedicated"))
    bmc.lan.forget()
    bmc.lan_mode = board.bmc.lan_mode
    bmc.sel, bmc.guid, bmc.running = Sel(server), server.guid, None
    server.note("board-replaced", serial=board.serial)

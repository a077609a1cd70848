"""The identify button, and a monitor with a keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulators.hands.seen import Seen, cannot, done

if TYPE_CHECKING:
    from emulators.server import VirtualServer

KEYS = {"<F1>": "\x1bOP", "<F2>": "\x1bOQ", "<F10>": "\x1b[21~", "<DEL>": "\x7f", "<ESC>": "\x1b", "<ENTER>": "\r"}


def press_uid(server: VirtualServer, seconds: float = 1.0) -> Seen:
    """Press the identify button for so long. Short: its light. Longer: what the board has for that, if anything."""
    server.advance(server.now + seconds)
    board, bmc = server.board, server.bmc
    if board.uid_default_s is not None and seconds >= board.uid_default_s:
        if bmc.answering:
            bmc.factory_default()
        bmc.button_reset()
    elif board.uid_reset_s is not None and seconds >= board.uid_reset_s:
        bmc.button_reset()
    elif server.standby:
        server.body.light = not server.body.light
    return done(f"pressed for {seconds:g} s")


def connect_monitor(server: VirtualServer) -> Seen:
    """Roll a monitor and a keyboard up and connect both."""
    server.body.monitor = True
    return done("monitor and keyboard are connected")


def type(server: VirtualServer, text: str) -> Seen:
    """Type at the connected keyboard: <F1>, <F2>, <F10>, <DEL>, <ESC> and <ENTER> are keys."""
    if not server.body.monitor:
        return cannot("no keyboard is connected")
    for name, key in KEYS.items():
        text = text.replace(name, key)
    server.console.type(text.encode())
    return done("typed")

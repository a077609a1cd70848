"""What there is to see: lights, labels, the screen, ports, cables, parts. All of it follows from the server's state."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from emulators import sdrecovery
from emulators.bmc.chassis import identify_state
from emulators.console_text import CLEAR
from emulators.hands import cables
from emulators.hands.seen import Seen, cannot, done

if TYPE_CHECKING:
    from emulators.server import VirtualServer

OFF, DARK = "off", "dark"
ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|\x1b.")
LINES = 25


def look(server: VirtualServer, at: str = "everything") -> Seen:
    """Look at led:NAME, fans, screen, label:NAME, port:NAME, cable:LABEL, part:NAME, or at everything."""
    if at == "everything":
        return done("\n".join(f"{name}: {text}" for name, text in _everything(server)))
    if at == "screen" and not server.body.monitor:
        return cannot("no monitor is connected")
    text = _one(server, at)
    return cannot(f"there is no {at} here") if text is None else done(text)


def _one(server: VirtualServer, at: str) -> str | None:
    kind, _, name = at.partition(":")
    match kind:
        case "led":
            return _leds(server).get(name)
        case "label":
            return labels(server).get(name)
        case "port":
            return _port(server, cables.named(server, name))
        case "cable":
            return cables.where(server, name) if name in server.body.cables else None
        case "part":
            return _parts(server).get(name)
        case "fans":
            return fans(server)
        case "screen":
            return screen(server)
    return None


def _everything(server: VirtualServer) -> Iterator[tuple[str, str]]:
    yield from ((f"led:{name}", text) for name, text in _leds(server).items())
    yield "fans", fans(server)
    if server.body.monitor:
        yield "screen", screen(server)
    yield from ((f"label:{name}", text) for name, text in labels(server).items())
    yield from ((f"port:{nic.port}", _port(server, nic.port) or "") for nic in server.board.nics)
    yield from ((f"cable:{label}", cables.where(server, label)) for label in server.body.cables)
    yield from ((f"part:{name}", text) for name, text in _parts(server).items())


# -- lights and noise


def _leds(server: VirtualServer) -> dict[str, str]:
    shown: dict[str, Callable[[VirtualServer], str]] = {
        "power": lambda s: "green" if s.powered else OFF,
        "uid": _identify,
        "id": _identify,
        "bmc-heartbeat": lambda s: "blinking green" if _alive(s) else OFF,
        "health": _health,
    }
    leds = {name: shown[name](server) for name in server.board.leds}
    return leds | {f"psu{n}": "green" if psu.mains else OFF for n, psu in enumerate(server.psus, 1)}


def _alive(server: VirtualServer) -> bool:
    return server.bmc.answering and not server.bmc.foreign


def _identify(server: VirtualServer) -> str:
    """By IPMI it blinks, by its button it is on; a boot loader that looks for an image has it too."""
    light = sdrecovery.light(server)
    if light is not None:
        return "blinking fast" if light == "polling" else "solid amber"
    if not server.standby:
        return OFF
    if _alive(server) and identify_state(server.bmc):
        return "blinking blue"
    return "solid blue" if server.body.light else OFF


def _health(server: VirtualServer) -> str:
    if not _alive(server):
        return OFF
    return "amber" if server.phase == "hung" or not all(psu.mains for psu in server.psus) else "blue"


def fans(server: VirtualServer) -> str:
    """At full speed while nobody governs them: a BMC that is dark, or runs another machine's code."""
    if not server.powered:
        return "stopped"
    return "normal" if _alive(server) else "full speed"


# -- the screen


def screen(server: VirtualServer) -> str:
    """What a monitor shows: the last screenful of what firmware and system write, or nothing."""
    if not server.powered or (server.running_bios is None or server.nvram.invalid) and server.phase in ("post", "hung"):
        return DARK
    text = server.console.text.rpartition(CLEAR)[2]
    lines = [line.rstrip() for line in ESCAPES.sub("", text).replace("\r", "").split("\n")]
    return "\n".join([line for line in lines if line][-LINES:]) or DARK


# -- labels and parts


def labels(server: VirtualServer) -> dict[str, str]:
    """What is written on the box, the board, the cords and the rack."""
    site, board = server.site, server.board
    found = {
        "site": site.site, "room": site.room, "cage": site.cage, "rack": site.rack, "u": site.u,
        "name": site.name, "model": site.model, "serial": site.serial, "asset": site.asset,
        "board": f"{board.product} {board.revision}", "bmc-mac": server.mac("dedicated"),
    }  # fmt: skip
    found |= {f"psu{feed.psu}": feed.label for feed in site.feeds}
    return found | ({"node": site.node} if site.node else {})


def _port(server: VirtualServer, port: str) -> str | None:
    if port not in {nic.port for nic in server.board.nics}:
        return None
    label = server.body.in_port(port)
    if label is None:
        return "empty"
    linked = port in server.network.cables and server.standby
    return f"cable {label}, link light {'on' if linked else 'off'}"


def _parts(server: VirtualServer) -> dict[str, str]:
    body, board = server.body, server.board
    found = {
        "rails": "in the rack" if body.in_rack else "out",
        "cover": "open" if body.cover_open else "closed",
        "strap": "worn" if body.strap else "not worn",
        "usb": _medium(server, "usb"),
    }
    if body.cover_open:
        found["battery"] = "in the holder" if body.battery else "removed"
        if board.cmos.kind == "jumper":
            moved = board.cmos.mark in body.jumpers_moved
            found[f"jumper:{board.cmos.mark}"] = (
                f"clear, pins {board.cmos.clear}" if moved else f"keep, pins {board.cmos.keep}"
            )
    if board.sd_recovery is not None:
        found["sd"] = _medium(server, "sd")
    if board.nodes > 1:
        found["sled"] = "in" if body.sled_in else "out"
    return found


def _medium(server: VirtualServer, slot: str) -> str:
    files = next((files for place, files in server.body.media.items() if place == slot), None)
    return "empty" if files is None else f"holds {', '.join(sorted(files)) or 'no file'}"

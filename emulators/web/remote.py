"""Remote control: power, the screen, the serial console."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

from starlette.responses import JSONResponse, Response, StreamingResponse

from emulators import webflash
from emulators.bmc.message import CHASSIS
from emulators.web import status
from emulators.web.serial import SerialPage
from emulators.web.visit import Visit

CONTROL, IDENTIFY = 0x02, 0x04  # IPMI 2.0 sections 28.3 and 28.5
NOT_IN_THIS_STATE = 0xD5
FOR_EVER = b"\x00\x01"
LOOK_S, BEAT_S = 0.1, 10.0  # wall
MOST_TYPED = 1024

ACTS = {
    # name: (label, Chassis Control's byte, wants the host to be on (None: either), what it does)
    "on": ("Power on", 1, False, "Starts the server."),
    "soft": ("Shut down", 5, True, "Asks the operating system to shut down and switch the server off."),
    "reset": ("Reset", 3, True, "Restarts at once; what is running gets no chance to save anything."),
    "cycle": ("Power cycle", 2, True, "Off for some seconds, then on again."),
    "off": ("Power off", 0, True, "Cuts the power at once, as by holding the button."),
}
WHY_NOT = {0x80: "Somebody else has the serial console: a BMC gives it to one at a time.",
           0x81: "Serial over LAN is off, or not allowed for this user.",
           0xD4: "This user's privilege is too low for the serial console."}  # fmt: skip


def power(visit: Visit) -> Response:
    """What can be done with the host's power."""
    server = visit.site.server
    acts = [(name, act, act[2] == server.powered) for name, act in ACTS.items()]
    writing = webflash.firmware_writing(server.bmc)
    return visit.page("power.html", acts=acts, writing=writing, may=visit.may(3))


def switch(visit: Visit) -> Response:
    """Do it, as Chassis Control does. Refused while firmware is being written."""
    site = visit.site
    act = ACTS.get(visit.form.get("act", ""))
    if act is None:
        return visit.back("/power", trouble="There is no such action.")
    if webflash.firmware_writing(site.server.bmc):
        return visit.back("/power", trouble="Firmware is being written: the power stays as it is until that is done.")
    reply = site.ipmi(CHASSIS, CONTROL, bytes([act[1]]), visit.session.privilege)
    site.did(f"chassis {act[0].lower()}", visit.user)
    if reply.completion_code == NOT_IN_THIS_STATE:
        return visit.back("/power", trouble=f"{act[0]}: not while the server is off.")
    return visit.back("/power", f"{act[0]}: sent.")


def identify(visit: Visit) -> Response:
    """The identify light on or off."""
    on = not status.brief(visit.site.server)["identify"]
    visit.site.ipmi(CHASSIS, IDENTIFY, FOR_EVER if on else b"\x00", visit.session.privilege)
    visit.site.did("identify", visit.user)
    return visit.back("/overview", f"The identify light is {'on' if on else 'off'}.")


# -- the screen

FUNCTION_KEYS = {"F1": b"\x1bOP", "F2": b"\x1bOQ", "F11": b"\x1b[23~", "F12": b"\x1b[24~", "DEL": b"\x1b[3~",
                 "Enter": b"\r", "Escape": b"\x1b", "Tab": b"\t", "Ctrl+C": b"\x03"}  # fmt: skip


def _licensed(visit: Visit) -> bool:
    """An iDRAC gives its virtual console with the enterprise licence alone."""
    site = visit.site
    return site.face.name != "dell" or "enterprise" in site.server.licences


def screen(visit: Visit) -> Response:
    """What a monitor at the server would show, and a keyboard."""
    text = status.screen(visit.site.server)
    return visit.page("screen.html", text=text, keys=list(FUNCTION_KEYS), licensed=_licensed(visit))


def screen_now(visit: Visit) -> Response:
    """The same, for the page that is open."""
    server = visit.site.server
    if not _licensed(visit):
        return JSONResponse({"text": "", "post_code": ""}, 403)
    return JSONResponse({"text": status.screen(server), "post_code": status.brief(server)["post_code"]})


def type_at_screen(visit: Visit) -> Response:
    """Keys of a keyboard at the server."""
    server = visit.site.server
    if not _licensed(visit):
        return visit.back("/screen", trouble="The virtual console needs the enterprise licence.")
    if server.powered:
        server.console.type(_typed(visit))
        visit.site.did("type at the screen", visit.user)
    return _done(visit, "/screen")


def _typed(visit: Visit) -> bytes:
    """A named key, or text; a form without a script sends whole lines."""
    key = FUNCTION_KEYS.get(visit.form.get("key", ""), b"")
    text = visit.form.get("text", "")[:MOST_TYPED]
    return key or text.encode() + (b"\r" if "line" in visit.form else b"")


def _done(visit: Visit, path: str) -> Response:
    if visit.request.headers.get("accept") == "application/json":
        return JSONResponse({"done": True})
    return visit.back(path)


# -- the serial console


def serial(visit: Visit) -> Response:
    """The console, if it is ours; a button to get it."""
    site = visit.site
    mine = _mine(visit)
    text = mine.read() if mine is not None else ""
    taken = site.payloads.taken and mine is None
    return visit.page("serial.html", text=text, mine=mine is not None, taken=taken, keys=list(FUNCTION_KEYS))


def _mine(visit: Visit) -> SerialPage | None:
    held = visit.site.serial
    session, payloads = visit.session, visit.site.payloads
    if held is None or held.token != session.token or not payloads.has(held) or not held.alive:
        return None
    if payloads.barred(session.user_id, session.privilege) is not None:  # what may be, may be taken away
        payloads.release(held)
        return None
    return held


def open_serial(visit: Visit) -> Response:
    """Activate Serial over LAN, by the rules that IPMI sessions obey."""
    site = visit.site
    if _mine(visit) is not None:
        return visit.back("/serial")
    page = SerialPage(site.server, visit.session.token, site.clock)
    reply = site.payloads.take(page, visit.session.user_id, visit.session.privilege)
    if reply.completion_code:
        return visit.back("/serial", trouble=WHY_NOT.get(reply.completion_code, "The serial console was refused."))
    site.serial = page
    site.did("sol activate", visit.user)
    return visit.back("/serial", "The serial console is yours. It shows what is written from now on.")


def close_serial(visit: Visit) -> Response:
    """Give it back."""
    held = _mine(visit)
    if held is not None:
        visit.site.payloads.release(held)
    return visit.back("/serial", "The serial console is free again.")


def type_at_serial(visit: Visit) -> Response:
    """Send characters."""
    held = _mine(visit)
    if held is None:
        return visit.back("/serial", trouble="The serial console is not yours any more.")
    if not held.type(_typed(visit)):
        return visit.back("/serial", trouble="Nothing is at the other end: the host is off.")
    return _done(visit, "/serial")


def stream_serial(visit: Visit) -> Response:
    """What stands there whenever it changes, as server-sent events. It ends with the session or the activation."""

    async def stream() -> AsyncIterator[str]:
        last, beat = None, 0.0
        while (held := _mine(visit)) is not None and visit.site.sessions.alive(visit.session):
            text = held.read()
            if text != last:
                last, beat = text, 0.0
                yield f"data: {json.dumps(text)}\n\n"
            elif beat > BEAT_S:
                beat = 0.0
                yield ": still here\n\n"
            await asyncio.sleep(LOOK_S)
            beat += LOOK_S
            visit.site.before()
        yield "event: over\ndata: \n\n"

    return StreamingResponse(stream(), media_type="text/event-stream")

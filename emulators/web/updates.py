"""Maintenance: the host's BIOS and the BMC's own firmware, written by the BMC."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from emulators import webflash
from emulators.bmc import selfupdate
from emulators.web.guard import UPLOAD_BYTES
from emulators.web.site import UPDATE_MODE
from emulators.web.visit import Visit


def bios(visit: Visit) -> Response:
    """The form, what must be so first, and how the last update went."""
    server = visit.site.server
    firmware = server.chips["bios"].boot_firmware()
    return visit.page(
        "bios.html",
        checks=webflash.standing(server),
        update=webflash.current(server),
        held=firmware.version if firmware else None,
        jobs=server.board.bios.oob == "job",
        largest=UPLOAD_BYTES,
        refused=(),
        file="",
    )


def write_bios(visit: Visit) -> Response:
    """Check the file and start."""
    server, upload = visit.site.server, visit.upload
    if upload is None or not upload.data:
        return visit.back("/bios", trouble="Choose a BIOS image file first.")
    machine = visit.request.headers.get("accept") == "application/json"
    try:
        update = webflash.update_bios(server, upload.data, preserve="preserve" in visit.form)
    except webflash.Refused as refused:
        visit.site.did("BIOS update refused", visit.user)
        if machine:
            return JSONResponse({"refused": [check.found for check in refused.failed]}, 409)
        visit.session.trouble = "Nothing was written."
        firmware = server.chips["bios"].boot_firmware()
        return visit.page(
            "bios.html", status_code=409, checks=webflash.standing(server), update=webflash.current(server),
            held=firmware.version if firmware else None, jobs=server.board.bios.oob == "job", largest=UPLOAD_BYTES,
            refused=refused.checks, file=upload.name,
        )  # fmt: skip
    visit.site.did(f"BIOS update to {update.version}", visit.user)
    if machine:
        return JSONResponse({"taken": update.version})
    return visit.back("/bios", f"{upload.name}: version {update.version} was taken.")


def firmware(visit: Visit) -> Response:
    """The BMC's own update; on boards of one vendor behind an update mode."""
    return _firmware(visit)


def _firmware(visit: Visit, refused: tuple[webflash.Check, ...] = (), file: str = "") -> Response:
    site = visit.site
    entered = site.server.bmc.volatile.get(UPDATE_MODE) == visit.session.token
    return visit.page(
        "firmware.html",
        status_code=409 if refused else 200,
        entered=entered,
        ready=entered or not site.face.update_mode,
        update=selfupdate.current(site.server.bmc),
        largest=UPLOAD_BYTES,
        refused=refused,
        file=file,
    )


def update_mode(visit: Visit) -> Response:
    """Enter it, which locks everything else; or leave it, which restarts the BMC."""
    bmc = visit.site.server.bmc
    if not visit.site.face.update_mode:
        return visit.back("/firmware")
    if visit.form.get("act") == "enter":
        if webflash.firmware_writing(bmc):
            return visit.back("/firmware", trouble="Firmware is being written: wait until that is done.")
        bmc.volatile[UPDATE_MODE] = visit.session.token
        visit.site.did("enter update mode", visit.user)
        return visit.back("/firmware", "Update mode: everything else on these pages is locked.")
    if webflash.firmware_writing(bmc):
        return visit.back("/firmware", trouble="Firmware is being written: update mode ends with it.")
    visit.site.did("leave update mode", visit.user)
    text = "Update mode is left without an update. The controller restarts."
    return visit.parting("Leaving update mode", text, bmc.cold_reset, link="/")


def write_firmware(visit: Visit) -> Response:
    """Check the file and start; the BMC restarts by itself at the end."""
    site, upload = visit.site, visit.upload
    entered = site.server.bmc.volatile.get(UPDATE_MODE) == visit.session.token
    if site.face.update_mode and not entered:
        return visit.back("/firmware", trouble="Enter update mode first.")
    if upload is None or not upload.data:
        return visit.back("/firmware", trouble="Choose a firmware file first.")
    try:
        webflash.update_bmc(site.server, upload.data, preserve="preserve" in visit.form)
    except webflash.Refused as refused:
        visit.session.trouble = "Nothing was written."
        return _firmware(visit, refused.checks, upload.name)
    site.did("BMC update", visit.user)
    return visit.back("/firmware", f"{upload.name} was taken and is being written.")

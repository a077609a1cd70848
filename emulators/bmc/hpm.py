"""HPM.1 firmware upgrade, netfn 2c commands 2e-38, and the PICMG commands around it (facts section 2).

Every request and every answer begins with the PICMG identifier 00. Who checks what: the upgrade agent checks that the
file is for this controller; the controller checks lengths, block order and the image's own checksum. An image for
another board passes, as with real ones.
"""

from __future__ import annotations

from collections.abc import Callable

from emulators import images
from emulators.bmc import hpm_faults, hpm_upload
from emulators.bmc.controller import Bmc
from emulators.bmc.message import (
    ADMIN,
    INVALID_COMMAND,
    INVALID_FIELD,
    NOT_IN_THIS_STATE,
    PICMG,
    USER,
    Handler,
    Refused,
    Request,
    command,
)
from emulators.bmc.reply import Reply
from emulators.boards import Component, Hpm

ID = b"\x00"
HPM1_VERSION = 0x00
INVALID_COMPONENTS, INVALID_COMPONENT, INVALID_SELECTOR = 0x81, 0x82, 0x83
ROLLBACK_FAILED, ROLLBACK_DENIED = 0x81, 0x83
UNDESIRABLE, SERVICE_AFFECTED = 0x80, 0x08
UPLOAD_FOR_UPGRADE = 2
NO_VERSION = bytes([0xFF] * 6)
PREPARE_S, ACTIVATE_S, ROLLBACK_S = 2.0, 2.0, 2.0
SELF_TEST_PASSED = (0x55, 0x00)
UNIT_S = 5
HPM2 = 0x02
HPM2_LAN_PARAMETERS = 0xC0


def _hpm(request: Request) -> Hpm:
    """The board's HPM.1, or 0xc1: a board without it has no PICMG commands at all."""
    board = request.bmc.board
    if board.hpm is None:
        raise Refused(INVALID_COMMAND)
    if request.data[:1] != ID:
        raise Refused(INVALID_FIELD)
    return board.hpm


def _mask(hpm: Hpm) -> int:
    return sum(1 << component.id for component in hpm.components)


def _component(hpm: Hpm, number: int) -> Component:
    found = next((c for c in hpm.components if c.id == number), None)
    if found is None:
        raise Refused(INVALID_COMPONENT)
    return found


def _idle(request: Request) -> hpm_upload.Target:
    """The target's state; refused while a long operation is under way."""
    target = hpm_upload.of(request.bmc)
    if target.busy is not None:
        raise Refused(NOT_IN_THIS_STATE)
    return target


def _ended(request: Request, completion_code: int) -> Reply:
    hpm_upload.of(request.bmc).status = (request.command, completion_code)
    return Reply(completion_code, ID)


def _hpm_command(number: int, *, privilege: int, least: int) -> Callable[[Handler], Handler]:
    """Enter a handler into the table, behind what faults may make of its command."""

    def enter(handler: Handler) -> Handler:
        command(PICMG, number, privilege=privilege, least=least)(lambda request: hpm_faults.answer(request, handler))
        return handler

    return enter


@command(PICMG, 0x00, privilege=USER, least=1)
def get_picmg_properties(request: Request) -> bytes:
    _hpm(request)
    return ID + bytes([0x05, 0x00, 0x00])


@command(PICMG, 0x3E, privilege=USER, least=2)
def get_hpm_capabilities(request: Request) -> bytes:
    """HPM.2: where large blocks are taken. Only over the LAN, and only where the board has them."""
    hpm = _hpm(request)
    if hpm.block_size is None or request.in_band or request.data[1] != HPM2:
        raise Refused(INVALID_COMMAND)
    channels = (1 << request.bmc.board.channel).to_bytes(2, "little")
    return ID + bytes([HPM2, 0x01]) + channels + bytes([0x00, HPM2_LAN_PARAMETERS, 0x01])


@command(PICMG, 0x2E, privilege=USER, least=1)
def get_target_upgrade_capabilities(request: Request) -> bytes:
    hpm, bmc = _hpm(request), request.bmc
    elsewhere = bmc.chip.uploading is not None and hpm_upload.of(bmc).upload is None
    flags = hpm.capabilities | (SERVICE_AFFECTED if hpm.service_affected else 0) | (UNDESIRABLE if elsewhere else 0)
    seconds = (hpm.upgrade_s, hpm.self_test_s, hpm.rollback_s, hpm.inaccessible_s)
    return ID + bytes([HPM1_VERSION, flags, *(min(255, s // UNIT_S) for s in seconds), _mask(hpm)])


@command(PICMG, 0x2F, privilege=USER, least=3)
def get_component_properties(request: Request) -> bytes:
    bmc = request.bmc
    component = _component(_hpm(request), request.data[1])
    match request.data[2]:
        case 0:
            return ID + bytes([component.properties])
        case 1:
            return ID + _version(bmc.running)
        case 2:
            return ID + component.name.encode()[:11].ljust(12, b"\0")
        case 3:
            return ID + _version(_backup(bmc))
        case 4:
            return ID + _version(_pending(bmc))
        case _:
            raise Refused(INVALID_SELECTOR)


def _version(firmware: images.Firmware | None) -> bytes:
    return NO_VERSION if firmware is None else images.version_bytes(firmware.version)


def _backup(bmc: Bmc) -> images.Firmware | None:
    """What a rollback would bring back: the other bank, unless it waits to become the active one."""
    chip = bmc.chip
    if len(chip.banks) < 2 or chip.pending == chip.target:
        return None
    return chip.banks[chip.target].firmware()


def _pending(bmc: Bmc) -> images.Firmware | None:
    """What waits for its activation. A BMC that has made it active already tells what its next boot runs."""
    chip = bmc.chip
    if chip.pending is not None:
        return chip.banks[chip.pending].firmware()
    following = chip.boot_firmware()
    return following if following != bmc.running else None


@_hpm_command(0x30, privilege=ADMIN, least=1)
def abort_upgrade(request: Request) -> Reply:
    _hpm(request)
    if _idle(request).upload is None:
        raise Refused(NOT_IN_THIS_STATE)
    hpm_upload.abandon(request.bmc)
    return _ended(request, 0)


@_hpm_command(0x31, privilege=ADMIN, least=3)
def initiate_upgrade_action(request: Request) -> Reply:
    hpm, bmc = _hpm(request), request.bmc
    target, (mask, action) = _idle(request), request.data[1:3]
    if not mask or mask & ~_mask(hpm):
        raise Refused(INVALID_COMPONENTS)
    if bmc.chip.uploading is not None and target.upload is None:
        raise Refused(NOT_IN_THIS_STATE)  # a vendor's tool is writing
    match action:
        case 0:  # BACKUP: a two-bank chip has its backup already, and one bank has no room for one
            return _ended(request, 0)
        case 1:  # PREPARE
            return hpm_upload.long_operation(bmc, request.command, PREPARE_S, lambda: 0)
        case 2 | 3 if mask.bit_count() == 1:
            hpm_upload.abandon(bmc)
            hpm_upload.begin(bmc, "upgrade" if action == UPLOAD_FOR_UPGRADE else "compare", mask.bit_length() - 1)
            return _ended(request, 0)
        case 2 | 3:
            raise Refused(INVALID_COMPONENTS)
        case _:
            raise Refused(INVALID_FIELD)


@_hpm_command(0x32, privilege=ADMIN, least=3)
def upload_firmware_block(request: Request) -> Reply | None:
    _hpm(request)
    target = _idle(request)
    if target.upload is None:
        raise Refused(NOT_IN_THIS_STATE)
    reply = hpm_upload.take_block(request.bmc, target.upload, request.data[1], request.data[2:])
    if reply is None:
        return None
    target.status = (request.command, reply.completion_code)
    return Reply(reply.completion_code, ID, reply.delay_s)


@_hpm_command(0x33, privilege=ADMIN, least=6)
def finish_firmware_upload(request: Request) -> Reply:
    hpm, bmc = _hpm(request), request.bmc
    upload = _idle(request).upload
    if upload is None:
        raise Refused(NOT_IN_THIS_STATE)
    if upload.component != request.data[1]:
        raise Refused(INVALID_FIELD)
    code = hpm_upload.finish(bmc, upload, int.from_bytes(request.data[2:6], "little"))
    if code == 0 and upload.purpose == "upgrade" and hpm.activation == "finish":
        bmc.make_active()
    return _ended(request, code)


@_hpm_command(0x34, privilege=USER, least=1)
def get_upgrade_status(request: Request) -> bytes:
    _hpm(request)
    return ID + bytes(hpm_upload.of(request.bmc).status)


@_hpm_command(0x35, privilege=ADMIN, least=1)
def activate_firmware(request: Request) -> Reply:
    """Make the uploaded image active and restart with it."""
    _hpm(request)
    bmc = request.bmc
    _idle(request)
    waits = bmc.chip.banks[bmc.chip.active if bmc.chip.pending is None else bmc.chip.pending].firmware()
    if bmc.chip.uploading is not None or waits is None or (bmc.chip.pending is None and waits == bmc.running):
        raise Refused(NOT_IN_THIS_STATE)

    def activate() -> int:
        bmc.make_active()
        bmc.server.agenda.after(0, bmc.cold_reset)
        return 0

    return hpm_upload.long_operation(bmc, request.command, ACTIVATE_S, activate)


@_hpm_command(0x36, privilege=USER, least=1)
def query_self_test_results(request: Request) -> bytes:
    """0x55: passed, or none was run. What a new image failed stays on record until the next upgrade."""
    _hpm(request)
    return ID + bytes(request.bmc.nvram.get("hpm-self-test", SELF_TEST_PASSED))


@_hpm_command(0x37, privilege=USER, least=1)
def query_rollback_status(request: Request) -> Reply:
    """How the last rollback ended: the components that went back, or 0x81."""
    hpm = _hpm(request)
    if hpm_upload.of(request.bmc).busy == 0x38:
        return Reply(hpm_upload.IN_PROGRESS, ID)
    outcome = request.bmc.nvram.get("hpm-rollback")
    if outcome == "failed":
        return Reply(ROLLBACK_FAILED, ID)
    return Reply(0, ID + bytes([_mask(hpm) if outcome == "done" else 0]))


@_hpm_command(0x38, privilege=ADMIN, least=1)
def initiate_manual_rollback(request: Request) -> Reply:
    _hpm(request)
    bmc = request.bmc
    if _idle(request).upload is not None:
        raise Refused(NOT_IN_THIS_STATE)
    if _backup(bmc) is None:
        raise Refused(ROLLBACK_DENIED)

    def roll_back() -> int:
        done = bmc.chip.rollback()
        bmc.nvram["hpm-rollback"] = "done" if done else "failed"
        bmc.server.note("bmc-rollback", done=done)
        if done:
            bmc.server.agenda.after(0, bmc.cold_reset)
        return 0 if done else ROLLBACK_FAILED

    return hpm_upload.long_operation(bmc, request.command, ROLLBACK_S, roll_back)

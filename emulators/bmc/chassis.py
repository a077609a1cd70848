"""Chassis commands, netfn 00: power, identify LED, boot options (IPMI 2.0 section 28)."""

from __future__ import annotations

from typing import Any

from emulators.bmc.controller import Bmc
from emulators.bmc.message import (
    ADMIN,
    CHASSIS,
    INVALID_FIELD,
    NOT_IN_THIS_STATE,
    OPERATOR,
    USER,
    Refused,
    Request,
    command,
)

BMC_ADDRESS = 0x20
IDENTIFY_S = 15
ALWAYS_OFF, PREVIOUS, ALWAYS_ON, NO_CHANGE = range(4)
COMMANDED = 0x10  # last power event: power was turned on by command
CHASSIS_CONTROL = 0x01  # restart cause
BUTTONS_CAN_BE_DISABLED = 0x0F  # standby, diagnostic interrupt, reset, power off
HOURS = 60  # minutes a count of the power-on hours counter


@command(CHASSIS, 0x00)
def get_chassis_capabilities(request: Request) -> bytes:
    return bytes([0x00, *[BMC_ADDRESS] * 5])


@command(CHASSIS, 0x01)
def get_chassis_status(request: Request) -> bytes:
    bmc = request.bmc
    power = int(bmc.server.powered) | bmc.nvram.get("power-policy", PREVIOUS) << 5
    identify = 0x40 | identify_state(bmc) << 4
    buttons = BUTTONS_CAN_BE_DISABLED << 4 | bmc.nvram.get("disabled-buttons", 0)
    return bytes([power, bmc.nvram.get("last-power-event", 0), identify, buttons])


@command(CHASSIS, 0x0A, privilege=ADMIN, least=1)
def set_front_panel_button_enables(request: Request) -> bytes:
    """Kept for Get Chassis Status, which tells which buttons are disabled and which of them can be."""
    request.bmc.nvram["disabled-buttons"] = request.data[0] & BUTTONS_CAN_BE_DISABLED
    return b""


@command(CHASSIS, 0x02, privilege=OPERATOR, least=1)
def chassis_control(request: Request) -> bytes:
    bmc, server = request.bmc, request.bmc.server
    act = request.data[0] & 0x0F
    if act > 5:
        raise Refused(INVALID_FIELD)
    if act in (2, 3, 4) and not server.powered:
        raise Refused(NOT_IN_THIS_STATE)
    bmc.nvram["restart-cause"] = CHASSIS_CONTROL
    bmc.nvram["last-power-event"] = COMMANDED if act in (1, 2) else 0
    bmc.volatile["boot-flags-claimed"] = True
    power = (server.power_off, server.power_on, server.power_cycle, server.power_reset, _interrupt, server.power_soft)
    power[act]()
    return b""


def _interrupt() -> None:
    """Pulse a diagnostic interrupt (NMI): the virtual operating system takes no notice."""


@command(CHASSIS, 0x04, privilege=OPERATOR)
def chassis_identify(request: Request) -> bytes:
    interval = request.data[0] if request.data else IDENTIFY_S
    forced = len(request.data) > 1 and request.data[1] & 0x01
    request.bmc.volatile["identify"] = "on" if forced else request.bmc.server.now + interval
    return b""


def identify_state(bmc: Bmc) -> int:
    """The identify LED: 0 off, 1 on for a while, 2 on until told otherwise."""
    until: Any = bmc.volatile.get("identify", 0)
    if until == "on":
        return 2
    return int(until > bmc.server.now)


@command(CHASSIS, 0x05, privilege=ADMIN, least=5)
def set_chassis_capabilities(request: Request) -> bytes:
    return b""


@command(CHASSIS, 0x06, privilege=OPERATOR, least=1)
def set_power_restore_policy(request: Request) -> bytes:
    """What the host does when mains return. Kept in NVRAM under "power-policy"; answers the policies there are."""
    policy = request.data[0] & 0x07
    if policy > NO_CHANGE:
        raise Refused(INVALID_FIELD)
    if policy != NO_CHANGE:
        request.bmc.nvram["power-policy"] = policy
    return bytes([0x07])


@command(CHASSIS, 0x07)
def get_system_restart_cause(request: Request) -> bytes:
    return bytes([request.bmc.nvram.get("restart-cause", 0), request.bmc.board.channel])


@command(CHASSIS, 0x0F)
def get_power_on_hours(request: Request) -> bytes:
    return bytes([HOURS]) + int(request.bmc.server.now / 3600).to_bytes(4, "little")


# -- boot options (section 28.12 and 28.13)

BOOT_VERSION = 0x01
UNSUPPORTED, SET_IN_PROGRESS_ALREADY = 0x80, 0x81
INVALID_MARK, VALID = 0x80, 0x80
CLEARING, FLAGS = 3, 5
KEEP_ON_TIMEOUT = 0x08
FLAGS_LIVE_S = 60
PARAMETER_SIZES = {0: 1, 1: 1, 2: 1, 3: 1, 4: 2, 5: 5, 6: 9, 7: 17}
DEVICES = {1: "pxe", 2: "disk", 5: "cdrom", 6: "setup", 15: "floppy"}


def _options(bmc: Bmc) -> dict[int, bytes]:
    blank = {parameter: bytes(size) for parameter, size in PARAMETER_SIZES.items()}
    options: dict[int, bytes] = bmc.nvram.setdefault("boot-options", blank)
    return options


def ask_always(bmc: Bmc, device: str) -> None:
    """The boot flags as somebody has set them for every start: `chassis bootdev DEVICE options=persistent,efiboot`."""
    number = next(number for number, name in DEVICES.items() if name == device)
    _options(bmc)[FLAGS] = bytes([VALID | 0x60, number << 2, 0, 0, 0])


@command(CHASSIS, 0x08, privilege=OPERATOR, least=1)
def set_boot_option(request: Request) -> bytes:
    bmc, parameter, value = request.bmc, request.data[0] & 0x7F, request.data[1:]
    options = _options(bmc)
    if parameter not in options:
        raise Refused(UNSUPPORTED)
    invalid: set[int] = bmc.nvram.setdefault("boot-options-invalid", set())
    (invalid.add if request.data[0] & INVALID_MARK else invalid.discard)(parameter)
    if not value:
        return b""
    if len(value) > PARAMETER_SIZES[parameter]:
        raise Refused(0xC7)
    if parameter == 0 and value[0] & 3 == options[0][0] == 1:
        raise Refused(SET_IN_PROGRESS_ALREADY)
    if parameter == 4:  # a write mask, then the data to write under it
        value = bytes([0, options[4][1] & ~value[0] | value[-1] & value[0]])
    options[parameter] = value.ljust(PARAMETER_SIZES[parameter], b"\0")
    if parameter == FLAGS and value[0] & VALID:
        _let_expire(bmc)
    return b""


def _let_expire(bmc: Bmc) -> None:
    """Boot flags stay valid for a minute, unless a chassis control follows or they are to be kept."""
    written = _options(bmc)[FLAGS]
    bmc.volatile["boot-flags-claimed"] = False

    def expire() -> None:
        options = _options(bmc)
        kept = options[CLEARING][0] & KEEP_ON_TIMEOUT or bmc.volatile.get("boot-flags-claimed")
        if options[FLAGS] is written and not kept:
            options[FLAGS] = bytes([written[0] & ~VALID]) + written[1:]

    bmc.server.agenda.after(FLAGS_LIVE_S, expire)


def take_boot_device(bmc: Bmc) -> str | None:
    """What the BIOS does at its start: read the boot flags and mark them used unless they are persistent.

    The device asked for, or None where the flags are not valid or name none.
    """
    options = _options(bmc)
    flags = options[FLAGS]
    if not flags[0] & VALID:
        return None
    if not flags[0] & 0x40:
        options[FLAGS] = bytes([flags[0] & ~VALID]) + flags[1:]
    return DEVICES.get(flags[1] >> 2 & 0x0F)


@command(CHASSIS, 0x09, privilege=USER, least=3)
def get_boot_option(request: Request) -> bytes:
    parameter = request.data[0] & 0x7F
    value = _options(request.bmc).get(parameter)
    if value is None:
        raise Refused(UNSUPPORTED)
    marked = INVALID_MARK if parameter in request.bmc.nvram.get("boot-options-invalid", set()) else 0
    return bytes([BOOT_VERSION, parameter | marked]) + value

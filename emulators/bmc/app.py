"""Application commands, netfn 06: who the controller is, its resets, its message flags (IPMI 2.0 sections 20-22)."""

from __future__ import annotations

from emulators import images
from emulators.bmc import capabilities, oem_dell, rmcp_commands
from emulators.bmc.controller import Bmc
from emulators.bmc.message import ADMIN, APP, SESSIONLESS, Refused, Request, command
from emulators.bmc.reply import Reply

IPMI_VERSION = 0x02
UPDATING = 0x80  # in the first firmware byte: device firmware, SDR or self-initialisation update in progress
EMPTY = 0x80  # Get Message, Read Event Message Buffer: nothing there
DEFAULT_ENABLES = 0x09  # receive message queue interrupt, system event logging


def device_id(bmc: Bmc) -> bytes:
    """The 15 bytes of Get Device ID (section 20.1). The version is that of the code that runs."""
    board = bmc.board
    version = images.version_bytes(bmc.running.version if bmc.running else board.version)
    updating = UPDATING if bmc.chip.uploading is not None else 0
    revision = board.device_revision | (0x80 if board.provides_sdrs else 0)
    head = bytes([board.device_id, revision, version[0] | updating, version[1], IPMI_VERSION, board.device_support])
    ids = board.manufacturer_id.to_bytes(3, "little") + board.product_id.to_bytes(2, "little")
    return head + ids + (bytes(board.aux) if board.aux else version[2:])


@command(APP, 0x01)
def get_device_id(request: Request) -> bytes:
    return device_id(request.bmc)


@command(APP, 0x02, privilege=ADMIN)
def cold_reset(request: Request) -> bytes:
    """The answer leaves first: the reset is the next thing on the agenda."""
    request.bmc.server.agenda.after(0, request.bmc.cold_reset)
    return b""


@command(APP, 0x03, privilege=ADMIN)
def warm_reset(request: Request) -> bytes:
    """Restarts the firmware, as real ones do: there is no shorter way on a BMC that runs Linux."""
    return cold_reset(request)


@command(APP, 0x04)
def get_self_test_results(request: Request) -> bytes:
    return bytes(request.bmc.server.spec.self_test)


@command(APP, 0x06, privilege=ADMIN, least=2)
def set_acpi_power_state(request: Request) -> bytes:
    """The system software tells its state; the BMC follows the power itself, so there is nothing to keep."""
    return b""


@command(APP, 0x07)
def get_acpi_power_state(request: Request) -> bytes:
    return bytes([0x00 if request.bmc.server.powered else 0x05, 0x00])


@command(APP, 0x08)
def get_device_guid(request: Request) -> bytes:
    return request.bmc.guid


@command(APP, 0x37, privilege=SESSIONLESS)
def get_system_guid(request: Request) -> bytes:
    return request.bmc.guid


@command(APP, 0x2E, privilege=ADMIN, least=1)
def set_global_enables(request: Request) -> bytes:
    request.bmc.volatile["global-enables"] = request.data[0]
    return b""


@command(APP, 0x2F)
def get_global_enables(request: Request) -> bytes:
    return bytes([request.bmc.volatile.get("global-enables", DEFAULT_ENABLES)])


@command(APP, 0x30, privilege=ADMIN, least=1)
def clear_message_flags(request: Request) -> bytes:
    return b""


@command(APP, 0x31)
def get_message_flags(request: Request) -> bytes:
    return bytes([0x00])


@command(APP, 0x33)
def get_message(request: Request) -> bytes:
    raise Refused(EMPTY)


@command(APP, 0x35)
def read_event_message_buffer(request: Request) -> bytes:
    raise Refused(EMPTY)


# -- about sessions: over the LAN the sessions' layer answers these itself, with the same builders


@command(APP, 0x38, privilege=SESSIONLESS, least=1)
def get_channel_authentication_capabilities(request: Request) -> Reply:
    policy = capabilities.policy(request.bmc, request.data[0], request.channel)
    data = bytes([request.data[0] & 0x80 | policy.channel]) + request.data[1:]
    return rmcp_commands.authentication_capabilities(policy, request.bmc.users, data)


@command(APP, 0x54, privilege=SESSIONLESS, least=1)
def get_channel_cipher_suites(request: Request) -> Reply:
    policy = capabilities.policy(request.bmc, request.data[0], request.channel)
    return rmcp_commands.cipher_suites(policy, bytes([policy.channel]) + request.data[1:])


@command(APP, 0x3D, least=1)
def get_session_info(request: Request) -> Reply:
    """In band there is no session to tell of: only how many there can be."""
    return rmcp_commands.session_info((), request.bmc.board.session_slots, None, request.data)


@command(APP, 0x59, least=4)
def get_system_info_parameters(request: Request) -> bytes:
    """Only Dell's OEM selector that names the iDRAC's generation; the rest is not supported."""
    return oem_dell.system_info(request)

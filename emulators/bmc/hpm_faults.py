"""What armed faults make of an HPM.1 command on its way to its handler (emulators/faults, kinds hpm-*)."""

from __future__ import annotations

from emulators.bmc import hpm_upload
from emulators.bmc.message import Answer, Handler, Refused, Request
from emulators.bmc.reply import Reply
from emulators.faults import BLOCK, Fault

ID = b"\x00"
KEPT = frozenset({0x30, 0x31, 0x32, 0x33, 0x35, 0x38})  # the commands whose completion code 2c/34 tells


def answer(request: Request, handler: Handler) -> Answer:
    """The answer to `request`: its handler's, unless a fault fires."""
    fault = _firing(request) if request.bmc.server.faults.attentive else None
    if fault is None:
        return handler(request)
    request.bmc.server.note(fault.kind, command=request.command, completion_code=fault.completion_code)
    match fault.kind:
        case "hpm-answer":
            return _refuse(request, fault.completion_code or 0)
        case "hpm-mute":
            _outcome(request, handler, fault)
            return None
        case "hpm-slow":
            return hpm_upload.long_operation(
                request.bmc, request.command, fault.seconds, lambda: _outcome(request, handler, fault)
            )
        case _:
            return None


def _firing(request: Request) -> Fault | None:
    bmc, command = request.bmc, request.command
    faults = bmc.server.faults
    percent = hpm_upload.percent(bmc, len(request.data) - 2) if command == BLOCK else 100.0
    fired = faults.passing("hpm.command", percent=percent, command=command)
    return fired[0] if fired else None


def _refuse(request: Request, completion_code: int) -> Reply:
    if request.command in KEPT:
        hpm_upload.of(request.bmc).status = (request.command, completion_code)
    return Reply(completion_code, ID)


def _outcome(request: Request, handler: Handler, fault: Fault) -> int:
    """How a long operation ends: as told, or as its handler ends it now."""
    if fault.completion_code is not None:
        return fault.completion_code
    try:
        reply = handler(request)
    except Refused as refused:
        return refused.completion_code
    return reply.completion_code if isinstance(reply, Reply) else 0

"""The one door into the BMC for IPMI messages, whatever carried them.

Handlers enter themselves into `message.TABLE` when their module is imported; what is absent there is answered 0xc1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulators.bmc import (  # noqa: F401 - imported for the commands that they enter into the table
    access,
    app,
    channelkeys,
    chassis,
    hpm,
    oem_dell,
    oem_supermicro,
    payload_access,
    pef,
    sensor,
    serial,
    sol,
    storage,
    transport,
    watchdog,
)
from emulators.bmc.message import (
    INSUFFICIENT_PRIVILEGE,
    INVALID_COMMAND,
    INVALID_LUN,
    LENGTH_INVALID,
    OK,
    TABLE,
    Refused,
    Request,
)
from emulators.bmc.reply import Reply

if TYPE_CHECKING:
    from emulators.bmc.controller import Bmc


def handle(
    bmc: Bmc, netfn: int, lun: int, command: int, data: bytes, privilege: int, *, channel: int = 1, session: Any = None
) -> Reply | None:
    """Answer one message; never raises on any bytes. None while the BMC is dark.

    netfn: the request's (even); lun: 0-3; data: without netfn, command and checksums; privilege: 0 without a session,
    2 user, 3 operator, 4 administrator; channel: 1 the LAN, 0xf the system interface.
    """
    if not bmc.answering:
        return None
    entry = TABLE.get((netfn, command))
    if entry is None:
        return Reply(INVALID_COMMAND)
    if lun:
        return Reply(INVALID_LUN)
    if privilege < entry.privilege:
        return Reply(INSUFFICIENT_PRIVILEGE)
    if len(data) < entry.least or (entry.most is not None and len(data) > entry.most):
        return Reply(LENGTH_INVALID)
    try:
        answer = entry.handler(Request(bmc, netfn, lun, command, data, privilege, channel, session))
    except Refused as refused:
        return Reply(refused.completion_code, refused.data)
    return answer if answer is None or isinstance(answer, Reply) else Reply(OK, answer)

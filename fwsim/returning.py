"""A BMC that goes dark while a run works on it, for somebody has reset it: waited for, as long as its start may take.

Only a BMC that has answered in this run is waited for; one that never did is a refusal, and said so at once.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from fwsim import waiting
from fwsim.doors import DoorError
from fwsim.tools import ipmitool, kernel
from fwsim.tools.ipmitool import mc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fwsim.context import Context
    from fwsim.doors import Completed

BMC_S = 30.0


def is_dark(context: Context, argv: Sequence[str], answer: Completed) -> bool:
    """Did that command fail for want of a BMC that was there before?"""
    known = bool(context.found.guid)
    return known and answer.status != 0 and argv[0] == "ipmitool" and ipmitool.device_is_missing(answer.stderr)


async def bmc_is_back(context: Context) -> bool:
    """Wait for it. False where it stays dark, or the host has no module for it any more."""
    if not await _modules_load(context):
        return False
    context.warn("the BMC does not answer in band any more; waiting for it, for somebody may have reset it")
    board = context.board
    patience = waiting.Patience(board.deadlines.bmc_boot_s, board.waits.poll_s, board.waits.steady)
    return (await waiting.until_steady(context.doors.clock, partial(bmc_answers, context), patience)).reached


async def _modules_load(context: Context) -> bool:
    try:
        return all([(await context.doors.host.run(kernel.modprobe(m))).status == 0 for m in kernel.IPMI_MODULES])
    except DoorError:
        return True  # the host's own restart is no word about its modules


async def bmc_answers(context: Context) -> bool:
    """One `mc info` in band, without an event. A /dev/ipmi0 that went away with the BMC comes back with its modules."""
    host = context.doors.host
    try:
        answer = await host.run(mc.INFO, timeout_s=BMC_S)
        if answer.status != 0 and ipmitool.device_is_missing(answer.stderr):
            await host.run(kernel.remove("ipmi_si"))
            await host.run(kernel.modprobe(*kernel.IPMI_MODULES))
            answer = await host.run(mc.INFO, timeout_s=BMC_S)
    except DoorError:
        return False
    return answer.status == 0

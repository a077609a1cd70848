"""A BMC that answers over LAN, not in band: ipmi_si is loaded anew; where that is not it, the BMC is reset over LAN.

The reset is allowed only where the bank is proved whole and nothing is being flashed (DESIGN rule 11).
"""

from __future__ import annotations

from fwsim import returning, waiting
from fwsim.context import Context
from fwsim.doors import BmcUnreachable, DoorError
from fwsim.outcomes import Fail
from fwsim.paths import Hop
from fwsim.steps import guard, reading
from fwsim.tools import kernel

COLD_RESET = (0x06, 0x02)
DARK_WITHIN_S = 60.0


async def free(context: Context, image: Hop) -> None:
    """Returns once something was done about it; whether that helped is for the caller to see. Raises Fail."""
    if await reloaded(context):
        return
    guard.proved_whole(context, image, "the BMC is not reset")
    await guard.may_restart(context, "reset the BMC")
    context.warn("its system interface is stuck: the BMC is reset over LAN")
    await reading.boot_id(context)
    await reset_over_lan(context)


async def reloaded(context: Context) -> bool:
    """Load ipmi_si anew: it looks for the BMC's system interface as it is loaded. Does that answer now?"""
    context.warn("the BMC answers over LAN, and not in band: ipmi_si is loaded anew")
    await context.read(kernel.remove("ipmi_si"))
    await reading.load_modules(context)
    return await returning.bmc_answers(context)


async def reset_over_lan(context: Context) -> None:
    """A cold reset by the BMC's network side; its host may be down. Raises Fail where it is not taken."""
    context.intend("reset cold, over LAN", "bmc")
    context.changed("bmc-reset", "the BMC was reset")
    try:
        reply = await context.lan(*COLD_RESET)
    except BmcUnreachable:
        reply = None  # it may have gone dark before it answered
    except DoorError as error:
        raise Fail(f"the BMC does not answer in band, and not to a reset over LAN: {error}", _BY_HAND) from error
    if reply is not None and reply.completion_code:
        raise Fail(f"the BMC refuses a cold reset over LAN: {reply.completion_code:#04x}", _BY_HAND)
    await waiting.until_silent(context.doors.clock, context.doors.network.probe, DARK_WITHIN_S)


_BY_HAND = "reset it from its web page, or `ipmitool -I lanplus ... mc reset cold`"

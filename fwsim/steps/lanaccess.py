"""A BMC that has its settings in band and is silent over LAN: is IPMI over LAN switched off there?"""

from __future__ import annotations

from fwsim.context import Context, Job
from fwsim.steps import Planned
from fwsim.tools.ipmitool import lan

SILENT = "where the BMC has its settings and is silent over LAN"


def commands(job: Job) -> tuple[Planned, ...]:
    channel = job.board.bmc.channels[0]
    return (
        Planned("host", lan.channel_info(channel), SILENT),
        Planned("host", lan.switch_on(channel), "where its access is switched off"),
    )


async def reopen(context: Context) -> bool:
    """Switch the channel's access on where it was switched off. False where that is not what is wrong."""
    channel = context.found.channel
    if not lan.is_switched_off((await context.read(lan.channel_info(channel))).stdout):
        return False
    context.warn(f"IPMI over LAN is switched off on channel {channel}")
    context.intend(f"switch IPMI over LAN on again, channel {channel}", "bmc")
    context.changed("lan-access", "IPMI over LAN switched on again")
    await context.must(lan.switch_on(channel), changes=True)
    return not lan.is_switched_off((await context.read(lan.channel_info(channel))).stdout)

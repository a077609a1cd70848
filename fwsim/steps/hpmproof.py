"""What a BMC itself says of the bank that HPM.1 has just written: asked after the tool's own word, before any restart.

A board need not answer. One that answers must agree; one that contradicts leaves the bank unknown (DESIGN rule 11).
"""

from __future__ import annotations

from fwsim import versions
from fwsim.context import Context
from fwsim.paths import Hop
from fwsim.tools import Unparsable
from fwsim.tools.ipmitool import hpm, raw

BUSY_S = 300.0
PARTS = 2  # of a version in `hpm check`: major and minor
COMMANDS = (hpm.UPGRADE_STATUS, hpm.check())


async def objection(context: Context, image: Hop) -> str:
    """Why the bank is not whole by the BMC's word, "" where it agrees or does not say."""
    return await _by_status(context) or await _by_deferred_version(context, image)


async def _by_status(context: Context) -> str:
    """Get Upgrade Status: the completion code of the last long command; 0x80 while that is at work."""
    began = context.now()
    while (status := await _status(context)) is not None and status.busy:
        if context.now() - began >= BUSY_S:
            return f"the BMC says after {BUSY_S:.0f} s that command {status.command:#04x} is still at work"
        await context.sleep(context.board.waits.poll_s)
    if status is None or status.completion_code == 0:
        return ""
    return f"the BMC says that command {status.command:#04x} ended with {status.completion_code:#04x}"


async def _status(context: Context) -> hpm.UpgradeStatus | None:
    """None where the BMC does not say."""
    answer = await context.read(hpm.UPGRADE_STATUS)
    if answer.status != 0:
        return None
    try:
        return hpm.parse_status(raw.parse(answer.stdout))
    except Unparsable:
        return None


async def _by_deferred_version(context: Context, image: Hop) -> str:
    """What waits for its activation, where the board defers it, is what was written."""
    answer = await context.read(hpm.check(), timeout_s=300)
    try:
        waiting = [c.last for c in hpm.parse_check(answer.stdout, answer.stderr, answer.status).components if c.last]
        wanted = ".".join(image.version.split(".")[:PARTS])
        if not waiting or any(versions.same(version, wanted) for version in waiting):
            return ""
    except (Unparsable, versions.BadVersion):
        return ""
    return f"the BMC holds {' and '.join(waiting)} for its activation, not {image.version}"

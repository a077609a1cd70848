"""Rule 11: while a bank is or may be incomplete, nothing resets, reboots or takes power.

What still runs may be all that is left. Only the operator's explicit word goes past this, and it is told as a fact.
"""

from __future__ import annotations

from fwsim import bank, units
from fwsim.context import Context
from fwsim.outcomes import Fail
from fwsim.paths import Hop
from fwsim.tools import systemd

WORD = "operator.word"  # the fact that tells of it
INCOMPLETE = (
    "The bank may be incomplete. Do not reset the BMC, reboot the host or take power: what still runs may be all that "
    "is left. Re-flash in band: `{command}` on the host, and look at its output before anything else"
)


def proved_whole(context: Context, image: Hop, so: str) -> None:
    """Raises Fail where this run's own flash is not proved whole. `so`: what is not done."""
    known = bank.state(context.job, context.found, image)
    if known == "untouched" or bank.is_doubtful(known, settled=True):
        raise Fail(f"the bank is not proved whole, so {so}", INCOMPLETE.format(command="hpm check"))


async def may_restart(context: Context, what: str) -> None:
    """Raises Fail while a flash runs on this host, or where the last one there, whosever it was, did not end well."""
    reason = await objection(context)
    if not reason:
        return
    if not context.job.despite_incomplete:
        raise Fail(f"{reason}: fwsim does not {what}", INCOMPLETE.format(command=f"systemctl status {systemd.UNIT}"))
    context.fact(WORD, f"{what}, despite this: {reason}")


async def objection(context: Context) -> str:
    """Why nothing may be restarted now, "" where nothing is against it. A failed unit stays until the next flash."""
    unit = await units.look(context)
    if unit.state == "running":
        return f"a flash is running on this host: {unit.description}"
    if unit.state == "ended" and unit.tag is not None and not _ended_well(unit):
        return f"the last flash on this host did not end well: {unit.description}"
    whose = foreign(context, unit)
    return f"another run's flash has ended here, and its restart is not known to be over: {whose}" if whose else ""


def foreign(context: Context, unit: systemd.Unit) -> str:
    """Another run's flash that has ended well and waits for its restart: whose it is, "" for none. A verified one is
    taken away."""
    waits = unit.state == "ended" and unit.tag is not None and _ended_well(unit)
    return unit.description if waits and unit.tag is not None and unit.tag.run != context.job.run_id else ""


def _ended_well(unit: systemd.Unit) -> bool:
    return unit.result == "success" and not unit.exit_status

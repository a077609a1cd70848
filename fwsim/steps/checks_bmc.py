"""Of the BMC: does it answer from both sides, is it this host's, is it well, has it seen anything bad?"""

from __future__ import annotations

from fwsim import units, waiting
from fwsim.attestations import sel_finding
from fwsim.context import Context, Job, last_line
from fwsim.doors import BmcUnreachable
from fwsim.outcomes import Refuse, Result, done, waived, warned
from fwsim.steps import Planned, guard, planned_on_host, reading
from fwsim.steps.attested import refuse_unless_waived
from fwsim.tools.ipmitool import lan, mc, raw, sel

GET_GUID = (0x06, 0x37)
GET_LAN_PARAMETER = (0x0C, 0x02)
MAC_PARAMETER = 5
BMC_SILENCE_S = 15.0
SEL_S = 300.0  # a full log, in band, on a slow BMC
SHOWN = 3  # events in one sentence


async def bmc(context: Context) -> Result:
    """The BMC answers in band, and its ids are the board's."""
    info = await reading.bmc_info(context)
    known = context.board.bmc
    if info.manufacturer_id != known.manufacturer_id or (
        known.product_ids and info.product_id not in known.product_ids
    ):
        wanted = " or ".join(f"{p:#06x}" for p in known.product_ids) or "any"
        raise Refuse(
            f"the BMC is manufacturer {info.manufacturer_id}, product {info.product_id:#06x}; "
            f"{context.board.name} has {known.manufacturer_id}, {wanted}",
            "find out which board this is before anything is flashed",
        )
    if not info.available and context.found.pending("bmc") is None:
        await _known_update(context)
    read = await reading.version(context, "bmc")
    bios = await reading.version(context, "bios")
    return done(f"BMC {read}, BIOS {bios}")


async def _known_update(context: Context) -> None:
    """A flash of ours that did not end well leaves the BMC waiting for the next one. Raises Refuse for any other."""
    unit = await units.look(context)
    if unit.state == "running":
        raise Refuse(f"a flash is running on this host: {unit.description}", "wait for it to end")
    against = await guard.objection(context)
    if not against:
        raise Refuse(
            "the BMC says that a firmware update is in progress", "wait for it to end, or find out whose it is"
        )
    context.warn(f"{against}; it is written anew before anything is restarted")


def identity_commands(job: Job) -> tuple[Planned, ...]:
    channel = job.board.bmc.channels[0]
    over_lan = (raw.GUID[1:], raw.lan_mac(channel)[1:])
    return (*planned_on_host(lan.show(channel), raw.GUID), *(Planned("bmc", words) for words in over_lan))


async def same_bmc(context: Context) -> Result:
    """The BMC that answers over LAN is this host's own: GUID and MAC are equal from both sides."""
    if context.found.pending("bmc") is not None:
        return await _still_its_bmc(context)
    at = context.plan.bmc.address
    clock, network = context.doors.clock, context.doors.network
    if not (await waiting.until_steady(clock, network.probe, waiting.Patience(BMC_SILENCE_S, 2.0, 2))).reached:
        raise Refuse(f"the BMC at {at} is silent over LAN", "check the plan's bmc.address, the cable, the BMC's LAN")
    channel, shown = await reading.lan_channel(context)
    context.found.channel = channel
    context.fact("lan.channel", str(channel))
    in_band = raw.parse_guid(raw.parse((await context.must(raw.GUID)).stdout))
    mac = lan.parse(shown, channel).mac
    try:
        over_lan = raw.parse_guid((await context.lan(*GET_GUID)).data)
        parameter = await context.lan(*GET_LAN_PARAMETER, bytes([channel, MAC_PARAMETER, 0, 0]))
        lan_mac = raw.parse_lan_mac(parameter.data)
    except BmcUnreachable as error:
        raise Refuse(f"the BMC at {at} answers, but gives no session: {error}", "try the same login by hand") from error
    if in_band != over_lan or mac != lan_mac:
        raise Refuse(
            f"the BMC at {at} is another server's: GUID {over_lan}, MAC {lan_mac}; this host's has {in_band}, {mac}",
            "correct the plan's bmc.address",
        )
    context.found.guid = in_band
    context.fact("bmc.guid", in_band)
    context.fact("bmc.mac", mac)
    return done(f"{at} is this host's BMC: GUID ...{in_band[-12:]}, MAC {mac}, channel {channel}")


async def _still_its_bmc(context: Context) -> Result:
    """Before it has restarted, a BMC whose flash was begun need not answer over LAN. Its GUID in band is the same."""
    in_band, known = raw.parse_guid(raw.parse((await context.must(raw.GUID)).stdout)), context.found.guid
    if in_band != known:
        raise Refuse(f"the BMC's GUID is {in_band} in band, it was {known}", "find out which server this is")
    return done(f"GUID ...{in_band[-12:]} in band, as before its flash was begun; over LAN it is asked after that")


async def self_test(context: Context) -> Result:
    """What the BMC found when it tested itself."""
    answer = await context.read(mc.SELF_TEST)
    passed = mc.parse_self_test(answer.stdout)
    if passed is None:
        return warned("this BMC has no self-test")
    if not passed:
        said = "; ".join(line.strip(" ->") for line in answer.stdout.splitlines() if line.strip())
        return refuse_unless_waived(
            context, "self-test", f"the BMC's self-test failed: {said}", "find out what is wrong with the BMC"
        )
    return done("passed")


async def events(context: Context) -> Result:
    """No critical event in the log that is still open; each may be waived by its number."""
    answer = await context.read(sel.LIST, timeout_s=SEL_S)
    if answer.status != 0:
        return warned(f"the event log cannot be read: {last_line(answer.stderr)}", "look at `ipmitool sel elist`")
    critical = sel.unresolved(sel.parse(answer.stdout, answer.stderr))
    reasons = {event: context.plan.waiver(sel_finding(event.id)) for event in critical}
    open_ = [event for event, reason in reasons.items() if not reason]
    if open_:
        shown = "; ".join(f"{sel_finding(e.id)} {e.when} {e.sensor}: {e.event}" for e in open_[:SHOWN])
        more = f" and {len(open_) - SHOWN} more" if len(open_) > SHOWN else ""
        wanted = ", ".join(f"{{finding: {sel_finding(e.id)}, reason: WHY}}" for e in open_)
        raise Refuse(
            f"critical events in the BMC's log: {shown}{more}",
            f"repair that first; what is known and does no harm goes into the plan: waivers: [{wanted}]",
        )
    if reasons:
        return waived("; ".join(f"{e.sensor}: {e.event} ({reason})" for e, reason in reasons.items()))
    return done("no critical event is open")

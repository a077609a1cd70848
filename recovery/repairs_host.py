"""Repairs of a host that does not come back: keys at its console, power, boot order, BIOS settings, the BIOS itself."""

from __future__ import annotations

from contextlib import suppress

from fwsim import units, versions, waiting
from fwsim.boards import BiosMethod
from fwsim.context import Context, last_line
from fwsim.doors import BmcAuthenticationRefused, BmcUnreachable, CommandTimeout, HostUnreachable
from fwsim.outcomes import Fail, Result, done
from fwsim.paths import Hop
from fwsim.steps import biossettings, flash, hostparts, hostreboot, jobretry, reading
from fwsim.steps.stillness import SAMPLE_S, Stillness
from fwsim.steps.unstick import Console
from fwsim.tools import racadm, sha256sum, sum
from fwsim.tools.ipmitool import raw
from recovery import echoes, from_journal, ground, repairs_bmc
from recovery.repairs_bmc import CutShort

OFF, ON, RESET, SOFT = 0, 1, 3, 5  # of Chassis Control (IPMI 2.0 table 28-4); SOFT: by ACPI, as the power button does
BOOT_FLAGS, FLAGS = (0x00, 0x08), 5
VALID, UEFI, FROM_DISK = (
    0x80,
    0x20,
    0x08,
)  # of parameter 5: this start alone, from the first disk (IPMI 2.0 table 28-14)
TOOL_S = 600.0
LEFT_OFF_S = 30.0
SETTLES_S = 10.0  # the BMC has written, and comes to rest


class NothingWritten(Fail):
    """It was refused before anything was written: the chip is as it was."""


async def pass_f1(context: Context) -> Result:
    """A key for who waits at the console."""
    await _bmc(context)
    stillness = Stillness(context)
    await stillness.look()
    if not await Console(context, stillness, 0.0).help():
        raise Fail("no key at the console sets the host going", "look at its screen")
    took = await ground.host_back(context)
    return done(f"the host is up, {took:.0f} s after the key")


async def power_on(context: Context) -> Result:
    await _bmc(context)
    if await hostreboot.is_on(context):
        raise Fail("the host is on", "look at its screen")
    await ground.may_take(context, "power the host on")
    await ground.chassis(context, ON, "power on")
    return done(f"the host is up after {await ground.host_back(context):.0f} s")


async def power_cycle(context: Context) -> Result:
    """Off, long enough, and on again, by the BMC: for a host into which nobody gets. One whose system answers pings is
    shut down by that system."""
    if await context.doors.host.answers():
        raise Fail("the host is up: its power is not taken", "restart it by its operating system")
    await ground.may_take(context, "take the host's power")
    await _bmc(context)
    if await hostreboot.is_on(context):
        if await _system_runs(context):
            await _shut_down_by_button(context)
        else:
            await ground.chassis(context, OFF, "power off: no system runs")
        await context.sleep(LEFT_OFF_S)
    await ground.chassis(context, ON, "power on")
    return done(f"the host is up after {await ground.host_back(context):.0f} s")


async def _system_runs(context: Context) -> bool:
    """Does its kernel answer, though nobody gets in? What nobody can tell is no."""
    with suppress(echoes.Untold):
        return await echoes.answered(context, context.plan.host.address)
    return False


async def _shut_down_by_button(context: Context) -> None:
    """In good order. Raises Fail where its system does not go down: what it does there, somebody must look at."""
    await ground.chassis(context, SOFT, "power off in good order: its system runs")
    began, deadline_s = context.now(), context.board.deadlines.shutdown_s
    while await hostreboot.is_on(context):
        if context.now() - began >= deadline_s:
            raise Fail(f"the host did not shut down within {deadline_s} s", "log in at its console")
        await context.sleep(context.board.waits.poll_s)


async def boot_order(context: Context) -> Result:
    """Where the system does not start any more: once from the disk, by its default loader; then the order itself."""
    await ground.with_backup(context)
    if not await context.doors.host.answers():
        await ground.may_take(context, "restart the host")
        await _bmc(context)
        legacy = hostparts.LEGACY in context.found.backup.get("boot-order", hostparts.LEGACY)
        flags = bytes([FLAGS, VALID | (0 if legacy else UEFI), FROM_DISK, 0, 0, 0])
        context.intend("start once from the disk", "host")
        context.changed("boot-flags", "the host was started from its disk, once")
        reply = await context.lan(*BOOT_FLAGS, flags)
        if reply.completion_code:
            raise Fail(f"the BMC refuses the boot flags: {reply.completion_code:#04x}", "choose the disk at its screen")
        await _restarted(context)
    await ground.on_host(context)
    return await hostparts.boot_order(context, ground.any_image(context))


async def bios_settings(context: Context) -> Result:
    """By the host's own tool where it is up, else out of band; then the start that takes them over."""
    await ground.with_backup(context)
    hop = ground.image(context, "bios")
    if await context.doors.host.answers():
        await ground.on_host(context)
        return await biossettings.compare(context, hop)
    await ground.may_take(context, "restart the host")
    await _bmc(context)
    context.intend("put the BIOS settings back, out of band", "bios")
    context.changed("bios-settings", "BIOS settings were put back")
    await (_profile(context) if context.board.racadm else _configuration(context))
    await _restarted(context)
    return done("the BIOS settings are back, and the host is up")


async def _configuration(context: Context) -> None:
    path = ground.kept(context, "bios-settings.xml")
    await _sum(context, sum.change_bios_settings(str(path)))


async def _profile(context: Context) -> None:
    """Of the BIOS alone; the job that takes it over waits for the start."""
    wanted = racadm.parse_profile(ground.kept(context, "bios-settings.xml").read_bytes())
    local = context.run_dir / "backup" / "bios-restore.xml"
    local.write_bytes(racadm.profile(wanted))
    ran = await repairs_bmc.out_of_band(context, racadm.import_settings(str(local)), timeout_s=TOOL_S)
    if "ERROR" in ran.stdout:
        raise Fail(f"the iDRAC does not take the settings: {last_line(ran.stdout)}", "set them in the BIOS's own menus")


# -- the BIOS again


async def reflash_through_bmc(context: Context) -> Result:
    """With the host off: it does not start any more. One that is off already loses nothing by it."""
    hop = ground.image(context, "bios")
    if await context.doors.host.answers():
        raise Fail("the host is up", "flash the BIOS again from there")
    await _bmc(context)
    if context.found.bmc_writes_since is not None:
        raise Fail("the BMC may still be writing a BIOS", "let it end; where it stands still, restart the BMC first")
    if await hostreboot.is_on(context):
        await ground.may_take(context, "switch the host off", anew=hop)
    return await _through_the_bmc(context, hop)


async def reflash_in_band(context: Context) -> Result:
    """What was cut short is written again from what still runs; whoever goes on with the run restarts into it."""
    hop = ground.image(context, "bios")
    await ground.on_host(context)
    method = next((m for m in context.job.methods(hop) if isinstance(m, BiosMethod)), None)
    if method is None:
        raise Fail(f"no tool of this board takes {hop.file.name}", "flash it by hand")
    unit = await units.look_before(context)
    if unit.state != "absent":
        context.intend("free the unit", "the flash's unit")
        await units.make_room(context, unit)
    context.changed("bios-again", f"BIOS {hop.version} was flashed again")

    async def attempt() -> bool:
        return await flash.run(context, hop, method, context.board.deadlines.bios_flash_s)

    await jobretry.twice(context, hop, attempt)
    if hop in context.found.flashed and method.tool != "racadm":
        context.mark(hop, "whole")
    return done(f"BIOS {hop.version} was written again")


async def _through_the_bmc(context: Context, hop: Hop) -> Result:
    was_on = await hostreboot.is_on(context)
    if was_on:
        await ground.chassis(context, OFF, "power off: it does not start")
        await context.sleep(LEFT_OFF_S)
    try:
        await _written_in_the_end(context, hop)
    except NothingWritten:
        if was_on:
            await ground.chassis(context, ON, "power on, as it was before")
        raise
    await context.sleep(SETTLES_S)
    await ground.chassis(context, ON, "power on")
    took = await ground.host_back(context)
    running = await reading.version(context, "bios")
    if not versions.same(running, hop.version):
        raise Fail(f"BIOS {hop.version} was written through the BMC, and {running} runs", "look at the tool's log")
    context.mark(hop, "verified", version=running)
    return done(f"BIOS {running} runs; the host is up after {took:.0f} s")


async def _written_in_the_end(context: Context, hop: Hop) -> None:
    """What was cut short is written once more at once: the host is off, and the chip alone counts now."""
    try:
        await _written_by_bmc(context, hop)
    except CutShort as cut:
        await context.sleep(SETTLES_S)
        try:
            await _written_by_bmc(context, hop)
        except NothingWritten as refused:  # this time: of the first one something was
            raise cut from refused


async def _written_by_bmc(context: Context, hop: Hop) -> None:
    """Raises NothingWritten where the chip is as it was, CutShort where it may be half written, Fail where the BMC may
    still be at it."""
    seen = await context.run_on_files(sha256sum.argv(str(hop.file)))
    if seen.status != 0 or sha256sum.parse(seen.stdout) != hop.sha256:
        raise NothingWritten(f"{hop.file.name} is not what the plan says any more", "get it from the vendor again")
    context.intend(f"flash bios {hop.version} out of band", hop.file.name)
    context.changed("bios-again", f"BIOS {hop.version} was flashed through the BMC")
    await _same_bmc(context)
    proved = hop in context.found.whole
    known = await repairs_bmc.job_ids(context) if context.board.racadm else ""
    context.mark(hop, "begun", jobs=known)  # what was proved of the bank says nothing of what is written now
    ground.bmc_writes(context, "begun")
    try:
        await _handed_to_bmc(context, hop)
        if context.board.racadm:
            await repairs_bmc.bios_job_over(context, known, _patience_s(context))
    except (NothingWritten, CutShort) as ended:
        ground.bmc_writes(context, "ended")
        if isinstance(ended, NothingWritten) and proved:
            context.mark(hop, "whole")
        raise
    except CommandTimeout as silent:
        raise Fail(f"the BMC has not ended writing BIOS {hop.version}: {silent}", "let it end") from silent
    ground.bmc_writes(context, "ended")
    context.mark(hop, "whole")  # by the iDRAC's job; or SUM has verified it, with the host off


def _patience_s(context: Context) -> float:
    """A little longer than the BMC may take: what has not ended then stands still."""
    return from_journal.written_within_s(context.board) + SETTLES_S


async def _handed_to_bmc(context: Context, hop: Hop) -> None:
    if context.board.racadm:
        ran = await repairs_bmc.out_of_band(context, racadm.update(str(hop.file)), timeout_s=_patience_s(context))
        if not racadm.parse_update(ran.stdout, ran.stderr).accepted:
            raise NothingWritten(f"the iDRAC does not take the BIOS: {last_line(ran.stdout)}", "use its web page")
    else:
        await _sum(
            context,
            sum.update_bios(str(hop.file), preserve_setting=True),
            timeout_s=_patience_s(context),
        )


async def _same_bmc(context: Context) -> None:
    """Look before the start: the BMC that will write it answers, and is this host's (DESIGN rule 3)."""
    guid = raw.parse_guid((await context.lan(0x06, 0x37)).data)
    if guid != context.found.guid:
        raise Fail(f"another BMC answers at {context.plan.bmc.address}: GUID {guid}", "look for an address conflict")


async def pdu_cycle(context: Context) -> Result:
    """All outlets off, a pause, on again. Only while nothing is or may be half written."""
    outlets = context.plan.pdu
    if not outlets:
        raise Fail("the plan names no outlets of a PDU", "pdu: [{off: LINE, on: LINE}, ...], one a power supply")
    await ground.may_take(context, "take the server's power")
    if await context.doors.host.answers():
        await _shut_down(context)
    context.intend("switch the PDU's outlets off and on", "host")
    context.changed("mains", "the server's mains were switched off and on")
    for line in (outlet.off for outlet in outlets):
        await _switched(context, line)
    await context.sleep(LEFT_OFF_S)
    for line in (outlet.on for outlet in outlets):
        await _switched(context, line)
    await ground.bmc_steady(context)
    await context.sleep(LEFT_OFF_S)
    if not await hostreboot.is_on(context):
        await ground.chassis(context, ON, "power on")
    return done(f"power was away; the BMC answers, the host is up after {await ground.host_back(context):.0f} s")


async def _shut_down(context: Context) -> None:
    """By its operating system. Whether it is off cannot be asked of a BMC that hangs: it is given the time."""
    await reading.boot_id(context)
    context.intend("shut the host down, for its power is taken", "host")
    context.changed("host", "the host was shut down")
    with suppress(HostUnreachable, CommandTimeout):
        await context.run(hostreboot.POWER_OFF, changes=True)
    clock, deadline_s = context.doors.clock, context.board.deadlines.shutdown_s
    if not await waiting.until_silent(clock, context.doors.host.answers, deadline_s):
        raise Fail(f"the host did not go down within {deadline_s} s", "look at its console")
    await context.sleep(SETTLES_S * 6)


async def _switched(context: Context, line: str) -> None:
    ran = await context.run_operator(("sh", "-c", line), timeout_s=120)
    if ran.status != 0:
        raise Fail(f"`{line}` exited {ran.status}: {last_line(ran.stderr or ran.stdout)}",
                   "switch the outlets by hand, all of them on again")  # fmt: skip


# -- what they share


async def _bmc(context: Context) -> None:
    """The BMC lets us in over LAN. Raises Fail."""
    await ground.boot_id_if_up(context)
    try:
        await hostreboot.is_on(context)
    except (BmcUnreachable, BmcAuthenticationRefused) as error:
        raise Fail(f"the BMC cannot be used over LAN: {error}", "this repair goes through the BMC") from error


async def _restarted(context: Context) -> None:
    """A host without a running system: nobody there can be asked."""
    on = await hostreboot.is_on(context)
    await ground.chassis(context, RESET if on else ON, "reset: no system runs" if on else "power on")
    await context.sleep(SAMPLE_S)
    await ground.host_back(context)


async def _sum(context: Context, argv: tuple[str, ...], *, timeout_s: float = TOOL_S) -> None:
    at = context.plan.bmc
    given = context.doors.passwords.get(at.user, "").encode() + b"\n"
    ran = await context.run_on_files(sum.over_lan(argv, at.address, at.user), stdin=given, timeout_s=timeout_s)
    if ran.status != 0:
        why = f"{sum.meaning(ran.status)}: {sum.error(ran.stdout) or last_line(ran.stdout or ran.stderr)}"
        nothing = ran.status == from_journal.NO_LICENCE or ran.status in sum.DRIVER_REFUSED
        raise (NothingWritten if nothing else CutShort)(
            f"`{argv[0]} {argv[2]}` out of band exited {ran.status} ({why})", "use the BMC's web page"
        )

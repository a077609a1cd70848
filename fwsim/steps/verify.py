"""Is everything else as it was? After each flash: compared with the backup, put back in band, tried from outside.

After a BMC's flash: the port it uses, its users, its LAN settings (commit-confirm), IPMI's boot flags, its event log.
After a BIOS's: boot order, settings, the names of the ports and the serial numbers, and the BMC's part once more. Where
the BMC cannot be reached any more the run stops at once; what else was not put back is told at the end, which is then
no update.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from fwsim import returning, waiting
from fwsim.context import Context, Job, last_line
from fwsim.doors import BmcAuthenticationRefused, BmcUnreachable
from fwsim.outcomes import Fail, Result, done, skipped, warned
from fwsim.paths import Hop
from fwsim.steps import Planned, Step, biossettings, for_image, hostparts, lanaccess, reading, users
from fwsim.tools import racadm
from fwsim.tools.ipmitool import chassis, lan, raw, sel

LINK_UP_S = 120.0  # spanning tree included
SESSION_TRIES = 4
NO_MAC = "00:00:00:00:00:00"
SEL_TIME = raw.argv(0x0A, 0x48)
NOT_SETTABLE = ("cipher_suites", "channel")


def after(job: Job, image: Hop) -> tuple[Step, ...]:
    """What is compared once that image runs."""
    return _after_bmc(image) if image.kind == "bmc" else _after_bios(image)


def _after_bmc(image: Hop) -> tuple[Step, ...]:
    step = partial(for_image, image, "verify BMC", changes=True)
    flags, log = (Planned("host", chassis.BOOT_FLAGS),), (Planned("host", sel.INFO),)
    clock = (Planned("host", SEL_TIME), Planned("host", sel.SET_TIME, "where it was lost"))
    return (
        step("lan-mode", "Does the BMC use the same port?", lan_mode, _mode_commands),
        step("users", "Users as before", users.compare, users.commands),
        step("lan-settings", "LAN settings as before, reachable from outside", lan_settings, _lan_commands),
        step("boot-flags", "IPMI's boot options as before", boot_flags, lambda job: flags),
        for_image(image, "verify BMC", "event-log", "Is the event log still there?", event_log, lambda job: log),
        step("log-clock", "Does the event log know the time?", log_clock, lambda job: clock),
    )


def _after_bios(image: Hop) -> tuple[Step, ...]:
    step = partial(for_image, image, "verify BIOS", changes=True)
    return (
        step("boot-order", "Boot order as before", hostparts.boot_order, hostparts.order_commands),
        step("bios-settings", "BIOS settings as before", biossettings.compare, biossettings.restore_commands),
        step("host-parts", "Ports and serial numbers as before", hostparts.compare, hostparts.commands),
        step("bmc-settings", "The BMC's port, users and LAN as before", bmc_settings, _bmc_commands),
    )


def _mode_commands(job: Job) -> tuple[Planned, ...]:
    known = job.board.bmc
    if known.lan_mode is not None:
        return (Planned("host", raw.argv(*known.lan_mode.get_bytes())),)
    return (Planned("host", racadm.NIC_SELECTION),) if known.racadm_nic_selection else ()


def _lan_commands(job: Job) -> tuple[Planned, ...]:
    channel = job.board.bmc.channels[0]
    nothing = lan.LanConfig(channel, "unspecified", "", "", "", "", None, 0, ())
    wanted = lan.LanConfig(channel, "static", "ADDRESS", "NETMASK", "", "GATEWAY", 1, 1, ())
    back = (Planned("host", argv, "where it was lost") for argv in lan.restore(wanted, nothing))
    return (Planned("host", lan.show(channel)), *back, *lanaccess.commands(job))


def _bmc_commands(job: Job) -> tuple[Planned, ...]:
    return (*_mode_commands(job), *users.commands(job), *_lan_commands(job))


async def bmc_settings(context: Context, image: Hop) -> Result:
    """A BIOS may write to the BMC as it starts: its own menus have the BMC's LAN."""
    if not context.found.was_written(image):
        return skipped("nothing was flashed")
    parts: tuple[Callable[[Context, Hop], Awaitable[Result]], ...] = (lan_mode, users.compare, lan_settings, boot_flags)
    return done("; ".join([(await part(context, image)).message for part in parts]))


async def lan_mode(context: Context, image: Hop) -> Result:
    """Which port the BMC uses: first, for the address is of no use on another port."""
    if not context.found.was_written(image):
        return skipped("nothing was flashed")
    before, now = context.found.backup["lan-mode"], await reading.lan_mode(context)
    if not before:
        return skipped("this board cannot be asked")
    if now == before:
        return done(f"{now}, as before")
    context.warn(f"the LAN mode changed: {now} (was {before})")
    context.intend(f"set LAN mode from {now} to {before}", "bmc")
    context.changed("lan-mode", f"LAN mode put back to {before}")
    await context.must(_set_mode(context, before), changes=True)
    read = await reading.lan_mode(context)
    if read != before:
        raise Fail(f"the LAN mode is {read}, it was {before}, and setting it changed nothing", "set it in the web page")
    return done(f"put back from {now} to {before}")


def _set_mode(context: Context, mode: str) -> tuple[str, ...]:
    known = context.board.bmc.lan_mode
    return raw.argv(*known.set_bytes(mode)) if known is not None else racadm.set_nic_selection(mode)


async def lan_settings(context: Context, image: Hop) -> Result:
    """Compared with the backup, put back in band, and proved from outside: the same BMC, by GUID."""
    if not context.found.was_written(image):
        return skipped("nothing was flashed")
    before = lan.parse(context.found.backup["lan-print"], context.found.channel)
    now = await reading.lan_config(context)
    if now.mac == NO_MAC != before.mac:
        raise Fail(
            f"the BMC has lost its MAC address, {before.mac}: it answers in band, and nobody hears it on the network",
            "flash the BMC again from the host, which needs no network; then ask the vendor how to set the address",
        )
    lost = lan.differences(before, now)
    if not lost:
        await answers_outside(context)
        return done(f"{before.address}, as before; answers from outside")
    context.warn(f"LAN settings changed: {users.words(lost)}")
    if lan.restore(before, now):
        await _commit_confirm(context, before, now)
    else:
        await answers_outside(context)
    for name in sorted(set(lost) & {*NOT_SETTABLE, "mac"}):
        context.unrestored(f"the BMC's {name} is {lost[name][1]} (was {lost[name][0]})", "ask the vendor how to set it")
    return done(f"put back: {_put_back(lost)}")


def _put_back(lost: dict[str, tuple[str, str]]) -> str:
    back = {key: values for key, values in lost.items() if key not in (*NOT_SETTABLE, "mac")}
    return ", ".join(f"{key} {now or 'nothing'} -> {before or 'nothing'}" for key, (before, now) in back.items())


async def _commit_confirm(context: Context, before: lan.LanConfig, now: lan.LanConfig) -> None:
    """Set what was; unless the BMC answers with it from outside, set again what was found: it may be right there."""
    context.intend(f"put LAN settings back; undone unless the BMC answers within {LINK_UP_S:g} s", "bmc")
    context.changed("lan", "LAN settings put back")
    await _set(context, before, now)
    still = {
        k: v for k, v in lan.differences(before, await reading.lan_config(context)).items() if k not in NOT_SETTABLE
    }
    still.pop("mac", None)
    if still:
        raise Fail(f"LAN settings could not be put back: {users.words(still)}", "set them in band: `ipmitool lan set`")
    try:
        await answers_outside(context)
    except Fail as error:
        await _set(context, now, await reading.lan_config(context))
        context.changed("lan", "LAN settings put back, and taken back again")
        raise Fail(f"{error.message}; with the LAN settings of before. They were set back to what the flash had left",
                   error.remedy) from error  # fmt: skip


async def _set(context: Context, wanted: lan.LanConfig, now: lan.LanConfig) -> None:
    for command in lan.restore(wanted, now):
        await context.change(command)


async def answers_outside(context: Context) -> None:
    """The same BMC answers over LAN, by its GUID, and lets the plan's user in. Raises Fail."""
    at = context.plan.bmc
    there, was_dark = await _is_heard(context)
    if not there and was_dark and await returning.bmc_is_back(context):  # somebody has reset it
        there, _ = await _is_heard(context)
    if not there and not (await lanaccess.reopen(context) and (await _is_heard(context))[0]):
        raise Fail(
            f"the BMC has its settings in band, but is silent over LAN at {at.address}",
            "look which port its cable is in, and at the switch",
        )
    try:
        guid = await _guid_outside(context)
    except BmcAuthenticationRefused as error:
        raise Fail(
            f"the BMC does not let {at.user} in any more: {error}",
            "others' wrong passwords may have locked it: wait a quarter of an hour and log in once; else set the user "
            "again in band: `ipmitool user list`, then `user set password`",
        ) from error
    except BmcUnreachable as error:
        raise Fail(
            f"the BMC answers over LAN, but gives no session: {error}",
            "wait some minutes, then try the login by hand; where its sessions are used up, its restart may help",
        ) from error
    if guid != context.found.guid:
        raise Fail(f"another BMC answers at {at.address} now: GUID {guid}", "look for an address conflict")


async def _is_heard(context: Context) -> tuple[bool, bool]:
    """Steadily, over LAN; and was it dark in band, too, meanwhile?"""
    waits, was_dark = context.board.waits, False

    async def ask() -> bool:
        nonlocal was_dark
        heard = await context.doors.network.probe()
        was_dark = was_dark or not (heard or await returning.bmc_answers(context))
        return heard

    patience = waiting.Patience(LINK_UP_S, waits.poll_s, waits.steady)
    return (await waiting.until_steady(context.doors.clock, ask, patience)).reached, was_dark


async def _guid_outside(context: Context) -> str:
    """A session that does not come about is tried again: nobody was refused, and a network may be a poor one."""
    for _ in range(SESSION_TRIES - 1):
        try:
            return raw.parse_guid((await context.lan(0x06, 0x37)).data)
        except BmcUnreachable:
            await context.sleep(context.board.waits.poll_s)
    return raw.parse_guid((await context.lan(0x06, 0x37)).data)


async def boot_flags(context: Context, image: Hop) -> Result:
    """IPMI's boot flags that were to act at every start. Those for one start are used up by it."""
    if not context.found.was_written(image):
        return skipped("nothing was flashed")
    kept = context.found.backup.get("boot-options")
    before = chassis.parse_boot_flags(kept) if kept else b""
    if not before:
        return done("none that last")
    now = await _flags(context)
    if now == before:
        return done("as before")
    if not context.plan.policy.restore:
        context.unrestored(f"IPMI's boot flags are {now.hex() or 'none'} (were {before.hex()})", _SET_FLAGS)
        return done("changed; the plan does not let them be put back")
    context.intend(f"put the boot flags back to {before.hex()}", "bmc")
    context.fact("allowed", "settings")  # by the plan's policy
    answer = await context.change(chassis.set_boot_flags(before))
    context.changed("boot-flags", "IPMI's boot flags were put back")
    if await _flags(context) != before:
        context.unrestored(f"IPMI's boot flags are not {before.hex()}: {last_line(answer.stderr)}", _SET_FLAGS)
    return done(f"put back to {before.hex()}")


_SET_FLAGS = "set them again: `ipmitool chassis bootdev ... options=persistent`"


async def _flags(context: Context) -> bytes:
    return chassis.parse_boot_flags((await context.must(chassis.BOOT_FLAGS)).stdout)


async def event_log(context: Context, image: Hop) -> Result:
    """A log that was cleared cannot be put back; nothing of the server depends on it."""
    if not context.found.was_written(image):
        return skipped("nothing was flashed")
    kept = len(sel.parse(context.found.backup["sel"])) if "sel" in context.found.backup else 0
    answer = await context.read(sel.INFO)
    now = sel.parse_info(answer.stdout) if answer.status == 0 else None
    if now is None or now >= kept:
        return done(f"{now} records" if now is not None else "the BMC does not say")
    context.warn(f"the event log has {now} records, it had {kept}; they are in the backup")
    return warned(f"{now} records, there were {kept}")


async def log_clock(context: Context, image: Hop) -> Result:
    """A clock that starts at nothing stamps events without a date. The host's own is set in its place."""
    if not context.found.was_written(image):
        return skipped("nothing was flashed")
    if not await _is_unset(context):
        return done("it does, or does not say")
    context.warn("the event log's clock was lost: its events have no date since the BMC's restart")
    if not context.plan.policy.restore:
        context.unrestored("the event log's clock counts from the BMC's start", _SET_CLOCK)
        return done("lost; the plan does not let it be set")
    context.intend("set the event log's clock to the host's", "bmc")
    context.fact("allowed", "clock")  # by the plan's policy
    context.changed("log-clock", "the event log's clock was set")
    answer = await context.change(sel.SET_TIME)
    if await _is_unset(context):
        context.unrestored(f"the event log's clock is unset: {last_line(answer.stderr)}", _SET_CLOCK)
        return done("not set")
    return done("it had lost it; set to the host's")


_SET_CLOCK = "set it on the host: `ipmitool sel time set now`"


async def _is_unset(context: Context) -> bool:
    answer = await context.read(SEL_TIME)
    return answer.status == 0 and sel.is_unset(raw.parse(answer.stdout))


async def as_before(context: Context) -> Result:
    """The last word: an update is one only if everything else is as it was (DESIGN rule 4)."""
    if not context.found.flashed:
        return skipped("nothing was flashed")
    left = context.found.unrestored
    if left:
        raise Fail(
            f"the versions are the wanted ones, but not everything is as before: {'; '.join(left)}",
            "; ".join(dict.fromkeys(left.values())),
        )
    return done("all that was compared")


LAST = (Step("as-before", "cleanup", "Is everything as it was before?", as_before),)

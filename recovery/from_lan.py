"""What can be seen of the BMC from outside: does it answer, let the plan's user in, and what does it say of the server?

Logs in at most as often as DESIGN rule 14 lets it; whether it answers at all is asked without a login.
"""

from __future__ import annotations

from fwsim.doors import LOGIN_TRIES, BmcAuthenticationRefused, BmcUnreachable, ConsoleTaken, DoorError
from fwsim.tools import Unparsable, console, racadm
from fwsim.tools.ipmitool import raw
from recovery import echoes, eventlog, leases
from recovery.from_host import RACADM_S, saw_jobs, saw_version
from recovery.from_journal import Past
from recovery.notes import Notes

LAN, OPERATOR = "the BMC over the management network", "the DHCP server"
PROBES, BETWEEN_S = 3, 5.0
LISTEN_S = 20.0
WEB = 443
DEVICE_ID, GUID, CHASSIS_STATUS = (0x06, 0x01), (0x06, 0x37), (0x00, 0x01)


async def look(notes: Notes, past: Past) -> None:
    """All of it, as far as the BMC lets itself be seen."""
    network, clock = notes.context.doors.network, notes.context.doors.clock
    heard = 0
    for number in range(PROBES):
        if number:
            await clock.sleep(BETWEEN_S)
        heard += await network.probe()
    notes.saw("bmc.answers", {PROBES: "steady", 0: "no"}.get(heard, "sometimes"), LAN)
    notes.saw("bmc.asf", "yes" if await network.ping() else "no", LAN)
    await echoes.bmc(notes)
    web = notes.context.plan.bmc.web or WEB
    notes.saw("bmc.web", "yes" if await network.connects(web) else "no", f"{LAN}, port {web}")
    await _lease(notes, past)
    if notes.value("flash") == "running":
        notes.cannot("bmc.login", "nothing is sent to a BMC while a flash runs", LAN)
    elif heard and await _logged_in(notes):
        await _told(notes)
        await eventlog.look(notes, past, LAN)
        if notes.value("host.login") != "in":
            await _listen(notes)
            await jobs(notes)


async def _logged_in(notes: Notes) -> bool:
    found = notes.context.found
    if found.logins_refused + found.logins_unheard >= LOGIN_TRIES:
        notes.cannot("bmc.login", "this run's tries are used up; another might lock the account", LAN)
        return False
    try:
        reply = await notes.context.lan(*DEVICE_ID)
    except BmcAuthenticationRefused:
        notes.saw("bmc.login", "refused", LAN)
        return False
    except BmcUnreachable as error:
        notes.saw(
            "bmc.login", "no-session" if await notes.context.doors.network.probe() else "silent", f"{LAN}: {error}"
        )
        return False
    notes.saw("bmc.login", "in", LAN)
    if notes.context.board.bmc.version_from == "mc-info" and reply.completion_code == 0 and len(reply.data) > 3:
        saw_version(notes, "bmc", f"{reply.data[2] & 0x7F}.{reply.data[3]:02x}", LAN)
    return True


async def _told(notes: Notes) -> None:
    """Whose BMC it is, the power, the POST code."""
    context = notes.context
    try:
        guid = raw.parse_guid((await context.lan(*GUID)).data)
        if context.found.guid:
            notes.saw("bmc.identity", "this-host" if guid == context.found.guid else "another", LAN)
        status = await context.lan(*CHASSIS_STATUS)
        if status.completion_code == 0 and status.data:
            notes.saw("power", "on" if status.data[0] & 1 else "off", LAN)
        if context.board.bmc.post_code is not None:
            netfn, command, *data = context.board.bmc.post_code
            reply = await context.lan(netfn, command, bytes(data))
            if reply.completion_code == 0 and reply.data:
                notes.saw("post.code", f"{reply.data[-1]:02X}", f"{LAN}; it can lie")
    except (DoorError, Unparsable) as error:
        notes.cannot("power", str(error), LAN)


async def _listen(notes: Notes) -> None:
    """Nothing is typed."""
    try:
        shown = console.read(await notes.context.console(seconds=LISTEN_S))
    except ConsoleTaken as error:
        notes.cannot("console", str(error), f"{LAN}, serial console")
        return
    except DoorError as error:
        notes.cannot("console", str(error), f"{LAN}, serial console")
        return
    notes.saw("console", shown.state, f"{LAN}, serial console")


async def jobs(notes: Notes) -> None:
    """An iDRAC's, out of band, where the host cannot be asked: a BIOS may be being written."""
    context, at = notes.context, notes.context.plan.bmc
    if context.board.racadm is None:
        return
    given = racadm.credentials(at.user, context.doors.passwords.get(at.user, ""))
    argv = racadm.over_lan(racadm.JOBS, at.address)
    try:
        answer = await context.run_operator(argv, stdin=given, timeout_s=RACADM_S)
        saw_jobs(notes, answer.stdout, f"{LAN}, racadm")
    except (DoorError, Unparsable, OSError) as error:
        notes.cannot("jobs", str(error), f"{LAN}, racadm")


async def _lease(notes: Notes, past: Past) -> None:
    source = notes.context.plan.leases
    mac = past.lan.mac if past.lan is not None else ""
    if source is None or not mac:
        why = "the plan names no source of leases" if source is None else "the BMC's MAC address is not known"
        notes.cannot("bmc.lease", why, OPERATOR)
        notes.cannot("bmc.at-lease", why, OPERATOR)
        return
    try:
        answer = await notes.context.run_operator(source.argv)
        held = leases.of(leases.parse(answer.stdout), mac, _calendar(notes))
    except (DoorError, leases.NoLeases) as error:
        notes.cannot("bmc.lease", str(error), OPERATOR)
        return
    if answer.status != 0:
        notes.cannot("bmc.lease", f"`{' '.join(source.argv)}` exited {answer.status}", OPERATOR)
    elif held is None:
        notes.saw("bmc.lease", "none", OPERATOR)
        notes.cannot("bmc.at-lease", "there is no lease", OPERATOR)
    else:
        await _at_lease(notes, held.address)


async def _at_lease(notes: Notes, address: str) -> None:
    same = address == notes.context.plan.bmc.address
    notes.saw("bmc.lease", "as-before" if same else "elsewhere", f"{OPERATOR}: {address}")
    if same:
        notes.cannot("bmc.at-lease", "its lease is the address at which it is asked anyway", OPERATOR)
    else:
        answers = await notes.context.doors.network.elsewhere(address).probe()
        notes.saw("bmc.at-lease", "yes" if answers else "no", f"the BMC at {address}")


def _calendar(notes: Notes) -> float:
    """Unix time now."""
    return notes.epoch + notes.context.now()

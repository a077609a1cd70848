"""The ways in that remain when something goes wrong: the BMC over LAN, the console over LAN, the web pages."""

from __future__ import annotations

from fwsim.context import Context, Job, last_line
from fwsim.outcomes import Refuse, Result, done, skipped, warned
from fwsim.steps import Planned, planned_on_host, reading
from fwsim.steps.attested import refuse_unless_waived
from fwsim.tools.ipmitool import sol, user

CHASSIS_STATUS = (0x00, 0x01)
USER_PAYLOAD_ACCESS = (0x06, 0x4D)
ADMINISTRATOR = "ADMINISTRATOR"


async def login(context: Context) -> Result:
    """The plan's user is an administrator over LAN: with less, power and settings cannot be put right."""
    name = context.plan.bmc.user
    found = await _user(context)
    if found is None:
        return warned(f"the BMC does not list the user {name}", "look at `ipmitool user list`")
    if found.privilege != ADMINISTRATOR:
        raise Refuse(
            f"the BMC's user {name} has the privilege {found.privilege}, expected {ADMINISTRATOR}",
            "name an administrator in the plan's bmc.user",
        )
    reply = await context.lan(*CHASSIS_STATUS)
    if reply.completion_code:
        raise Refuse(
            f"the BMC refuses Get Chassis Status over LAN ({reply.completion_code:#04x})",
            "find out why power cannot be controlled from afar",
        )
    return done(f"{name} is an administrator over LAN")


def login_commands(job: Job) -> tuple[Planned, ...]:
    return (*planned_on_host(user.show(job.board.bmc.channels[0])), Planned("bmc", ("raw", "0x00", "0x01")))


async def _user(context: Context) -> user.User | None:
    return next((u for u in await reading.users(context) if u.name == context.plan.bmc.user), None)


async def console(context: Context) -> Result:
    """Serial over LAN is on, and the plan's user may have it. It is not activated: another may be using it."""
    channel = context.found.channel
    answer = await context.read(sol.info(channel))
    if answer.status != 0:
        said = last_line(answer.stderr or answer.stdout)
        return warned(f"the BMC does not tell of serial over LAN: {said}", "try `ipmitool -I lanplus ... sol activate`")
    if not sol.parse_enabled(answer.stdout):
        return refuse_unless_waived(
            context, "sol", f"serial over LAN is off on channel {channel}", f"`{' '.join(sol.enable(channel))}`"
        )
    found = await _user(context)
    if found is None:
        return warned("serial over LAN is on; who may use it cannot be told")
    access = await context.lan(*USER_PAYLOAD_ACCESS, bytes([channel, found.id]))
    if access.completion_code or not access.data:
        return warned(f"serial over LAN is on; whether {found.name} may use it cannot be told")
    if not access.data[0] & sol.SOL_ACCESS:
        return refuse_unless_waived(
            context,
            "sol",
            f"{found.name} may not use serial over LAN",
            f"`ipmitool sol payload enable {channel} {found.id}`",
        )
    return done(f"serial over LAN is on, {found.name} may use it")


def console_commands(job: Job) -> tuple[Planned, ...]:
    channel = job.board.bmc.channels[0]
    access = Planned("bmc", ("raw", "0x06", "0x4d", f"{channel:#04x}", "USER"))
    return (*planned_on_host(sol.info(channel), user.show(channel)), access)


async def web(context: Context) -> Result:
    """Something answers at the port of the BMC's web pages, where the plan names one."""
    port = context.plan.bmc.web
    if port is None:
        return skipped("the plan names no bmc.web port; whether the web pages are a way in is not known")
    if not await context.doors.network.connects(port):
        at = context.plan.bmc.address
        return refuse_unless_waived(
            context, "web", f"nothing answers at {at}:{port}, the BMC's web port", "find out why, or leave out bmc.web"
        )
    return done(f"port {port} answers")

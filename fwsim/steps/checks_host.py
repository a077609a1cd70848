"""Of the host: is it reached, is it the plan's board, does it have the tools, the modules and the room?"""

from __future__ import annotations

from pathlib import PurePosixPath

from fwsim.context import Context, Job
from fwsim.doors import HostUnreachable
from fwsim.outcomes import Refuse, Result, done, warned
from fwsim.steps import Planned, overlan, planned_on_host, reading
from fwsim.tools import df, dmidecode, kernel

INSTALL_IPMITOOL = (("apt-get", "install", "-y", "ipmitool"), ("dnf", "install", "-y", "ipmitool"))
COMPARED_BY = {"boot-order": "efibootmgr", "nic-names": "ip"}  # what a BIOS flash may change -> what tells
SPARE_BYTES = 64 << 20  # for logs, BIOS settings and whatever else the host writes meanwhile


def needed_tools(job: Job) -> tuple[str, ...]:
    """Commands of every stage besides ipmitool, so that none is missed half way."""
    used = {"dmidecode", "sha256sum", "systemd-run", "systemctl"}
    for image in job.all_images:
        used |= {method.tool for method in job.methods(image) if method.tool in ("sum", "racadm")}
    if job.board.racadm:
        used.add("racadm")  # its job queue is looked at
    if job.images("bios"):
        used |= {tool for item, tool in COMPARED_BY.items() if item not in job.plan.backup.without}
    return tuple(sorted(used))


async def reach(context: Context) -> Result:
    """The host answers, and lets us be root there."""
    at = context.plan.host
    try:
        boot_id = await reading.boot_id(context, patience_s=0)
    except HostUnreachable as error:
        raise Refuse(
            f"the host {at.address} does not answer: {error}", "check the plan's host and the network"
        ) from error
    user = (await context.must(("id", "-u"))).stdout.strip()
    if user != "0":
        raise Refuse(f"commands run as user id {user}, expected 0 (root)", "use root, or a user with passwordless sudo")
    return done(f"{at.address} answers, boot id {boot_id[:8]}")


async def baseboard(context: Context) -> Result:
    """The board is exactly the plan's: near twins take each other's images and die of them."""
    found = dmidecode.parse_baseboard((await context.must(dmidecode.BASEBOARD)).stdout)
    context.fact("host.board", f"{found.manufacturer} {found.product}")
    context.fact("host.serial", found.serial)
    if not context.board.is_baseboard(found.manufacturer, found.product):
        wanted = f"{' or '.join(context.board.manufacturers)} {' or '.join(context.board.products)}"
        raise Refuse(
            f"this server is a {found.manufacturer} {found.product}, the plan is for {context.board.name} ({wanted})",
            "correct the plan's host, or its board and payloads",
        )
    return done(f"{found.manufacturer} {found.product}")


async def tools(context: Context) -> Result:
    """Every command of every stage."""
    wanted = needed_tools(context.job)
    missing = [tool for tool in wanted if not await _is_installed(context, tool)]
    if missing:
        raise Refuse(f"not installed on the host: {', '.join(missing)}", f"install {', '.join(missing)} there first")
    if context.plan.policy.flash_over_lan and (complaint := await overlan.unready(context)):
        return warned(
            f"{', '.join(wanted)}; a flash over LAN, which the plan allows, could not be done: {complaint}",
            "put that right on this machine, if that way is wanted",
        )
    return done(", ".join(wanted))


def tools_commands(job: Job) -> tuple[Planned, ...]:
    rows = planned_on_host(*(("which", tool) for tool in needed_tools(job)))
    here = overlan.looks(job) if job.plan.policy.flash_over_lan else ()
    return (*rows, *(Planned("operator", argv) for argv in here))


async def ipmitool(context: Context) -> Result:
    """The in-band way to the BMC, and the way back where its LAN is lost. Installed where the plan allows it."""
    if await _is_installed(context, "ipmitool"):
        return done("ipmitool is installed")
    if not context.plan.policy.install_ipmitool:
        raise Refuse(
            "not installed on the host: ipmitool",
            "install it there first, or let the update do so: policy.install_ipmitool: true",
        )
    if context.job.read_only:
        return warned("not installed on the host: ipmitool", "the update installs it, as the plan allows")
    if not await install(context):
        raise Refuse("not installed on the host: ipmitool, and it could not be installed", "install it there first")
    context.warn("ipmitool was installed on the host, as the plan allows")
    return done("ipmitool was installed")


def ipmitool_commands(job: Job) -> tuple[Planned, ...]:
    install = INSTALL_IPMITOOL if job.plan.policy.install_ipmitool else ()
    rows = (Planned("host", argv, "where ipmitool is missing") for argv in install)
    return (Planned("host", ("which", "ipmitool")), *rows)


async def _is_installed(context: Context, tool: str) -> bool:
    return (await context.read(("which", tool))).status == 0


async def install(context: Context) -> bool:
    """ipmitool, by whichever package manager is there: somebody has allowed it. It stays when the run ends badly."""
    for argv in INSTALL_IPMITOOL:
        if await _is_installed(context, argv[0]):
            context.intend("install ipmitool", "host")
            await context.must(argv, timeout_s=600, changes=True)
            return await _is_installed(context, "ipmitool")
    return False


async def modules(context: Context) -> Result:
    """The kernel's side of the in-band interface. Loading is all that a preflight ever changes."""
    await reading.load_modules(context)
    return done(f"{', '.join(kernel.IPMI_MODULES)} loaded")


async def room(context: Context) -> Result:
    """Space for the payloads where they will lie."""
    images = context.job.all_images
    needed = sum(context.job.payloads[image.file].size for image in images) + SPARE_BYTES
    place = _place(context.job)
    free = df.parse_available_bytes((await context.must(df.argv(place))).stdout)
    if free < needed:
        raise Refuse(
            f"{place} on the host has {_mib(free)} free, {_mib(needed)} are needed", f"make room on {place}'s disk"
        )
    return done(f"{_mib(free)} free in {place}, {_mib(needed)} needed")


def room_commands(job: Job) -> tuple[Planned, ...]:
    return planned_on_host(df.argv(_place(job)))


def _place(job: Job) -> str:
    return str(PurePosixPath(job.directory).parent)


def _mib(size: int) -> str:
    return f"{size / (1 << 20):.0f} MiB"

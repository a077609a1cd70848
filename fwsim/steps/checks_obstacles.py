"""What would stop the vendor's tool, or the host after its BIOS is new: licence, driver, lockdown, a sealed disk."""

from __future__ import annotations

from fwsim.context import Context, Job, last_line
from fwsim.outcomes import Refuse, Result, done, warned
from fwsim.steps import Planned, planned_on_host
from fwsim.steps.attested import refuse_unless_waived
from fwsim.tools import Argv, disks, kernel, racadm, sum

SUM_S = 300.0
OBSTACLES = {  # SUM's exit status -> what to do about it
    sum.LICENCE_MISSING: "activate the node's product key, or do without what needs it",
    100: "build or install SUM's driver for this kernel",
    105: "build or install SUM's driver for this kernel",
    106: "another SUM is at work; wait for it to end",
    107: "something else holds the BIOS chip; wait for it to end",
    108: "sign SUM's driver and enrol the key (mokutil --import), or turn Secure Boot off for the update",
}


def _by(job: Job, tool: str, kind: str = "") -> bool:
    """Does any file of that kind go by that tool?"""
    return any(m.tool == tool for i in job.all_images if kind in ("", i.kind) for m in job.methods(i)[:1])


def _preserves(job: Job) -> bool:
    """Does the plan want SUM's --preserve_setting, on a board that has it?"""
    wanted = job.plan.policy.preserve_bios_settings and _by(job, "sum", "bios")
    return wanted and any(m.tool == "sum" and m.preserve_setting for m in job.board.bios.methods)


def _questions(job: Job) -> tuple[Argv, ...]:
    """Commands of SUM that only look, through the same driver and to the same BMC as its updates."""
    rows = [sum.get_bios_info()] * _by(job, "sum", "bios") + [sum.get_bmc_info()] * _by(job, "sum", "bmc")
    return (*rows, *([sum.QUERY_PRODUCT_KEY] if _preserves(job) else []))


def _asks_idrac(job: Job) -> bool:
    return job.board.racadm == "idrac9" and _by(job, "racadm")


def vendor_commands(job: Job) -> tuple[Planned, ...]:
    return planned_on_host(*_questions(job), *((racadm.LOCKDOWN,) if _asks_idrac(job) else ()))


async def vendor(context: Context) -> Result:
    """The tool that flashes can do its work here: each is asked something harmless first."""
    for argv in _questions(context.job):
        answer = await context.read(argv, timeout_s=SUM_S)
        if answer.status != 0:
            todo = OBSTACLES.get(answer.status, f"run `{' '.join(argv)}` on the host and see what it says")
            raise Refuse(f"`{' '.join(argv)}` ends with {answer.status}, {sum.meaning(answer.status)}", todo)
        if argv == sum.QUERY_PRODUCT_KEY and context.board.oob_licence not in sum.product_keys(answer.stdout):
            raise Refuse(
                f"policy.preserve_bios_settings needs the product key {context.board.oob_licence}, which is not there",
                OBSTACLES[sum.LICENCE_MISSING],
            )
    if _asks_idrac(context.job):
        return await _idrac(context)
    asked = len(_questions(context.job))
    return done("sum answers, with its driver" if asked else "no vendor tool is in the way")


async def _idrac(context: Context) -> Result:
    answer = await context.read(racadm.LOCKDOWN, timeout_s=120)
    if answer.status != 0:
        return warned(f"whether the iDRAC is in lockdown cannot be told: {last_line(answer.stdout)}")
    if racadm.parse_lockdown(answer.stdout):
        raise Refuse(
            "the iDRAC is in System Lockdown mode and takes no update",
            "turn it off for the update: `racadm set iDRAC.Lockdown.SystemLockdown 0`",
        )
    return done("the iDRAC is not in lockdown")


async def kernel_lets(context: Context) -> Result:
    """Does the kernel take a module that is not signed by its distribution? SUM's driver is one."""
    if not _by(context.job, "sum", "bios"):
        return done("nothing here loads a driver of its own")
    lockdown = await context.read(kernel.LOCKDOWN)
    state = kernel.parse_lockdown(lockdown.stdout) if lockdown.status == 0 else "none"
    secure = await context.read(kernel.SECURE_BOOT)
    on = secure.status == 0 and kernel.is_secure_boot(secure.stdout)
    if state != "none" or on:
        said = " and ".join(["Secure Boot is on"] * on + [f"kernel lockdown is {state}"] * (state != "none"))
        return refuse_unless_waived(
            context, "secure-boot", f"{said}: the kernel refuses SUM's driver unless it is signed", OBSTACLES[108]
        )
    if secure.status == 127 and lockdown.status != 0:
        return warned("neither mokutil nor the kernel tells of Secure Boot", "look into the BIOS setup")
    return done("Secure Boot is off, no kernel lockdown")


async def sealed_disk(context: Context) -> Result:
    """A disk that the TPM opens asks for its passphrase after a new BIOS: then somebody must have it."""
    if not context.job.images("bios"):
        return done("no BIOS is flashed")
    listed = await context.read(disks.LIST)
    if listed.status != 0:
        return warned(
            f"the disks cannot be listed: {last_line(listed.stderr)}", "look whether a TPM opens the root disk"
        )
    sealed, unread = await _seals(context, disks.parse_encrypted(listed.stdout))
    known = context.plan.sealed_disk
    if sealed and not (known.passphrase or known.unlock):
        where = ", ".join(f"{device} ({by})" for device, by in sealed)
        raise Refuse(
            f"the TPM opens a disk, and asks for the passphrase after a new BIOS: {where}",
            "have the passphrase or recovery key at hand, try it, then say so in the plan: "
            "sealed_disk: {passphrase: true}",
        )
    if sealed:
        return done(f"{sealed[0][0]} is sealed by {sealed[0][1]}; a passphrase is at hand by the plan's word")
    if unread:
        return warned(f"what opens {unread[0]} cannot be told", "look whether a TPM opens it")
    return done("no disk is opened by the TPM")


async def _seals(context: Context, devices: tuple[str, ...]) -> tuple[list[tuple[str, str]], list[str]]:
    """Which device is sealed by what, and which could not be looked into. /etc/crypttab where no header says."""
    sealed: list[tuple[str, str]] = []
    unread: list[str] = []
    for device in devices:
        header = await context.read(disks.dump(device))
        if header.status != 0:
            unread.append(device)
        elif by := disks.seal(header.stdout):
            sealed.append((device, by))
    if devices and not sealed:
        table = await context.read(disks.CRYPTTAB)
        if table.status == 0 and (by := disks.crypttab_seal(table.stdout)):
            sealed.append(("/etc/crypttab", by))
    return sealed, unread


SEALED_COMMANDS = (disks.LIST, disks.CRYPTTAB)

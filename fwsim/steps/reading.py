"""What several steps read from the server: versions, identity, LAN settings. In band, over the host."""

from __future__ import annotations

from fwsim.boards import Kind
from fwsim.context import Context, last_line
from fwsim.outcomes import Fail, Refuse
from fwsim.tools import dmidecode, ipmitool, kernel, racadm, sum
from fwsim.tools.ipmitool import lan, mc, raw, user


async def load_modules(context: Context) -> None:
    """The open interface's kernel modules. Loading what is loaded does nothing."""
    for module in kernel.IPMI_MODULES:
        loaded = await context.read(kernel.modprobe(module))
        if loaded.status != 0:
            raise Refuse(
                f"the kernel module {module} cannot be loaded: {last_line(loaded.stderr)}",
                "install the kernel's extra modules, or look whether Secure Boot or lockdown forbids them",
            )


async def boot_id(context: Context, patience_s: float = 300.0) -> str:
    """The host's boot id, which every later intent carries."""
    context.found.boot_id = kernel.parse_boot_id((await context.read(kernel.BOOT_ID, patience_s=patience_s)).stdout)
    return context.found.boot_id


async def bmc_info(context: Context) -> mc.McInfo:
    """`mc info`; where /dev/ipmi0 is gone, as after a BMC reset or a reboot, the modules are loaded again."""
    answer = await context.read(mc.INFO)
    if answer.status != 0 and ipmitool.device_is_missing(answer.stderr):
        await load_modules(context)
        answer = await context.read(mc.INFO)
    if answer.status != 0:
        raise Refuse(
            f"the BMC does not answer in band: {last_line(answer.stderr)}", "look at the BMC before anything is flashed"
        )
    return mc.parse_info(answer.stdout)


async def version(context: Context, kind: Kind) -> str:
    """The running version, read from the server and told as a fact."""
    read = await (_bmc_version(context) if kind == "bmc" else _bios_version(context))
    context.read_version(kind, read)
    return read


async def _bmc_version(context: Context) -> str:
    match context.board.bmc.version_from:
        case "mc-info":
            return (await bmc_info(context)).version
        case "getversion":
            return racadm.parse_versions((await context.must(racadm.GET_VERSION)).stdout).idrac
        case "sum":
            managed = sum.parse_bmc_info((await context.must(sum.get_bmc_info())).stdout).managed
            return managed.version if managed else ""


async def _bios_version(context: Context) -> str:
    return dmidecode.parse_bios((await context.must(dmidecode.BIOS)).stdout).version


async def lan_channel(context: Context) -> tuple[int, str]:
    """The board's first channel that is a LAN channel, and its `lan print`."""
    seen = ""
    for channel in context.board.bmc.channels:
        shown = await context.read(lan.show(channel))
        if shown.status == 0 and shown.stdout.strip():
            return channel, shown.stdout
        seen = last_line(shown.stderr)
    tried = " and ".join(str(c) for c in context.board.bmc.channels)
    raise Refuse(f"no LAN channel answers (tried {tried}): {seen}", "set the board's channel in its data")


async def lan_config(context: Context) -> lan.LanConfig:
    channel = context.found.channel
    return lan.parse((await context.must(lan.show(channel))).stdout, channel)


async def users(context: Context) -> tuple[user.User, ...]:
    return user.parse((await context.must(user.show(context.found.channel))).stdout)


async def users_with_access(context: Context) -> tuple[user.User, ...]:
    """With who is enabled, where the backup has that to compare with."""
    found = await users(context)
    if "user-access" not in context.found.backup:
        return found
    access = (await context.must(user.show_access(context.found.channel))).stdout
    return user.with_access(found, user.parse_access(access))


async def lan_mode(context: Context) -> str:
    """Which port the BMC uses, "" where this board cannot be asked. Raises Fail for an answer that is none."""
    mode = context.board.bmc.lan_mode
    if mode is not None:
        answer = await context.must(raw.argv(*mode.get_bytes()))
        number = raw.parse(answer.stdout)
        if len(number) != 1 or number[0] not in mode.modes:
            raise Fail(f"the BMC's LAN mode is {number.hex() or 'empty'}, expected one of {sorted(mode.modes)}")
        return mode.modes[number[0]]
    if context.board.bmc.racadm_nic_selection:
        return racadm.parse_nic_selection((await context.must(racadm.NIC_SELECTION)).stdout)
    return ""

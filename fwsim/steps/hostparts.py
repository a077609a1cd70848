"""What the host has of its firmware: boot order, names of its ports, serial numbers. After a BIOS's flash."""

from __future__ import annotations

from fwsim.context import Context, Job, last_line
from fwsim.outcomes import Result, done, skipped
from fwsim.paths import Hop
from fwsim.steps import Planned
from fwsim.tools import dmidecode, efibootmgr, iplink
from fwsim.tools.efibootmgr import BootOptions

LEGACY = "EFI variables are not supported"
ORDER_REMEDY = "set it again: `efibootmgr -c` makes an entry, `efibootmgr -o` orders them; the backup has both"
NAMES_REMEDY = (
    "the network's configuration may name ports that are called otherwise now: correct it, or pin the names by MAC in "
    "/etc/systemd/network/*.link"
)
SERIAL_REMEDY = "write it again by the vendor's tool (SUM EditDmiInfo, Dell's service); the backup has the old ones"


def order_commands(job: Job) -> tuple[Planned, ...]:
    return (Planned("host", efibootmgr.LIST),)


def commands(job: Job) -> tuple[Planned, ...]:
    return tuple(Planned("host", argv) for argv in (iplink.LIST, dmidecode.BASEBOARD, dmidecode.SYSTEM))


async def boot_order(context: Context, image: Hop) -> Result:
    """By labels: the numbers may be others in another BIOS."""
    if image not in context.found.flashed:
        return skipped("nothing was flashed")
    kept = context.found.backup.get("boot-order", "")
    if not kept or LEGACY in kept:
        return skipped("the host starts without UEFI: the order is among the BIOS's settings")
    before, now = efibootmgr.parse(kept), await _order(context)
    if now is None:
        context.unrestored("the host starts without UEFI now, and did with it before", "set its boot mode again")
        return done("the host starts without UEFI now")
    if now.labels() == before.labels():
        return done(f"{' > '.join(before.labels())}, as before")
    context.warn(f"the boot order changed: {_words(now)} (was {_words(before)})")
    if not context.plan.policy.restore:
        context.unrestored(f"the boot order is {_words(now)} (was {_words(before)})", ORDER_REMEDY)
        return done("changed; the plan does not let it be put back")
    return await _put_back(context, before, now)


async def _put_back(context: Context, before: BootOptions, now: BootOptions) -> Result:
    numbers = efibootmgr.numbers(before, now)
    context.intend(f"put the boot order back to {_words(before)}", "bios")
    context.fact("allowed", "settings")  # by the plan's policy
    context.changed("boot-order", "the boot order was put back")
    said = ""
    if numbers:
        said = (await context.change(efibootmgr.set_order(numbers))).stderr
    read = await _order(context)
    if read is None or read.labels() != before.labels():
        shown = _words(read) if read else "unreadable"
        context.unrestored(f"the boot order is {shown} (was {_words(before)}) {_last(said)}".strip(), ORDER_REMEDY)
        return done("not put back")
    return done(f"put back to {_words(before)}")


def _last(said: str) -> str:
    return last_line(said) if said.strip() else ""


async def _order(context: Context) -> BootOptions | None:
    """None where the host has started without UEFI."""
    answer = await context.read(efibootmgr.LIST)
    return None if efibootmgr.is_legacy(answer.stderr) else efibootmgr.parse(answer.stdout)


def _words(options: BootOptions) -> str:
    return " > ".join(options.labels()) or "empty"


async def compare(context: Context, image: Hop) -> Result:
    """Names by MAC, and the serial numbers. Neither is ours to set: they are told."""
    if image not in context.found.flashed:
        return skipped("nothing was flashed")
    kept = context.found.backup.get("nic-names")
    renamed = (
        iplink.differences(iplink.parse(kept), iplink.parse((await context.must(iplink.LIST)).stdout)) if kept else {}
    )
    for mac, (before, now) in renamed.items():
        context.unrestored(f"the port {mac} is called {now} (was {before})", NAMES_REMEDY)
    numbers = await _numbers(context)
    for what, (before, now) in numbers.items():
        context.unrestored(f"the {what} is {now or 'empty'} (was {before})", SERIAL_REMEDY)
    if renamed or numbers:
        return done(f"{len(renamed)} ports renamed, {len(numbers)} serial numbers changed")
    return done("as before")


async def _numbers(context: Context) -> dict[str, tuple[str, str]]:
    """Serial numbers and UUID that are not as before: what -> (before, now)."""
    kept = context.found.backup
    board = dmidecode.parse_baseboard((await context.must(dmidecode.BASEBOARD)).stdout)
    system = dmidecode.parse_system((await context.must(dmidecode.SYSTEM)).stdout)
    old_board, old_system = dmidecode.parse_baseboard(kept["dmi-baseboard"]), dmidecode.parse_system(kept["dmi-system"])
    rows = {
        "baseboard's serial number": (old_board.serial, board.serial),
        "system's serial number": (old_system.serial, system.serial),
        "system's UUID": (old_system.uuid, system.uuid),
    }
    return {what: pair for what, pair in rows.items() if pair[0] != pair[1]}

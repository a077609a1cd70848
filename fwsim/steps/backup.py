"""What a flash may lose is kept on the operator's side first, and read back from there before it counts.

A backup that is complete, its second place too, says so by its last file. A run that is resumed takes the one it has:
what the server says after a flash is no backup.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fwsim.context import Context, Job, last_line
from fwsim.outcomes import Fail, Refuse, Result, done, skipped
from fwsim.steps import Planned, Step, biossettings, offhost, reading
from fwsim.tools import Unparsable, dmidecode, efibootmgr, iplink
from fwsim.tools.ipmitool import chassis, lan, mc, sel, user

COMPLETE = "complete"
BIOS_SETTINGS = "bios-settings"
LEGACY = "EFI variables are not supported"
NO_ENTRIES = "SEL has no entries"


@dataclass(frozen=True)
class Item:
    """One output to keep. `parse` must take it, or the backup does not count. `always`: on every board there is one."""

    argv: tuple[str, ...]
    parse: Callable[[str], object]
    always: bool = True
    timeout_s: float = 60.0


def items(channel: int) -> dict[str, Item]:
    """Name of the file -> what goes into it."""
    return {
        "lan-print": Item(lan.show(channel), lambda text: lan.parse(text, channel)),
        "user-list": Item(user.show(channel), user.parse),
        "user-access": Item(user.show_access(channel), user.parse_access),
        "mc-info": Item(mc.INFO, mc.parse_info),
        "dmi-baseboard": Item(dmidecode.BASEBOARD, dmidecode.parse_baseboard),
        "dmi-bios": Item(dmidecode.BIOS, dmidecode.parse_bios),
        "dmi-system": Item(dmidecode.SYSTEM, dmidecode.parse_system),
        "nic-names": Item(iplink.LIST, iplink.parse),
        "sel": Item(sel.LIST, sel.parse, timeout_s=300.0),
        "boot-order": Item(efibootmgr.LIST, _boot_order),
        "boot-options": Item(chassis.BOOT_FLAGS, chassis.parse_boot_flags, always=False),
    }


def _boot_order(text: str) -> object:
    return None if LEGACY in text else efibootmgr.parse(text)


def commands(job: Job) -> tuple[Planned, ...]:
    rows = [item.argv for item in items(job.board.bmc.channels[0]).values()]
    planned = [*(Planned("host", argv) for argv in rows), *biossettings.export_commands(job)]
    return (*planned, *offhost.commands(job))


async def keep(context: Context) -> Result:
    """Read it all, write it, read it back, from the second place too."""
    if not context.found.path and not context.found.flashed:
        return skipped("nothing will be flashed")
    folder = context.run_dir / "backup"
    if context.found.flashed and (folder / COMPLETE).exists():
        return _taken(context, folder)
    if context.found.flashed:
        raise Fail("a flash was begun, and there is no whole backup of before", "compare the settings by hand")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / COMPLETE).unlink(missing_ok=True)
    for name, item in items(context.found.channel).items():
        await _keep(context, folder, name, item)
    _write(context, folder, "lan-mode", await reading.lan_mode(context))
    if context.found.path.get("bios"):
        await _keep_bios(context, folder)
    _read_back(context, folder)
    elsewhere = await offhost.copy(context, folder)
    (folder / COMPLETE).write_text("", "utf-8")
    return done(f"{len(context.found.backup)} files in {folder.name}/, read back{elsewhere}")


def _taken(context: Context, folder: Path) -> Result:
    read_again(context, folder)
    return done(f"{len(context.found.backup)} files in {folder.name}/, as they were read before the first flash")


def read_again(context: Context, folder: Path) -> None:
    """A whole backup, from the disk. Raises Refuse for a file that cannot be read."""
    for path in folder.glob("*.txt"):
        context.found.backup[path.stem] = path.read_text("utf-8")
    for path in folder.glob(f"{BIOS_SETTINGS}.xml"):
        context.found.backup[BIOS_SETTINGS] = path.read_bytes().decode("latin-1")
    _read_back(context, folder)


async def _keep(context: Context, folder: Path, name: str, item: Item) -> None:
    answer = await context.read(item.argv, timeout_s=item.timeout_s)
    text = answer.stdout
    if name == "boot-order" and efibootmgr.is_legacy(answer.stderr):
        text = LEGACY  # it started without UEFI: the order is among the BIOS's settings
    elif name == "sel" and NO_ENTRIES in answer.stderr:
        text = NO_ENTRIES
    elif answer.status != 0:
        _missing(context, name, last_line(answer.stderr or answer.stdout), item.always)
        return
    _write(context, folder, name, text)


def _missing(context: Context, name: str, why: str, needed: bool) -> None:
    if needed and name not in context.plan.backup.without:
        raise Refuse(
            f"the backup is not complete: there is no {name}: {why}",
            f"repair that first, or accept its loss in the plan: backup: {{without: [{name}]}}",
        )
    context.warn(f"no backup of {name}: {why}")


async def _keep_bios(context: Context, folder: Path) -> None:
    try:
        data = await biossettings.export(context)
    except (Fail, Unparsable) as error:
        _missing(context, BIOS_SETTINGS, str(error), needed=True)
        return
    (folder / f"{BIOS_SETTINGS}.xml").write_bytes(data)
    context.found.backup[BIOS_SETTINGS] = data.decode("latin-1")


def _write(context: Context, folder: Path, name: str, text: str) -> None:
    (folder / f"{name}.txt").write_text(text, "utf-8")
    context.found.backup[name] = text


def _read_back(context: Context, folder: Path) -> None:
    """Every file, from the disk."""
    for name, item in items(context.found.channel).items():
        path = folder / f"{name}.txt"
        if name in context.found.backup:
            _parsed(path, lambda path=path, item=item: item.parse(path.read_text("utf-8")))  # type: ignore[misc]  # defaults bind
    if BIOS_SETTINGS in context.found.backup:
        path = folder / f"{BIOS_SETTINGS}.xml"
        _parsed(path, lambda: biossettings.parse(context.job, path.read_bytes()))


def _parsed(path: Path, parse: Callable[[], object]) -> None:
    try:
        parse()
    except Exception as error:
        place = f"{path.parent.name}/{path.name}"
        raise Refuse(
            f"the backup is not complete: {place} cannot be read back: {error}", "look at that file"
        ) from error


STEPS = (Step("backup", "backup", "Keep the settings that a flash may lose", keep, commands),)

"""Kernel modules: modprobe, lsmod, rmmod, modinfo. Loading ipmi_si is what looks for the BMC."""

from __future__ import annotations

import posixpath

from emulators.host.commands.options import Usage, parse
from emulators.host.process import Invocation, Run

# name -> size in bytes, modules it needs. Sizes as Debian 12's kernel shows them, rounded to pages.
MODULES: dict[str, tuple[int, tuple[str, ...]]] = {
    "ahci": (49152, ()),
    "ext4": (983040, ()),
    "i2c_i801": (36864, ()),
    "igb": (319488, ()),
    "ipmi_devintf": (20480, ("ipmi_msghandler",)),
    "ipmi_msghandler": (77824, ()),
    "ipmi_poweroff": (16384, ("ipmi_msghandler",)),
    "ipmi_si": (81920, ("ipmi_msghandler",)),
    "ipmi_ssif": (40960, ("ipmi_msghandler",)),
    "ipmi_watchdog": (32768, ("ipmi_msghandler",)),
    "mei": (159744, ()),
    "mei_me": (57344, ("mei",)),
    "msr": (16384, ()),
    "dummy": (16384, ()),
    "nvme": (57344, ()),
    "xhci_pci": (24576, ()),
}


def _known(inv: Invocation, name: str) -> bool:
    return name in MODULES and name not in inv.host.lacks


def _users(inv: Invocation, name: str) -> list[str]:
    return sorted(other for other in inv.host.modules if name in MODULES.get(other, (0, ()))[1])


def modprobe(inv: Invocation) -> Run[int]:
    long = ("all", "remove", "dry-run", "quiet", "verbose", "first-time", "show-depends")
    options = parse(inv, "arnqvD", long)
    if not options.rest:
        raise Usage("modprobe: ERROR: missing parameters. See -h.\n", 1)
    many = options.has("-a", "-r", "--all", "--remove")
    names = [name.replace("-", "_") for name in (options.rest if many else options.rest[:1])]
    yield 0.1
    quiet = options.has("-q", "--quiet")
    if options.has("-r", "--remove"):
        return max(_unload(inv, name, quiet) for name in names)
    return max(_load(inv, name, quiet, dry=options.has("-n", "-D", "--dry-run", "--show-depends")) for name in names)


def _load(inv: Invocation, name: str, quiet: bool, *, dry: bool) -> int:
    host = inv.host
    if not _known(inv, name):
        if not quiet:
            inv.err(f"modprobe: FATAL: Module {name} not found in directory /lib/modules/{host.distribution.kernel}\n")
        return 1
    if dry or name in host.modules:
        return 0
    if inv.user != "root":
        inv.err(f"modprobe: ERROR: could not insert '{name}': Operation not permitted\n")
        return 1
    host.modules |= {name, *MODULES[name][1]}
    if name == "ipmi_si":
        host.kcs.probe()
    return 0


def _unload(inv: Invocation, name: str, quiet: bool) -> int:
    if not _known(inv, name):
        if not quiet:
            inv.err(f"modprobe: FATAL: Module {name} not found.\n")
        return 1
    if name not in inv.host.modules:
        return 0
    if _users(inv, name):
        inv.err(f"modprobe: FATAL: Module {name} is in use.\n")
        return 1
    if inv.user != "root":
        inv.err(
            f"modprobe: ERROR: ../libkmod/libkmod-module.c:799 kmod_module_remove_module() could not remove '{name}': "
            f"Operation not permitted\nmodprobe: ERROR: could not remove '{name}': Operation not permitted\n"
        )
        return 1
    inv.host.modules.discard(name)
    for needed in MODULES[name][1]:
        if not _users(inv, needed):
            inv.host.modules.discard(needed)
    return 0


def rmmod(inv: Invocation) -> Run[int]:
    yield 0.05
    for name in parse(inv, "fsv").rest:
        name = name.replace("-", "_")
        if name not in inv.host.modules:
            raise Usage(f"rmmod: ERROR: Module {name} is not currently loaded\n", 1)
        if users := _users(inv, name):
            raise Usage(f"rmmod: ERROR: Module {name} is in use by: {' '.join(users)}\n", 1)
        if inv.user != "root":
            raise Usage(f"rmmod: ERROR: could not remove module {name}: Operation not permitted\n", 1)
        inv.host.modules.discard(name)
    return 0


def insmod(inv: Invocation) -> Run[int]:
    yield 0.05
    path = (parse(inv, "fs", in_order=True).rest or ("",))[0]
    name = posixpath.basename(path).partition(".")[0].replace("-", "_")
    if not _known(inv, name):
        raise Usage(f"insmod: ERROR: could not load module {path}: No such file or directory\n", 1)
    return _load(inv, name, False, dry=False)


def lsmod(inv: Invocation) -> Run[int]:
    yield from ()
    inv.out("Module                  Size  Used by\n")
    for name in sorted(inv.host.modules, reverse=True):
        users = _users(inv, name)
        listed = f" {','.join(users)}" if users else ""
        inv.out(f"{name:<19} {MODULES.get(name, (16384, ()))[0]:8}  {len(users)}{listed}\n")
    return 0


def modinfo(inv: Invocation) -> Run[int]:
    yield from ()
    status = 0
    for name in parse(inv, "F:n0").rest:
        if not _known(inv, name.replace("-", "_")):
            inv.err(f"modinfo: ERROR: Module {name} not found.\n")
            status = 1
            continue
        kernel = inv.host.distribution.kernel
        inv.out(
            f"filename:       /lib/modules/{kernel}/kernel/drivers/{name}.ko\nlicense:        GPL\n"
            f"depends:        {','.join(MODULES[name.replace('-', '_')][1])}\nintree:         Y\n"
            f"name:           {name.replace('-', '_')}\nvermagic:       {kernel} SMP preempt mod_unload modversions \n"
        )
    return status


def depmod(inv: Invocation) -> Run[int]:
    yield 1.0
    return 0

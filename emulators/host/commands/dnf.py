"""dnf (and yum): installs what a virtual host can lack."""

from __future__ import annotations

from emulators.host.commands.apt import fits, is_installed, put_in_place
from emulators.host.commands.options import Usage, parse
from emulators.host.process import Invocation, Run

# Red Hat's package -> the command it brings, and its version.
ARCHIVE: dict[str, tuple[str, str]] = {
    "ipmitool": ("ipmitool", "1.8.18-27.el9.x86_64"),
    "dmidecode": ("dmidecode", "3.5-3.el9.x86_64"),
    "efibootmgr": ("efibootmgr", "16-12.el9.x86_64"),
    "kmod": ("modprobe", "28-10.el9.x86_64"),
    "srvadmin-idracadm7": ("racadm", "11.0.0.0-5139.el9.x86_64"),
    "srvadmin-idracadm8": ("racadm", "11.0.0.0-5139.el9.x86_64"),
}


def dnf(inv: Invocation) -> Run[int]:
    options = parse(inv, "yqv", ("assumeyes", "quiet", "refresh", "nogpgcheck", "enablerepo="))
    verb, *names = options.rest or ("",)
    if verb not in ("install", "makecache", "check-update", "clean", "reinstall"):
        raise Usage(
            f"No such command: {verb}. Please use /usr/bin/dnf --help\n" if verb else "usage: dnf [options] COMMAND\n",
            1,
        )
    if inv.user != "root" and verb in ("install", "reinstall"):
        raise Usage(
            "Error: This command has to be run with superuser privileges (under the root user on most systems).\n", 1
        )
    yield 2.0
    if verb not in ("install", "reinstall"):
        inv.out("Metadata cache created.\n")
        return 0
    strangers = [name for name in names if name not in ARCHIVE or not fits(inv.host, name)]
    if strangers:
        inv.out("".join(f"No match for argument: {name}\n" for name in strangers))
        inv.err(f"Error: Unable to find a match: {' '.join(strangers)}\n")
        return 1
    return (yield from _install(inv, names))


def _install(inv: Invocation, names: list[str]) -> Run[int]:
    new = [name for name in names if not is_installed(inv.host, ARCHIVE[name][0])]
    for name in names:
        if name not in new:
            inv.out(f"Package {name}-{ARCHIVE[name][1]} is already installed.\n")
    inv.out("Dependencies resolved.\n")
    if not new:
        inv.out("Nothing to do.\nComplete!\n")
        return 0
    for name in new:
        yield 3.0
        put_in_place(inv.host, ARCHIVE[name][0])
    inv.out("\nInstalled:\n" + "".join(f"  {name}-{ARCHIVE[name][1]}\n" for name in new) + "\nComplete!\n")
    return 0

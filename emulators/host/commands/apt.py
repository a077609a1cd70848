"""apt-get, apt and dpkg: enough to put back a tool that is missing. The archive holds what the table below says."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from emulators.host.commands.options import Usage, parse
from emulators.host.process import Invocation, Run

if TYPE_CHECKING:
    from emulators.host.linux import VirtualHost

# Debian's package -> the command it brings, its version, where it comes from.
ARCHIVE: dict[str, tuple[str, str, str]] = {
    "ipmitool": ("ipmitool", "1.8.19-4+deb12u1", "bookworm/main"),
    "dmidecode": ("dmidecode", "3.4-1", "bookworm/main"),
    "efibootmgr": ("efibootmgr", "17-2", "bookworm/main"),
    "kmod": ("modprobe", "30+20221128-1", "bookworm/main"),
    "srvadmin-idracadm7": ("racadm", "11.0.0.0", "jammy/main"),
    "srvadmin-idracadm8": ("racadm", "11.0.0.0", "jammy/main"),
}
LONG = (
    "yes",
    "assume-yes",
    "quiet",
    "no-install-recommends",
    "option=",
    "allow-unauthenticated",
    "reinstall",
    "download-only",
)
READING = "Reading package lists...\nBuilding dependency tree...\nReading state information...\n"
USAGE = "apt 2.6.1 (amd64)\nUsage: apt-get [options] command\n"


def fits(host: VirtualHost, package: str) -> bool:
    """Vendors' packages are found only where their repository would be set up."""
    return package in ARCHIVE and (not package.startswith("srvadmin") or host.server.board.vendor == "dell")


def apt_get(inv: Invocation) -> Run[int]:
    return (yield from _apt(inv))


def apt(inv: Invocation) -> Run[int]:
    inv.err("\nWARNING: apt does not have a stable CLI interface. Use with caution in scripts.\n\n")
    return (yield from _apt(inv))


def _apt(inv: Invocation) -> Run[int]:
    options = parse(inv, "yqo:fm", LONG)
    verb, *names = options.rest or ("",)
    if verb in ("update", "upgrade", "dist-upgrade", "autoremove", "clean"):
        _need_root(inv, "/var/lib/apt/lists/lock")
        yield 3.0
        inv.out("Hit:1 http://deb.debian.org/debian bookworm InRelease\n" if verb == "update" else "")
        inv.out(READING)
        inv.out("" if verb == "update" else "0 upgraded, 0 newly installed, 0 to remove and 0 not upgraded.\n")
        return 0
    if verb not in ("install", "remove", "purge"):
        raise Usage(
            f"E: Invalid operation {verb}\n" if verb else USAGE,
            100 if verb else 1,
        )
    _need_root(inv, "/var/lib/dpkg/lock-frontend")
    inv.out(READING)
    for name in names:
        if not fits(inv.host, name):
            inv.err(f"E: Unable to locate package {name}\n")
            return 100
    if verb != "install":
        return (yield from _remove(inv, names))
    return (yield from _install(inv, names))


def _need_root(inv: Invocation, lock: str) -> None:
    if inv.user != "root":
        raise Usage(f"E: Could not open lock file {lock} - open (13: Permission denied)\n"
                    f"E: Unable to acquire the dpkg frontend lock ({lock}), are you root?\n", 100)  # fmt: skip


def _install(inv: Invocation, names: list[str]) -> Run[int]:
    new = [name for name in names if not is_installed(inv.host, ARCHIVE[name][0])]
    for name in names:
        if name not in new:
            inv.out(f"{name} is already the newest version ({ARCHIVE[name][1]}).\n")
    if new:
        inv.out("The following NEW packages will be installed:\n" + f"  {' '.join(new)}\n")
    inv.out(f"0 upgraded, {len(new)} newly installed, 0 to remove and 0 not upgraded.\n")
    for name in new:
        command, version, suite = ARCHIVE[name]
        inv.out(f"Get:1 http://deb.debian.org/debian {suite} amd64 {name} amd64 {version}\n")
        yield 2.0
        inv.out(f"Selecting previously unselected package {name}.\n")
        inv.out(f"Preparing to unpack .../{name}_{version}_amd64.deb ...\n")
        inv.out(f"Unpacking {name} ({version}) ...\nSetting up {name} ({version}) ...\n")
        put_in_place(inv.host, command)
        yield 1.0
    return 0


def _remove(inv: Invocation, names: list[str]) -> Run[int]:
    for name in names:
        command, version, _ = ARCHIVE[name]
        if is_installed(inv.host, command):
            inv.out(f"Removing {name} ({version}) ...\n")
            inv.host.packages.discard(command)
        else:
            inv.out(f"Package '{name}' is not installed, so not removed\n")
        yield 1.0
    return 0


def is_installed(host: VirtualHost, command: str) -> bool:
    """Is it in the package database, with its file in place?"""
    from emulators.host import commands

    directory = commands.TABLE[command].directory
    return command in host.packages and host.files.exists(f"{directory}/{command}")


def put_in_place(host: VirtualHost, command: str) -> None:
    """Install it: in the database, and its file where somebody deleted that."""
    from emulators.host import commands, install

    host.packages.add(command)
    path = f"{commands.TABLE[command].directory}/{command}"
    if not host.files.exists(path):
        install.place_program(host, command)


def dpkg(inv: Invocation) -> Run[int]:
    """-l, -s, -L of the archive's packages."""
    yield from ()
    names = [word for word in inv.argv[1:] if not word.startswith("-")]
    rows = [
        (name, *ARCHIVE[name])
        for name in names or ARCHIVE
        if name in ARCHIVE and is_installed(inv.host, ARCHIVE[name][0])
    ]
    if "-s" in inv.argv or "--status" in inv.argv:
        for name, _, version, _ in rows:
            inv.out(f"Package: {name}\nStatus: install ok installed\nVersion: {version}\n")
        for name in set(names) - {row[0] for row in rows}:
            inv.err(f"dpkg-query: package '{name}' is not installed and no information is available\n")
    elif not rows:
        inv.err("".join(f"dpkg-query: no packages found matching {name}\n" for name in names))
    else:
        inv.out("".join(f"ii  {posixpath.basename(name):<24} {version:<20} amd64\n" for name, _, version, _ in rows))
    return 0 if rows else 1

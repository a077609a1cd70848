"""What the system is and since when: uname, hostname, uptime, date, id, who, last, dmesg."""

from __future__ import annotations

import re
import time

from emulators.host.commands.options import Usage, hint, parse
from emulators.host.process import Invocation, Run

UNAME = {
    "s": "kernel-name", "n": "nodename", "r": "kernel-release", "v": "kernel-version", "m": "machine",
    "p": "processor", "i": "hardware-platform", "o": "operating-system",
}  # fmt: skip


def uname(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "asnrvmpio", ("all", *UNAME.values()))
    facts = {"s": "Linux", "n": inv.host.hostname, "r": inv.host.distribution.kernel, "v": inv.host.distribution.build,
             "m": "x86_64", "p": "unknown", "i": "unknown", "o": "GNU/Linux"}  # fmt: skip
    letters = [letter for letter, long in UNAME.items() if options.has(f"-{letter}", f"--{long}")]
    if options.has("-a", "--all"):
        letters = list("snrvmo")
    inv.out(" ".join(facts[letter] for letter in letters or ["s"]) + "\n")
    return 0


def arch(inv: Invocation) -> Run[int]:
    yield from ()
    inv.out("x86_64\n")
    return 0


def nproc(inv: Invocation) -> Run[int]:
    yield from ()
    inv.out("8\n")
    return 0


def hostname(inv: Invocation) -> Run[int]:
    yield from ()
    if len(inv.argv) > 1 and not inv.argv[1].startswith("-"):
        if inv.user != "root":
            raise Usage("hostname: you must be root to change the host name\n", 1)
        inv.host.hostname = inv.argv[1]
        return 0
    if "-I" in inv.argv or "--all-ip-addresses" in inv.argv:
        inv.out(f"{inv.host.server.spec.host_address} \n")
        return 0
    short = "-s" in inv.argv or "--short" in inv.argv
    inv.out((inv.host.hostname.split(".")[0] if short else inv.host.hostname) + "\n")
    return 0


def uptime(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "psV", ("pretty", "since"))
    up = int(inv.host.uptime_s)
    if options.has("-s", "--since"):
        inv.out(time.strftime("%Y-%m-%d %H:%M:%S\n", time.gmtime(inv.host.calendar - up)))
    elif options.has("-p", "--pretty"):
        inv.out(f"up {_pretty(up)}\n")
    else:
        days, hours, minutes = up // 86400, up // 3600 % 24, up // 60 % 60
        shown = (f"{days} day{'s' if days != 1 else ''}, " if days else "") + (
            f"{hours:2}:{minutes:02}" if hours else f"{minutes} min"
        )
        clock = time.strftime("%H:%M:%S", time.gmtime(inv.host.calendar))
        inv.out(f" {clock} up {shown},  1 user,  load average: 0.08, 0.05, 0.01\n")
    return 0


def _pretty(up: int) -> str:
    parts = [(up // 604800, "week"), (up // 86400 % 7, "day"), (up // 3600 % 24, "hour"), (up // 60 % 60, "minute")]
    words = [f"{count} {word}{'s' if count != 1 else ''}" for count, word in parts if count]
    return ", ".join(words) or "0 minutes"


def date(inv: Invocation) -> Run[int]:
    """The host's clock is in UTC."""
    yield from ()
    options = parse(inv, "uRd:s:I", ("utc", "universal", "date=", "set=", "iso-8601=?", "rfc-3339=", "rfc-email"))
    moment = inv.host.calendar
    given = options.last("-d", "--date")
    if given is not None:
        if given.startswith("@") and re.fullmatch(r"@\d+(\.\d+)?", given):
            moment = float(given[1:])
        elif given not in ("now", ""):
            raise Usage(f"date: invalid date '{given}'\n", 1)
    form = next((word[1:] for word in options.rest if word.startswith("+")), None)
    strays = [word for word in options.rest if not word.startswith("+")]
    if strays:
        raise Usage(f"date: invalid date '{strays[0]}'\n", 1)
    if form is None:
        form = "%Y-%m-%d" if options.has("-I", "--iso-8601") else "%a %b %e %H:%M:%S UTC %Y"
    form = (
        form.replace("%s", str(int(moment)))
        .replace("%N", f"{moment % 1 * 1e9:09.0f}")
        .replace("%Z", "UTC")
        .replace("%z", "+0000")
    )
    inv.out(time.strftime(form, time.gmtime(moment)) + "\n")
    return 0


def _ids(inv: Invocation, name: str) -> int | None:
    if name == "root":
        return 0
    others = [other for other in inv.host.accounts if other != "root"]
    return 1000 + others.index(name) if name in others else None


def id(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "ugGnr", ("user", "group", "groups", "name", "real"))
    name = options.rest[0] if options.rest else inv.user
    number = _ids(inv, name)
    if number is None:
        raise Usage(f"id: '{name}': no such user\n", 1)
    groups = [(number, name)] + ([(27, "sudo")] if number else [])
    if options.has("-u", "-g", "--user", "--group"):
        inv.out(f"{name if options.has('-n', '--name') else number}\n")
    elif options.has("-G", "--groups"):
        inv.out(" ".join(word if options.has("-n", "--name") else str(gid) for gid, word in groups) + "\n")
    else:
        listed = ",".join(f"{gid}({word})" for gid, word in groups)
        inv.out(f"uid={number}({name}) gid={number}({name}) groups={listed}\n")
    return 0


def whoami(inv: Invocation) -> Run[int]:
    yield from ()
    if len(inv.argv) > 1:
        raise Usage(f"whoami: extra operand '{inv.argv[1]}'\n{hint('whoami')}", 1)
    inv.out(f"{inv.user}\n")
    return 0


def who(inv: Invocation) -> Run[int]:
    yield from ()
    if "-b" in inv.argv:
        moment = time.gmtime(inv.host.boots[-1][0])
        inv.out(f"         system boot  {time.strftime('%Y-%m-%d %H:%M', moment)}\n")
    return 0


def last(inv: Invocation) -> Run[int]:
    """Boots alone: wtmp keeps no logins here."""
    yield from ()
    kernel = inv.host.distribution.kernel[:16]
    for started, ended in reversed(inv.host.boots):
        begin = time.strftime("%a %b %e %H:%M", time.gmtime(started))
        if ended is None:
            end = "  still running"
        else:
            span = int(ended - started) // 60
            days = f"{span // 1440}+" if span >= 1440 else ""
            end = f"- {time.strftime('%H:%M', time.gmtime(ended))}  ({days}{span // 60 % 24:02}:{span % 60:02})"
        inv.out(f"reboot   system boot  {kernel:<16} {begin} {end}\n")
    inv.out(f"\nwtmp begins {time.strftime('%a %b %e %H:%M:%S %Y', time.gmtime(inv.host.boots[0][0]))}\n")
    return 0


def dmesg(inv: Invocation) -> Run[int]:
    yield from ()
    host = inv.host
    lines = [f"Linux version {host.distribution.kernel} {host.distribution.build}"]
    lines.append(f"DMI: {host.server.board.system_manufacturer} {host.server.board.system_product}")
    if "ipmi_si" in host.modules:
        lines.append("ipmi_si: IPMI System Interface driver")
        lines.append("ipmi_si IPI0001:00: IPMI kcs interface initialized" if not host.kcs.unprobed
                     else "ipmi_si IPI0001:00: There appears to be no BMC at this location")  # fmt: skip
    inv.out("".join(f"[{number:12.6f}] {line}\n" for number, line in enumerate(lines)))
    return 0

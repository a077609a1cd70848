"""journalctl and logger."""

from __future__ import annotations

import time

from emulators.host.commands.options import parse
from emulators.host.journal import Line
from emulators.host.process import Invocation, Run
from emulators.host.units import full_name

LONG = (
    "unit=",
    "no-pager",
    "lines=",
    "output=",
    "boot",
    "quiet",
    "reverse",
    "follow",
    "since=",
    "until=",
    "utc",
    "all",
    "pager-end",
    "identifier=",
    "no-hostname",
    "system",
    "dmesg",
)


def shown(inv: Invocation, line: Line) -> str:
    """One line as `-o short` prints it."""
    stamp = time.strftime("%b %d %H:%M:%S", time.gmtime(line.at))
    return f"{stamp} {inv.host.hostname} {line.identifier}[{line.pid}]: {line.text}"


def journalctl(inv: Invocation) -> Run[int]:
    yield 0.05
    options = parse(inv, "u:n:o:bqrfS:U:aet:k", LONG)
    units = {full_name(name) for name in options.all("-u", "--unit")}
    names = set(options.all("-t", "--identifier"))
    lines = [
        line
        for line in inv.host.journal.lines
        if (not units or line.unit in units) and (not names or line.identifier in names)
    ]
    if options.has("-b", "--boot"):
        lines = [line for line in lines if line.boot == inv.host.boot_id]
    count = options.last("-n", "--lines")
    if count not in (None, "all"):
        lines = lines[max(0, len(lines) - int(count or 10)) :]
    if options.has("-r", "--reverse"):
        lines = lines[::-1]
    if not lines:
        if not options.has("-q", "--quiet"):
            inv.out("-- No entries --\n")
        return 0
    bare = options.last("-o", "--output") == "cat"
    inv.out("".join((line.text if bare else shown(inv, line)) + "\n" for line in lines))
    return 0


def logger(inv: Invocation) -> Run[int]:
    yield from ()
    options = parse(inv, "t:p:si", ("tag=", "priority="))
    name = options.last("-t", "--tag") or inv.user
    inv.host.journal.write(" ".join(options.rest), identifier=name, pid=inv.host.new_pid())
    return 0

"""systemd-inhibit: run a command while shutdown, sleep and the like are held off."""

from __future__ import annotations

from dataclasses import replace

from emulators.host import programs
from emulators.host.commands.options import Usage, parse
from emulators.host.process import Invocation, Run


def systemd_inhibit(inv: Invocation) -> Run[int]:
    options = parse(inv, "", ("what=", "who=", "why=", "mode=", "list", "no-pager", "no-legend"), in_order=True)
    if options.has("--list") or not options.rest:
        return _list(inv)
    what = options.last("--what") or "idle:sleep:shutdown"
    who = options.last("--who") or " ".join(options.rest)
    why = options.last("--why") or "Unknown reason"
    if inv.user != "root":
        raise Usage("Failed to inhibit: Interactive authentication required.\n", 1)
    lock = (who, what, why, options.last("--mode") or "block", inv.host.new_pid())
    inv.host.inhibitors.append(lock)
    try:
        run = programs.start(replace(inv, argv=options.rest))
        return (yield from run)
    except programs.CannotRun as problem:
        inv.err(f"Failed to execute {problem.name}: {problem.reason}\n")
        return 1
    finally:
        if lock in inv.host.inhibitors:
            inv.host.inhibitors.remove(lock)


def _list(inv: Invocation) -> int:
    rows = [("WHO", "UID", "USER", "PID", "COMM", "WHAT", "WHY", "MODE")]
    for who, what, why, mode, pid in inv.host.inhibitors:
        rows.append((who, "0", "root", str(pid), "systemd-inhibit", what, why, mode))
    if len(rows) == 1:
        inv.out("No inhibitors.\n")
        return 0
    widths = [max(len(row[i]) for row in rows) for i in range(8)]
    for row in rows:
        inv.out(" ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    inv.out(f"\n{len(rows) - 1} inhibitors listed.\n")
    return 0

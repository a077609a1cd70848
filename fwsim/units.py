"""Long commands on the host that must survive a dropped SSH session: one systemd unit of a fixed name.

The unit is the lock. Its description says whose it is (run, step, payload), RemainAfterExit keeps its result, its
output goes to a file on disk that is followed by byte offset. Whoever wants to flash looks here first: a unit that is
not there proves nothing, for a reboot forgets it.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from fwsim.context import Context, last_line
from fwsim.doors import CommandTimeout, HostUnreachable
from fwsim.outcomes import Fail, Refuse
from fwsim.tools import systemd

START_TRIES = 3


@dataclass(frozen=True)
class Detached:
    """A command for the unit. `answers`: a file on the host for its standard input, /dev/null = nothing to read."""

    command: tuple[str, ...]
    tag: systemd.Tag
    log: str
    answers: str = "/dev/null"
    unit: str = systemd.UNIT

    @property
    def start(self) -> tuple[str, ...]:
        return systemd.run_detached(self.command, self.tag, log=self.log, standard_input=self.answers, unit=self.unit)


@dataclass(frozen=True)
class Ended:
    """The command has ended: its exit status and all its output."""

    status: int
    log: str


class Vanished(Fail):
    """The unit is not there any more: how far its command came is not known."""


async def look(context: Context, patience_s: float = 300.0) -> systemd.Unit:
    """The unit as it is now, asked again and again: no event."""
    return systemd.parse_show((await context.poll(systemd.show(context.unit), patience_s=patience_s)).stdout)


async def look_before(context: Context) -> systemd.Unit:
    """The unit as it is now, before something is started: what was seen stands in the journal."""
    return systemd.parse_show((await context.read(systemd.show(context.unit))).stdout)


async def run(
    context: Context, detached: Detached, *, deadline_s: float, every_s: float, tell: Callable[[str], None]
) -> Ended:
    """Start the command, or attach to it where it was started already, and follow it to its end.

    `tell` is given the whole output at every look. Raises Refuse where another's unit is in the way, Fail where it did
    not start or did not end in time, Vanished; it is never stopped from here.
    """
    await started(context, detached)
    return await _followed(context, detached, deadline_s, every_s, tell)


async def until_ended(context: Context, deadline_s: float, every_s: float) -> None:
    """Wait while any unit of that name runs; return at the deadline all the same."""
    began = context.now()
    while (await look(context, deadline_s)).state == "running" and context.now() - began < deadline_s:
        context.progress("the flash goes on")
        await context.sleep(every_s)


async def attach(
    context: Context, detached: Detached, *, deadline_s: float, every_s: float, tell: Callable[[str], None]
) -> Ended:
    """Follow a command that was started before to its end; it may have ended long ago. Raises Fail, Vanished."""
    return await _followed(context, detached, deadline_s, every_s, tell)


async def started(context: Context, detached: Detached) -> None:
    """Start the command, unless it was. Raises Refuse, Fail."""
    complaint = ""
    for _ in range(START_TRIES):
        unit = await look_before(context)
        if unit.tag == detached.tag:
            return
        await make_room(context, unit)
        try:
            answer = await context.run(detached.start, changes=True)
        except (HostUnreachable, CommandTimeout) as error:
            complaint = str(error)
            continue  # it may run all the same: look
        if answer.status == 0:
            return
        complaint = last_line(answer.stderr)
        if not systemd.is_duplicate(answer.stderr):
            break
    raise Fail(
        f"the unit {systemd.UNIT} could not be started: {complaint}",
        f"`systemctl status {systemd.UNIT}` on the host says more",
    )


async def make_room(context: Context, unit: systemd.Unit) -> None:
    """A running unit is left alone; one that has ended only keeps the name."""
    if unit.state == "running":
        raise Refuse(
            f"a flash is running on this host: {unit.description}",
            f"wait for it to end; `systemctl status {systemd.UNIT}` on the host shows it",
        )
    if unit.state == "ended":
        await forget(context)


async def forget(context: Context) -> None:
    """Give the unit's name free: of one that has ended, or that stands still and that somebody has agreed to end."""
    await context.change(systemd.stop(context.unit))
    await context.change(systemd.reset_failed(context.unit))


async def over(context: Context, sha256: str) -> None:
    """What this run's flash of that image brought about was read back: its unit tells nothing more; free the lock."""
    unit = await look(context)
    mine = unit.tag is not None and (unit.tag.run, unit.tag.sha256) == (context.job.run_id, sha256)
    if unit.state == "ended" and mine:
        context.intend("free the unit", systemd.UNIT)
        await forget(context)


async def _followed(
    context: Context, detached: Detached, deadline_s: float, every_s: float, tell: Callable[[str], None]
) -> Ended:
    """A log that grows says that the command runs; the unit is asked where it does not."""
    began, log = context.now(), ""
    while True:
        more = await _more(context, detached.log, log, deadline_s)
        log += more
        unit = None if more else await look(context, deadline_s)
        if unit is not None and unit.state == "absent":
            raise Vanished(f"the unit {systemd.UNIT} is gone, as after a reboot: how far it came is not known")
        if unit is not None and unit.state == "ended":
            log = await _more(context, detached.log, "", deadline_s)  # all of it, for it is what is judged
        tell(log)
        if unit is not None and unit.state == "ended":
            ended = Ended(_status(unit), log)
            context.tell_output(detached.command, ended.status, log, context.now() - began)
            return ended
        if context.now() - began >= deadline_s:
            raise Fail(
                f"`{shlex.join(detached.command)}` still runs after {deadline_s:g} s; it was left running",
                f"look at it again later: `systemctl status {systemd.UNIT}` on the host",
            )
        await context.sleep(every_s)


async def stands_still(context: Context, log: str, for_s: float) -> bool:
    """Does its command run, and write nothing, all that time? It is looked at ten times, and let be."""
    first = await _more(context, log, "", for_s)
    for _ in range(10):
        await context.sleep(for_s / 10)
        if (await look(context)).state != "running" or await _more(context, log, first, for_s):
            return False
    return True


def _status(unit: systemd.Unit) -> int:
    """A command ended by a signal has the signal's number there: never 0 without systemd's own `success`."""
    return unit.exit_status or 0 if unit.result == "success" else unit.exit_status or 1


async def _more(context: Context, path: str, log: str, patience_s: float) -> str:
    """What the log has gained. The tools print ASCII; a byte that is none came as one replacement character."""
    offset = len(log.replace("\ufffd", "?").encode()) + 1
    read = await context.poll(("tail", "-c", f"+{offset}", path), patience_s=patience_s)
    return read.stdout if read.status == 0 else ""

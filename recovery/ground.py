"""What every repair stands on: the backup, a host that answers, a bank that is proved whole (DESIGN rule 11)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Literal

from fwsim import bank, waiting
from fwsim.boards import Kind
from fwsim.context import Context
from fwsim.doors import DoorError
from fwsim.findings import BMC_WRITES
from fwsim.outcomes import Fail
from fwsim.paths import Hop
from fwsim.steps import backup, guard, hostreboot, looking, reading
from fwsim.steps.guard import INCOMPLETE
from recovery import eventlog, from_journal, from_lan
from recovery.notes import Notes


class Forbidden(Fail):
    """Rule 11 forbids it now; its way may be a good one all the same."""


BACKUP_NEEDED = "look at the backup in the run's folder, and set it by hand"


async def on_host(context: Context) -> None:
    """The host answers, with the modules for its BMC. Raises Fail."""
    if not await context.doors.host.answers():
        raise Fail("the host does not answer", "this repair goes through the host: get it up first")
    await reading.boot_id(context)
    await reading.load_modules(context)


async def boot_id_if_up(context: Context) -> None:
    """For the intents, where the host can tell."""
    try:
        if await context.doors.host.answers():
            await reading.boot_id(context, patience_s=0)
    except DoorError:
        return


async def with_backup(context: Context) -> None:
    """What was kept before the first flash. Raises Fail where there is none."""
    folder = context.run_dir / "backup"
    if not (folder / backup.COMPLETE).exists():
        raise Fail("this run has no whole backup", BACKUP_NEEDED)
    backup.read_again(context, folder)


def kept(context: Context, name: str) -> Path:
    """A file of the backup. Raises Fail where it is not there."""
    path = context.run_dir / "backup" / name
    if not path.exists():
        raise Fail(f"the backup has no {name}", BACKUP_NEEDED)
    return path


def image(context: Context, kind: Kind) -> Hop:
    """The image of that kind whose flash was begun in this run, the last where there are more. Raises Fail."""
    begun = [hop for hop in context.job.images(kind) if hop in context.found.flashed]
    if not begun:
        raise Fail(f"no {kind.upper()} was flashed in this run", "there is nothing of this run's to put back")
    return begun[-1]


def any_image(context: Context) -> Hop:
    """Any image that was begun: what follows is the same for all. Where the fallback's flash has taken that back, any
    of the job's: the settings from before it are this run's to put back all the same. Raises Fail."""
    begun = next((image(context, kind) for kind in ("bmc", "bios") if _begun(context, kind)), None)
    written = (hop for hop in context.job.all_images if context.found.was_written(hop))
    return begun or next(written, None) or image(context, "bmc")


def _begun(context: Context, kind: Kind) -> bool:
    return any(hop in context.found.flashed for hop in context.job.images(kind))


async def may_take(context: Context, what: str, *, anew: Hop | None = None) -> None:
    """Rule 11: raises Fail while a bank is or may be incomplete, or a flash runs. `anew`: a BIOS that is written again:
    once POST itself has found it corrupt, nobody writes it any more, and there is nothing of it left to lose."""
    doubtful = [hop for hop in context.found.flashed if await _is_doubtful(context, hop)]
    if anew in doubtful and await _found_corrupt(context):
        doubtful.remove(anew)
    await _refuse(context, what, doubtful)


async def may_reset_bmc(context: Context, what: str) -> None:
    """The same of a restart of the BMC alone, which a BIOS does not forbid that it has stopped writing, with the host
    off: nothing else ends that, no system runs from that bank, and the BMC's own is not in doubt."""
    doubtful = [hop for hop in context.found.flashed if await _is_doubtful(context, hop)]
    if doubtful and all(hop.kind == "bios" for hop in doubtful) and await _stands_still(context):
        doubtful = []
    await _refuse(context, what, doubtful)


async def _refuse(context: Context, what: str, doubtful: Sequence[Hop]) -> None:
    if doubtful and not context.job.despite_incomplete:
        hop = doubtful[0]
        why = f"{hop.kind.upper()} {hop.version} is not proved whole: fwsim does not {what}"
        raise Forbidden(why, INCOMPLETE.format(command="hpm check"))
    if doubtful:
        context.fact(guard.WORD, f"{what}, though {doubtful[0].kind.upper()} {doubtful[0].version} is not proved whole")
    if await context.doors.host.answers():
        await guard.may_restart(context, what)


async def _is_doubtful(context: Context, hop: Hop) -> bool:
    """The server is asked only where the journal leaves it open."""
    known = bank.state(context.job, context.found, hop)
    if not bank.is_doubtful(known, settled=False):
        return False
    return bank.is_doubtful(known, settled=True) or not await _is_settled(context)


async def _found_corrupt(context: Context) -> bool:
    notes = Notes(context)
    await eventlog.look(notes, from_journal.remember(context, ()), "the event log")
    return notes.value("sel.firmware") == "corrupt"


async def _is_settled(context: Context) -> bool:
    """By two witnesses over LAN: POST has come to its end since, or the iDRAC has no job at work any more. Or somebody
    beside the server has seen that nothing goes on there, long after its time."""
    if context.found.seen_still:
        return True
    notes = Notes(context)
    await eventlog.look(notes, from_journal.remember(context, ()), "the event log")
    await from_lan.jobs(notes)
    jobs, firmware = ([value] if (value := notes.value(key)) else [] for key in ("jobs", "sel.firmware"))
    return bank.is_settled(jobs, firmware)


# -- what the BMC writes by itself


def bmc_writes(context: Context, how: Literal["begun", "ended"]) -> None:
    """A BIOS is handed to the BMC, or that has ended: on the disk, for whoever looks next."""
    context.found.bmc_writes(how, context.now())
    context.fact(BMC_WRITES, how)


async def _stands_still(context: Context) -> bool:
    """Has the BMC had all the time for the BIOS that it writes by itself, and is the host off? It is asked over LAN."""
    since = context.found.bmc_writes_since
    if since is None or context.now() - since < from_journal.written_within_s(context.board):
        return False
    try:
        return not await hostreboot.is_on(context)
    except DoorError:
        return False


async def bmc_steady(context: Context, deadline_s: float | None = None) -> None:
    """Silence first, then steady answers over LAN or in band. Raises Fail."""
    board, clock = context.board, context.doors.clock
    await waiting.until_silent(clock, context.doors.network.probe, 60.0)
    patience = waiting.Patience(deadline_s or board.deadlines.bmc_boot_s, board.waits.poll_s, board.waits.steady)
    if not (await waiting.until_steady(clock, partial(bmc_answers, context), patience)).reached:
        raise Fail("the BMC did not come back", "look at its LED and its port")


async def bmc_answers(context: Context) -> bool:
    """Over LAN, or in band."""
    return await context.doors.network.probe() or await looking.bmc_answers(context)


async def host_back(context: Context) -> float:
    """Wait until the host is up, as after any restart. Seconds. Raises NeedsHands, Fail."""
    deadlines = context.board.deadlines
    before = context.found.restart_under or context.found.boot_id
    return await hostreboot.wait(context, deadlines.host_boot_s + deadlines.post_s + deadlines.bios_apply_s, before)


async def chassis(context: Context, control: int, what: str) -> None:
    """Chassis Control over LAN: 0 off, 1 on, 3 reset. Raises Fail where it is refused."""
    context.intend(what, "host")
    context.changed("host-power", f"the host: {what}")
    reply = await context.lan(*hostreboot.CHASSIS_CONTROL, bytes([control]))
    if reply.completion_code:
        raise Fail(f"the BMC refuses to {what}: {reply.completion_code:#04x}", "do it in its web page")

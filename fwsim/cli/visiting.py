"""A rehearsal that waits for a visit: its virtual server stands for it, is found by the run's name, and goes on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from fwsim.cli import screen
from fwsim.cli.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fwsim.aftermath import Recover
    from fwsim.cli.closing import Outcome
    from fwsim.cli.session import Emit
    from fwsim.events import Event, RunEnded
    from fwsim.record import Record
    from fwsim.report.model import Report
    from fwsim.runs import Run


def stands(known: Record) -> bool:
    """Can it stand for a visit? One in memory has ended with its run, and a container's hands recable its networks."""
    return not known.in_memory and known.image is None


def must_stand(run: Run, known: Record) -> None:
    """Raises BadInput where there is no server that could have been visited."""
    from fwsim.rehearsal import prepare, standing

    try:
        if not stands(known):
            raise standing.ServerLost("it ended with the rehearsal")
        standing.find(run.path, prepare.passwords_again(known.plan, known.scenario), prepare.ROOT_PASSWORD)
    except standing.ServerLost as error:
        raise BadInput(
            f"{run.id} is a rehearsal, and its server stands no more ({error}); close its ticket while that stands, or "
            "rehearse the visit too: `fwsim rehearse ... --technician`"
        ) from error


def say(run: Run, known: Record, report: Report) -> None:
    """Where it needs hands: that its server stands, until when, what can be done with it, and how it is ended."""
    if report.ending != "needs-hands":
        return
    if not stands(known):
        screen.note("the virtual server has ended with its rehearsal; `--technician` rehearses the visit, too")
        return
    from fwsim.rehearsal import standing

    try:
        standing.lend(run.path)
    except OSError as error:  # it stands all the same, and its ticket can be closed
        screen.note(f"`fwsim emulator` does not find it: {error}")
    until = datetime.now().astimezone() + timedelta(seconds=standing.IDLE_S)
    screen.note(
        f"the virtual server stands for the visit, until {until:%H:%M} or {standing.IDLE_S / 60:.0f} minutes after its "
        "last use:\n"
        f"  fwsim emulator hands {run.id} ACT ...   does what the ticket says; `fwsim emulator acts` lists the acts\n"
        f"  fwsim ticket close {run.id} --report done|failed   goes on with the run\n"
        f"  fwsim emulator down {run.id}   ends it"
    )


async def go_on(
    run: Run, known: Record, past: Sequence[Event], emit: Emit, report: Outcome, recover: Recover
) -> RunEnded:
    """On the server that was left standing."""
    from fwsim import rehearsal
    from fwsim.cli.closing import visited

    how = rehearsal.Options(ipmitool=known.ipmitool, image=known.image)
    return await rehearsal.visited_on_wires(
        known.plan, past, emit, how, lambda at: visited(past, report, at), run_id=known.run_id, run_dir=run.path,
        scenario=known.scenario, recover=recover, again=report == "failed",
    )  # fmt: skip

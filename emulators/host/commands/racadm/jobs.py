"""racadm jobqueue view and delete (section 4.2)."""

from __future__ import annotations

from emulators.host.commands.racadm.text import JOB_HEAD, QUEUE_HEAD, RULE, SYNTAX, RacadmError, job
from emulators.host.process import Invocation, Run
from emulators.lifecycle import Job, queue

CREATED = (
    "RAC1024: Successfully scheduled a job.\n"
    'Verify the job status using "racadm jobqueue view -i JID_xxxxx" command.\n'
    "Commit JID = {job}\n"
)
CLEAR = ("JID_CLEARALL", "JID_CLEARALL_FORCE")


def queue_command(inv: Invocation, words: list[str]) -> Run[None]:
    """jobqueue view [-i JID] | create BIOS.Setup.1-1 | delete -i JID | delete --all."""
    match words:
        case ["view"]:
            inv.out(_all(inv))
        case ["view", "-i", job_id]:
            inv.out(JOB_HEAD + job(inv, inv.host.server.board, _find(inv, job_id)) + RULE)
        case ["create", "BIOS.Setup.1-1", *_]:
            job_id = queue(inv.host.server).configure("Configure: BIOS.Setup.1-1").id
            inv.out(CREATED.format(job=job_id))
        case ["delete", "--all"]:
            _clear(inv, "JID_CLEARALL")
        case ["delete", "-i", job_id] if job_id in CLEAR:
            _clear(inv, job_id)
        case ["delete", "-i", job_id]:
            _delete(inv, [_find(inv, job_id)])
            inv.out(f"RAC1032: {job_id} job(s) was cancelled by the user.\n")
        case _:
            raise RacadmError(SYNTAX)
    yield 0


def _all(inv: Invocation) -> str:
    jobs = queue(inv.host.server).jobs
    if not jobs:
        return QUEUE_HEAD + RULE
    return QUEUE_HEAD + "".join(job(inv, inv.host.server.board, entry) + RULE for entry in jobs)


def _find(inv: Invocation, job_id: str) -> Job:
    found = queue(inv.host.server).find(job_id)
    if found is None:
        raise RacadmError(f"ERROR: The Job ID {job_id} is not found.")
    return found


def _clear(inv: Invocation, name: str) -> None:
    _delete(inv, list(queue(inv.host.server).jobs))
    inv.out(f"RAC1032: {name} job(s) was cancelled by the user.\n")


def _delete(inv: Invocation, jobs: list[Job]) -> None:
    """Jobs that are being written stay; then racadm says so."""
    left = [entry for entry in jobs if not queue(inv.host.server).delete(entry)]
    if left:
        raise RacadmError(f"ERROR: RAC1007: Unable to delete the job {left[0].id} because it is running.")

"""racadm update and rollback (sections 4.1 and 4.3). It says "initiated", never "done": the job queue has the truth."""

from __future__ import annotations

import posixpath

from emulators import images
from emulators.host.commands.racadm.text import SYNTAX, UNABLE, RacadmError
from emulators.host.process import Invocation, Run
from emulators.lifecycle import queue

SUFFIXES = (".exe", ".bin", ".d7", ".d9", ".pm", ".sc")
COPY_S = 20.0
COPYING = (
    "The Copying Operation has begun,\n"
    "\tThis might take several minutes to complete, depending on the network.\n"
    "\tDo not interrupt the operation.\n"
)
INITIATED = (
    "RAC987: Firmware update job for {file} is initiated.\n"
    "This firmware update job may take several minutes to complete depending on the\n"
    "component or firmware being updated. To view the progress of the job, use the\n"
    '"racadm jobqueue view" command. If the job is scheduled, the system will require a manual reboot.\n'
    'To reboot the system  manually, use the "racadm serveraction powercycle" command.\n'
)
CHIPS: dict[str, images.Kind] = {"idrac.embedded.1-1": "bmc", "bios.setup.1-1": "bios"}


def update(inv: Invocation, words: list[str]) -> Run[None]:
    """update -f FILE [--reboot]."""
    if "-f" not in words[:-1]:
        raise RacadmError(SYNTAX)
    name = words[words.index("-f") + 1]
    if not name.lower().endswith(SUFFIXES):
        raise RacadmError("ERROR: Invalid File Type")
    try:
        data = inv.host.files.read(posixpath.join(inv.cwd, name))
    except OSError:
        raise RacadmError(f"ERROR: Unable to open file {name}.") from None
    if inv.host.server.spec.hardening.idrac_lockdown:
        raise RacadmError("ERROR: The operation is not allowed while System Lockdown mode is enabled.")
    jobs = queue(inv.host.server)
    if jobs.busy is not None:
        raise RacadmError("ERROR: A firmware update is currently in progress.")
    inv.out(COPYING)
    generation = inv.host.server.bmc.generation
    yield COPY_S
    if not inv.host.server.bmc.answering or inv.host.server.bmc.generation != generation:
        raise RacadmError(UNABLE)
    job = jobs.update(data, posixpath.basename(name))
    inv.out(INITIATED.format(file=job.file))
    if "--reboot" in words:
        jobs.reboot_for(job)


def roll_back(inv: Invocation, words: list[str]) -> Run[None]:
    """rollback FQDD [--reboot]: the other bank's image becomes the one that starts."""
    if not words or words[0].lower() not in CHIPS:
        raise RacadmError(SYNTAX)
    server, kind = inv.host.server, CHIPS[words[0].lower()]
    if queue(server).busy is not None or not server.chips[kind].rollback():
        raise RacadmError("ERROR: There is no firmware image to roll back to.")
    inv.out("RAC1056: Rollback operation initiated successfully.\n")
    if kind == "bmc":
        server.agenda.after(10.0, server.bmc.cold_reset)
    elif "--reboot" in words:
        server.agenda.after(10.0, server.host_reboot)
    yield 0

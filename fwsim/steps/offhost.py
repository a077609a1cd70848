"""A second place for the backup: a directory of another file system, or HOST:DIRECTORY by scp.

Where fwsim runs on the server itself the run's folder dies with the server, so there must be one.
"""

from __future__ import annotations

import filecmp
import re
import shutil
from pathlib import Path

from fwsim.context import Context, Job
from fwsim.outcomes import Refuse
from fwsim.steps import Planned

SCP_S = 120.0
MADE_BY_SCP = "read-back"


def commands(job: Job) -> tuple[Planned, ...]:
    target = job.plan.backup.copy_to
    if target is None or not _is_remote(target):
        return ()
    return (Planned("operator", _scp("backup", _remote(target, job.run_id))),)


async def copy(context: Context, folder: Path) -> str:
    """Copy the backup there and read it back; in words for the step's message. Raises Refuse."""
    target = context.plan.backup.copy_to
    if target is None:
        return ""
    if _is_remote(target):
        await _by_scp(context, folder, _remote(target, context.job.run_id))
    else:
        _by_file(folder, target, context.job.run_id)
    return f", and copied to {target}"


def device(path: Path) -> int:
    """The number of the file system that `path` is on."""
    return path.stat().st_dev


def _by_file(folder: Path, name: str, run_id: str) -> None:
    target = Path(name).expanduser()
    if not target.is_dir():
        raise Refuse(f"backup.copy_to: {target} is no directory", "mount it first")
    if device(target) in (device(folder), device(Path("/"))):
        raise Refuse(
            f"backup.copy_to: {target} is on the same file system as the run's folder or this machine's root",
            "name a directory of another machine's, e.g. an NFS mount, or HOST:DIRECTORY",
        )
    place = target / f"fwsim-{run_id}"
    try:
        shutil.copytree(folder, place, dirs_exist_ok=True)
        different = _differing(folder, place)
    except OSError as error:
        raise Refuse(f"the backup cannot be copied to {target}: {error}", "look at that directory") from error
    if different:
        raise Refuse(f"the copy in {place} differs: {', '.join(different)}", "look at that directory")


async def _by_scp(context: Context, folder: Path, target: str) -> None:
    """There, and back again: what came back must be what went."""
    again = folder.parent / MADE_BY_SCP
    for argv in (_scp(str(folder), target), _scp(target, str(again))):
        done = await context.run_operator(argv, timeout_s=SCP_S)
        if done.status != 0:
            raise Refuse(f"`{' '.join(argv)}` exited {done.status}: {done.stderr.strip()}", "try that copy by hand")
    different = _differing(folder, again)
    shutil.rmtree(again, ignore_errors=True)
    if different:
        raise Refuse(f"what came back from {target} differs: {', '.join(different)}", "look at that directory")


def _differing(folder: Path, copy: Path) -> list[str]:
    """Files that are not there, or not the same."""
    return [
        p.name for p in folder.iterdir() if not (copy / p.name).is_file() or not filecmp.cmp(p, copy / p.name, False)
    ]


def _scp(source: str, target: str) -> tuple[str, ...]:
    return ("scp", "-r", "-q", "-B", source, target)


def _is_remote(target: str) -> bool:
    return re.match(r"[^/:]+:", target) is not None


def _remote(target: str, run_id: str) -> str:
    return f"{target.rstrip('/')}/fwsim-{run_id}"

"""From a journal back to what the engine must remember. The host is the truth for everything that can be read there."""

from __future__ import annotations

from collections.abc import Sequence

from fwsim.boards import BmcMethod
from fwsim.context import Job
from fwsim.events import Event, Fact, ImageMarked, Intent, RunEnded, RunStarted
from fwsim.findings import CHANGED, UNRESTORED, Findings
from fwsim.paths import Hop


class NotResumable(Exception):
    """This run has ended. The message says how, and what to do instead."""


def check(events: Sequence[Event], run_id: str) -> None:
    """Raises NotResumable unless the run was interrupted, or its journal was cut."""
    last = events[-1] if events else None
    if not isinstance(last, RunEnded) or last.ending == "interrupted":
        return
    if last.ending == "updated":
        raise NotResumable(f"the run {run_id} is over: {last.ending}: {last.message}; there is nothing to go on with")
    raise NotResumable(
        f"the run {run_id} is over: {last.ending}: {last.message}\n"
        f"what to do: {last.remedy or 'see `fwsim show`'}\n"
        "then start a new run with `fwsim update`: it looks at what is there before it starts anything"
    )


def epoch(events: Sequence[Event], now: float) -> float:
    """The Unix time of at = 0 in that journal."""
    return next((event.epoch for event in events if isinstance(event, RunStarted)), now)


def elapsed_s(events: Sequence[Event], now: float) -> float:
    """Seconds since the run began, by a real server's time; a clock that was set back does not turn the journal's."""
    return max(now - epoch(events, now), events[-1].at if events else 0.0)


def findings(events: Sequence[Event], job: Job) -> Findings:
    """A fold over the events of this run."""
    found = Findings(resumed=bool(events))
    images: dict[tuple[str, str, str], Hop] = {(i.kind, i.version, i.sha256): i for i in job.all_images}
    for event in events:
        match event:
            case ImageMarked(kind=kind, version=version, sha256=sha256):
                image = images.get((kind, version, sha256))
                if image is not None:
                    _image(found, job, image, event)
            case Fact(key="bmc.writes"):
                found.bmc_writes(event.value, event.at)
            case Fact():
                _fact(found, event.key, event.value)
            case Intent():
                _intent(found, event)
    return found


def _image(found: Findings, job: Job, image: Hop, event: ImageMarked) -> None:
    found.reach(image, event.stage, event.note)
    tool = event.note.get("tool")
    method = next((m for m in job.methods(image) if m.tool == tool), None)
    if isinstance(method, BmcMethod):
        found.method[image] = method


def _intent(found: Findings, event: Intent) -> None:
    """Begun or not: the host tells."""
    if event.action == "copy payloads":
        found.transferred = True
    if event.action.startswith(("reboot", "power cycle")):
        found.restart_under, found.restart_is_power_cycle = event.boot_id, event.action.startswith("power")
    if event.step == "canary":
        found.canary_under = event.boot_id


def _fact(found: Findings, key: str, value: str) -> None:
    match key:
        case "bmc.version" | "bios.version":
            found.read(key.split(".")[0], value)
        case "bmc.guid":
            found.guid = value
        case "job.retried":
            found.retried.add(value)
        case "watchdog.was":
            found.watchdog = bytes.fromhex(value)
        case "bmc.login":
            found.log_in(value)
        case "start.seen-still":
            found.seen_still = True
        case "lan.channel":
            found.channel = int(value)
        case _ if key.startswith(CHANGED):
            found.change(key.removeprefix(CHANGED), value)
        case _ if key.startswith(UNRESTORED) and value:
            found.unrestored[key.removeprefix(UNRESTORED)] = value
        case _ if key.startswith(UNRESTORED):
            found.unrestored.pop(key.removeprefix(UNRESTORED), None)

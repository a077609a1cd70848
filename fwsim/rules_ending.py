"""Rules 4, 5 and 6 of DESIGN section 8: what a run's last word may say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fwsim.deeds import SPOILING
from fwsim.events import EXIT_CODES, Intent, RunEnded, RunStarted
from fwsim.judged import Broken, Record, Told
from fwsim.versions import BadVersion, same

CHANGED = ("flash-started", "bios-staged", "lan-setting", "lan-mode", "bios-settings-changed", "job-created")


def proved_update(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """4. "Updated": the version was read back after the reset, and everything else is as before, by the truth."""
    end, final = told.ended, told.final
    if end is None or end.ending != "updated":
        return
    for kind, version in final.wanted.items():
        runs = final.after.versions.get(kind, "")
        if not _same(runs, version):
            yield Broken(4, f"updated, but the {kind.upper()} runs {runs or 'nothing'}, not {version}", end.at)
        since = _last_written(told, kind)
        read = told.fact(f"{kind}.version", after=since)
        if since >= 0 and not _same(read or "", version):
            yield Broken(4, f"updated, but the {kind.upper()}'s version was not read back ({read})", end.at)
        said = end.versions.get(kind, ("", ""))[1]
        if not _same(said, runs):
            yield Broken(4, f"the end says {kind.upper()} {said}, and {runs or 'nothing'} runs", end.at)
    for name, was in final.before.kept.items():
        now = final.after.kept.get(name, "")
        if now != was:
            yield Broken(4, f"updated, but {name} is {now or 'nothing'}, it was {was}", end.at)


def _same(a: str, b: str) -> bool:
    try:
        return same(a, b)
    except BadVersion:
        return a == b


def _last_written(told: Told, kind: str) -> int:
    """The last place at which that kind's version may have changed: its flash, and for it the restarts after."""
    flashed = [s.command.index for s in told.starts if s.kind == kind and s.command.event.status in (0, None)]
    if not flashed:
        return -1
    deeds = {"bmc": ("bmc-reset", "activate"), "bios": ("restart", "power")}[kind]
    after = [c.index for c in told.commands if c.deed in deeds and c.deed in SPOILING and c.index > flashed[-1]]
    return max([flashed[-1], *after])


def complete_ending(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """5. A run ends in exactly one way, which is its last word, with that ending's exit code."""
    ends = [(place, end) for place, end in told.of(RunEnded) if not _gone_on_with(told, place, end)]
    if not ends:
        if told.final.over:
            yield Broken(5, "the run has no end", told.events[-1].at if told.events else 0.0)
        return
    if len(ends) > 1:
        yield Broken(5, f"the run ends {len(ends)} times: {', '.join(e.ending for _, e in ends)}", ends[-1][1].at)
    place, end = ends[0]
    if place != len(told.events) - 1:
        yield Broken(5, "something is told after the end", end.at)
    if "defect.txt" in told.final.files:
        yield Broken(5, f"the engine did not end by itself: {end.message}", end.at)
    if EXIT_CODES.get(end.ending) != end.exit_code:
        yield Broken(5, f"{end.ending} has exit code {end.exit_code}", end.at)
    if end.ending == "refused":
        yield from _refused_for_nothing(told, world, end)


def _gone_on_with(told: Told, place: int, end: RunEnded) -> bool:
    """A run that was interrupted may be resumed, one that failed repaired: then that was not its end."""
    taken_up = ("interrupted", "failed", "needs-hands")
    return end.ending in taken_up and any(True for _ in told.of(RunStarted, after=place))


def _refused_for_nothing(told: Told, world: Sequence[Record], end: RunEnded) -> Iterator[Broken]:
    """Refused means that nothing was flashed, configured or left behind."""
    changed = next((r for r in world if r["kind"] in CHANGED), None)
    if changed is not None and told.starts:
        yield Broken(5, f"refused, but the server was changed: {changed['kind']}", end.at)
    if told.final.left_on_host:
        yield Broken(5, f"refused, but this is left on the host: {', '.join(told.final.left_on_host)}", end.at)
    action = next((e.action for _, e in told.of(Intent) if e.action.startswith(("flash", "reset", "reboot"))), None)
    if action is not None and any(s.command.event.status == 0 for s in told.starts) and changed is not None:
        yield Broken(5, f"refused after: {action}", end.at)


def healthy_or_told(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """6. A server that is not healthy at the end: it is not called updated, and a remedy is named."""
    end, final = told.ended, told.final
    if end is None:
        return
    ills = final.after.ills(final.bmc_address)
    if ills and end.ending == "updated":
        yield Broken(6, f"updated, but {'; '.join(ills)}", end.at)
    if end.ending != "updated" and not end.remedy.strip():
        yield Broken(6, f"{end.ending}, and no remedy is named{': ' + '; '.join(ills) if ills else ''}", end.at)

"""Rules 1, 2, 3 and 11 of DESIGN section 8: what comes before a flash, and what may not happen during one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from fwsim import deeds
from fwsim.deeds import SPOILING
from fwsim.events import ImageMarked, Intent
from fwsim.judged import Broken, Command, Record, Start, Told
from fwsim.versions import BadVersion, same

UNIT = "fwsim-flash"
WORD = "operator.word"  # the fact that tells of the operator's explicit word
SEEN_STILL = "start.seen-still"  # the fact that tells that somebody there has seen it stand still
STILL_S = 3600.0
BEFORE_A_FLASH = {  # step -> what it verifies
    "baseboard": "the board",
    "same-bmc": "that the BMC over LAN is this host's",
    "payloads": "the payloads",
    "path": "the version path",
    "power": "the power",
    "backup": "the backup",
}
BACKED_UP = {  # file -> the command whose output it must hold
    "backup/lan-print.txt": ("ipmitool", "lan", "print"),
    "backup/user-list.txt": ("ipmitool", "user", "list"),
    "backup/dmi-bios.txt": ("dmidecode", "-t", "bios"),
}
GUID = ("raw", "0x06", "0x37")
UPGRADE_STATUS = (0x2C, 0x34)


def verified_before_flash(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """1. Identity, SHA-256 on the host, backup, power and version path were verified in this run."""
    for start in told.starts:
        where, at = start.command.index, start.command.began
        for step, what in BEFORE_A_FLASH.items():
            if not told.step_done(step, where):
                yield Broken(1, f"a flash starts before {what} was verified", at)
        yield from (Broken(1, text, at) for text in _missing_evidence(told, start))


def _missing_evidence(told: Told, start: Start) -> Iterator[str]:
    """A step's word is not enough: the commands that show it must stand in the journal."""
    where = start.command.index
    in_band = told.ran("ipmitool", *GUID, before=where)
    over_lan = told.ran(*GUID, where="bmc", before=where)
    if in_band is None or over_lan is None or in_band.stdout.split() != over_lan.stdout.split():
        yield "a flash starts though the GUID was not seen to be the same in band and over LAN"
    if told.ran("dmidecode", "-t", "baseboard", before=where) is None:
        yield "a flash starts though nobody has read which board this is"
    if told.ran("ipmitool", "sdr", before=where) is None:
        yield "a flash starts though no power supply's sensor was read"
    for name, words in BACKED_UP.items():
        seen = told.ran(*words, before=where)
        if seen is None or (told.final.files and not _kept(told, name, seen.stdout)):
            yield f"a flash starts without a backup of `{' '.join(words)}`"
    if not _hash_fits(told, start):
        yield f"a flash of {start.flash.file} starts though its SHA-256 was not seen right on the host"
    if start.kind is not None and told.fact(f"{start.kind}.version", before=where) is None:
        yield f"a flash starts though the running {start.kind.upper()} version was not read"


def _kept(told: Told, name: str, output: str) -> bool:
    """Does that file hold such an output? An event keeps the beginning of a long one."""
    data = told.final.files.get(name, b"").decode("utf-8", "replace")
    return bool(data.strip()) and data.splitlines()[:1] == output.splitlines()[:1]


def _hash_fits(told: Told, start: Start) -> bool:
    """The last `sha256sum` of that file, after its last copy, says the unit's hash, and the plan has that payload."""
    copies = [
        c.index for c in told.commands if c.event.argv[0] == "scp" and c.event.argv[-1].endswith(start.flash.file)
    ]
    since = max((i for i in copies if i < start.command.index), default=-1)
    where = start.command.event.where
    seen = told.ran("sha256sum", start.flash.file, where=where, before=start.command.index, after=since)
    hashed = seen.stdout.split()[:1] if seen is not None else []
    wanted = start.flash.sha256 if not _by_the_bmc(start) else "".join(hashed)
    return hashed == [wanted] and (wanted in told.final.payloads or wanted in told.final.fallbacks)


def bmc_first(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """2. The BMC comes before the BIOS."""
    bios = [s for s in told.starts if s.kind == "bios"]
    if not bios:
        return
    for start in told.starts:
        repairs = start.command.event.step.startswith("repair-")  # what was flashed already is written again
        if start.kind == "bmc" and start.command.index > bios[0].command.index and not repairs:
            yield Broken(2, "the BMC is flashed after the BIOS", start.command.began)
    wanted = told.final.wanted.get("bmc")
    read = told.fact("bmc.version", before=bios[0].command.index)
    if wanted is not None and not _same(read, wanted):
        text = f"the BIOS is flashed while the BMC is known to run {read}, and {wanted} is wanted"
        yield Broken(2, text, bios[0].command.began)


def _same(read: str | None, wanted: str) -> bool:
    try:
        return read is not None and same(read, wanted)
    except BadVersion:
        return False


def looked_before_flash(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """3. A flash is never started blind: the unit is looked at before every start, the version between two."""
    last: dict[str, Start] = {}
    since = -1
    for start in told.starts:
        yield from _one_unit(told, start)
        yield from _looked(told, start, since)
        image = start.flash.sha256 or start.flash.file
        before = last.get(image)
        if before is not None and not _version_between(told, before, start) and not _job_failed(told, before, start):
            yield Broken(3, "one image is flashed twice, and no version was read in between", start.command.began)
        if start.command.event.status == 0:
            last[image] = start
        since = start.command.index
    yield from _untold(told, world)


def _one_unit(told: Told, start: Start) -> Iterator[Broken]:
    at, flash = start.command.began, start.flash
    if _by_the_bmc(start):
        return
    if _from_outside(start):
        if not flash.unit.startswith(f"{UNIT}-") or not flash.remains or not _is_held(told, start):
            yield Broken(3, f"a flash over LAN runs in {flash.unit or 'no unit'}, and not under the host's {UNIT}", at)
    elif flash.unit != UNIT or not flash.remains:
        kept = "" if flash.remains else ", not kept after its end"
        yield Broken(3, f"a flash runs in {flash.unit or 'no unit'}{kept}; its lock is {UNIT}", at)
    elif told.started is not None and (flash.run != told.started.run or not flash.sha256):
        yield Broken(3, "the unit's description does not say whose it is", at)


def _from_outside(start: Start) -> bool:
    """Is it begun on the operator's machine, over the network?"""
    return start.command.event.where == "operator"


def _by_the_bmc(start: Start) -> bool:
    """SUM or racadm hand a BIOS to the BMC over the network, which writes it by itself: it is its own lock."""
    return _from_outside(start) and not start.flash.by_hpm and start.kind == "bios"


def _is_held(told: Told, start: Start) -> bool:
    """Was the lock on the host taken, and not freed since?"""
    took = told.ran("systemd-run", f"--unit={UNIT}", before=start.command.index)
    freed = told.ran("systemctl", "stop", UNIT, before=start.command.index)
    return took is not None and (freed is None or freed.at < took.at)


def _looked(told: Told, start: Start, since: int) -> Iterator[Broken]:
    if _by_the_bmc(start):
        if told.ran(*GUID, where="bmc", before=start.command.index, after=since) is None:
            yield Broken(3, "a BIOS is handed to the BMC, and nobody has looked whose BMC it is", start.command.began)
        return
    unit = start.flash.unit if _from_outside(start) else UNIT
    look = told.ran("systemctl", "show", unit, where=start.command.event.where, before=start.command.index, after=since)
    if look is None:
        yield Broken(3, f"a flash starts and nobody has looked at {unit} before", start.command.began)
    elif "SubState=running" in look.stdout.split():
        yield Broken(3, f"a flash starts though {UNIT} was seen running", start.command.began)


def _version_between(told: Told, before: Start, start: Start) -> bool:
    between = {"before": start.command.index, "after": before.command.index}
    return told.fact(f"{start.kind}.version", **between) is not None


def _job_failed(told: Told, before: Start, start: Start) -> bool:
    """A BIOS that the iDRAC writes with the host off: no version can be read there. Was its job seen to have failed?"""
    between = (c for c in told.commands if before.command.index < c.index < start.command.index)
    return _by_the_bmc(start) and any("jobqueue" in c.event.argv and "Failed" in c.event.stdout for c in between)


def _untold(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """A chip that was written and no event that began it."""
    for chip in ("bmc", "bios"):
        first = next((r["at"] for r in world if r["kind"] == "flash-started" and r.get("chip") == chip), None)
        if first is None or any(s.kind in (chip, None) and s.command.began <= first for s in told.starts):
            continue
        if not any(e.action.startswith(f"flash {chip}") and e.at <= first for _, e in told.of(Intent)):
            yield Broken(3, f"the {chip.upper()}'s chip was written, and no event tells who began it", first)


def incomplete_bank(told: Told, world: Sequence[Record]) -> Iterator[Broken]:
    """11. While a bank is or may be incomplete: no reset, no reboot, no power action, but by the operator's word."""
    truly = _incomplete(world)
    for command in told.commands:
        if command.deed not in SPOILING or _is_refused(command) or _by_the_operators_word(told, command):
            continue
        chips = [
            chip
            for chip, begin, end in truly
            if begin <= command.began < end
            and not _nothing_runs(world, chip, begin, command.began)
            and not _stands_still(world, chip, begin, command)
            and not _seen_still(told, world, chip, begin, command)
        ]
        if chips:
            yield Broken(11, f"`{command.line}` while the {chips[0].upper()}'s bank is incomplete", command.began)
        elif (unproved := _unproved(told, world, command)) and not _nothing_to_lose(told, world, unproved, command):
            name = (unproved.kind or "").upper()
            yield Broken(11, f"`{command.line}` while nothing proves the {name}'s bank whole", command.began)


def _nothing_runs(world: Sequence[Record], chip: str, since: float, until: float) -> bool:
    """Has POST stood still on that BIOS? Then no system runs any more that could be lost, and nobody writes it."""
    before = round(until, 6)  # as the world's times are: a POST that this very command started is no excuse for it
    return chip == "bios" and any(r["kind"] == "post-hung" and since < r["at"] < before for r in world)


def _stands_still(world: Sequence[Record], chip: str, since: float, command: Command) -> bool:
    """A restart of the BMC alone, while it stands still in writing a BIOS, with the host off: its own bank is another,
    no system runs from the one in doubt, and nothing that goes on is cut short."""
    before = [r for r in world if r["at"] <= round(command.began, 6)]
    stalled = any(r["kind"] == "flash-stalled" and r.get("chip") == chip and r["at"] >= since for r in before)
    lives = [r["kind"] for r in before if r["kind"] in ("host-power-off", "host-up", "post-hung", "post-restarted")]
    return command.deed == "bmc-reset" and chip == "bios" and stalled and lives[-1:] == ["host-power-off"]


def _seen_still(told: Told, world: Sequence[Record], chip: str, since: float, command: Command) -> bool:
    """Has a start that writes a BIOS truly stood still for hours, as somebody beside the server has said before? Then
    nothing that goes on is cut short, and no system runs from that bank."""
    until = round(command.began, 6)
    still = [
        r["at"] for r in world if r["kind"] == "flash-stalled" and r.get("chip") == chip and since <= r["at"] < until
    ]
    long_ago = bool(still) and until - still[-1] >= STILL_S
    return chip == "bios" and long_ago and told.fact(SEEN_STILL, before=command.index) is not None


def _nothing_to_lose(told: Told, world: Sequence[Record], unproved: Start, command: Command) -> bool:
    chip, since = unproved.kind or "", unproved.command.began
    return (
        _nothing_runs(world, chip, since, command.began)
        or _stands_still(world, chip, since, command)
        or _seen_still(told, world, chip, since, command)
    )


def _by_the_operators_word(told: Told, command: Command) -> bool:
    """A word is about the bank as it was then: one that was told before the latest flash says nothing of that one. The
    engine's own telling is no word: a person must have given it."""
    if not told.final.operators_word:
        return False
    since = max((s.command.index for s in told.starts if s.command.index < command.index), default=-1)
    return told.fact(WORD, before=command.index, after=since) is not None


def _is_refused(command: Command) -> bool:
    """Over LAN the status is a completion code: the BMC did not do it."""
    return command.event.where == "bmc" and command.event.status not in (0, None)


def _incomplete(world: Sequence[Record]) -> list[tuple[str, float, float]]:
    """(chip, from, to) of the times in which its bank was not whole."""
    rows: list[tuple[str, float, float]] = []
    begun: dict[str, float] = {}
    for record in world:
        chip = str(record.get("chip", ""))
        if record["kind"] == "flash-started":
            if chip in begun:  # cut short before, and begun anew
                rows.append((chip, begun[chip], record["at"]))
            begun[chip] = record["at"]
        elif record["kind"] == "flash-finished" and chip in begun:
            rows.append((chip, begun.pop(chip), record["at"]))
    return rows + [(chip, at, float("inf")) for chip, at in begun.items()]


def _bmc_agrees(told: Told, end: Command, command: Command) -> bool:
    """Was the BMC asked how its upgrade stands, between the tool's end and this? One that answers must not object."""
    asked = [c.event for c in told.commands if end.index < c.index < command.index and _raw_of(c)[:2] == UPGRADE_STATUS]
    if not asked:
        return False
    answer = asked[-1].stdout.split()
    return asked[-1].status != 0 or answer[2:3] == ["00"]


def _was_read(told: Told, world: Sequence[Record], start: Start, command: Command) -> bool:
    """Did the BMC truly start with that very image meanwhile, and was it asked then? Somebody else's reset may come
    before its status is asked, or its tool's end is told; an image that has started is whole."""
    wanted = {e.version for _, e in told.of(ImageMarked) if e.sha256 == start.flash.sha256}
    up = [r["at"] for r in world if r["kind"] == "bmc-up" and r.get("version") in wanted]
    since = min((at for at in up if start.command.began < at < command.began), default=None)
    if since is None:
        return False
    between = (c for c in told.commands if start.command.index < c.index < command.index)
    return any(c.event.argv[1:] == ("mc", "info") and c.event.status == 0 and c.event.at > since for c in between)


def _raw_of(command: Command) -> tuple[int, ...]:
    return deeds.raw_bytes(command.event.where, command.event.argv)


def _took_back(told: Told, start: Start, command: Command) -> bool:
    """Was it told, before that command, that the flash was never begun?"""
    marks = [e for _, e in told.of(ImageMarked, command.index, start.command.index) if e.kind == start.kind]
    return bool(marks) and marks[0].stage == "not-begun"


def _was_written(world: Sequence[Record], start: Start, command: Command) -> bool:
    return any(
        r["kind"] == "flash-started" and r.get("chip") == start.kind and start.command.began <= r["at"] <= command.began
        for r in world
    )


def _unproved(told: Told, world: Sequence[Record], command: Command) -> Start | None:
    """The flash that was begun before this command and is not known to have ended well."""
    for start in told.starts:
        if start.command.index > command.index or start.command.event.status not in (0, None):
            continue
        if _took_back(told, start, command) and not _was_written(world, start, command):
            continue
        later = [s for s in told.starts if start.command.index < s.command.index < command.index]
        if any(s.kind == start.kind for s in later):
            continue  # written again: that one counts
        if _by_the_bmc(start):
            if start.command.event.status != 0:
                return start
            continue  # SUM and racadm end once it is written
        if _was_read(told, world, start, command):
            continue
        end = told.tool_end(start)
        if end is None or end.index > command.index or end.event.status != 0:
            return start
        if start.flash.by_hpm and not _bmc_agrees(told, end, command):
            return start
    return None

"""What the journal so far says: how far each flash came, when what was restarted last, what was known of the server.

Pure: events in, observations out. It is the only witness of what stood in a bank before anybody looked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast

from fwsim import bank
from fwsim.boards import Board
from fwsim.context import Context
from fwsim.events import CommandRan, Event, Fact, ImageMarked, Intent, RunEnded, RunStarted, StepEnded, StepStarted
from fwsim.findings import LOGIN
from fwsim.steps.stillness import HEARD
from fwsim.tools import console, sum
from fwsim.tools.ipmitool import lan, sel
from recovery.notes import Notes

JOURNAL = "journal"
LAST_LOOK = f"{JOURNAL}: the run's own last look"
RESTARTS = {  # target -> how the intents begin that restart it
    "bmc": ("reset", "activate", "racreset", "roll"),
    "host": ("reboot", "power", "reset", "switch the PDU"),
}
ALL_POWER = "switch the PDU"  # the BMC's, too
BACKUP = "backup"
UPDATES = {"UpdateBios", "UpdateBmc"}  # SUM's commands that write
NO_LICENCE = 80
CHASSIS_STATUS = (0x00, 0x01)
BMC_SILENT = (("bmc.answers", "no"), ("kcs", "silent"), ("host.login", "in"), ("host.answers", "yes"))
SILENT = {  # what a step of that name waited for in vain
    "wait": (("host.answers", "no"), ("host.login", "silent")),
    "canary": (("host.answers", "no"), ("host.login", "silent")),
}
OBSERVED = "observed."  # facts of that name: what was seen between the repairs of a run
STOPPED_AT = "host.stopped-at"  # the fact: what the console asked for
ASKED = {"F1": "f1-stop", "disk passphrase": "disk-passphrase"}
UNRESTORED = (
    ("users", r"\buser\b|\busers\b|password"),
    ("nic-names", r"^the port .* is called"),
    ("boot-order", r"boot order"),
    ("settings", r"BIOS setting|boot flags"),
    ("lan", r"\bLAN\b"),
)  # how the steps word what they could not put back


@dataclass(frozen=True)
class Past:
    """What later looks compare with. Texts are "" where nothing is known. Times are seconds since the run began."""

    lan: lan.LanConfig | None = None
    lan_mode: str = ""
    users: str = ""
    last_event: int | None = None  # the number of the event log's last record at the time of the backup
    restarted_bmc: float | None = None
    restarted_host: float | None = None
    heard_bmc: float | None = None  # when it last answered
    heard_host: float | None = None


def remember(context: Context, events: Sequence[Event]) -> Past:
    """From the journal, and from the backup in the run's directory."""
    kept = _backup(context.run_dir / BACKUP)
    shown, log = kept.get("lan-print"), kept.get("sel")
    channel = context.found.channel or context.board.bmc.channels[0]
    records = sel.parse(log) if log is not None else None
    return Past(
        lan=lan.parse(shown, channel) if shown else None,
        lan_mode=kept.get("lan-mode", ""),
        users=kept.get("user-list", ""),
        last_event=None if records is None else max((r.id for r in records), default=0),
        restarted_bmc=_last(events, "bmc"),
        restarted_host=_last(events, "host"),
        heard_bmc=_heard_last(events, _by_bmc),
        heard_host=_heard_last(events, lambda ran: ran.where == "host" and ran.status is not None),
    )


def look(notes: Notes, events: Sequence[Event], past: Past) -> None:
    """Every observation that the journal allows, and what the plan says of a way in."""
    notes.saw("pdu", "present" if getattr(notes.context.plan, "pdu", None) else "none", "plan")
    if not events:
        notes.cannot("run.ending", "there was no run", JOURNAL)
        return
    last = _ending(events) or events[-1]
    notes.saw("run.ending", last.ending if isinstance(last, RunEnded) else "open", JOURNAL, at=last.at)
    step = next((e for e in reversed(events) if isinstance(e, StepStarted)), None)
    if step is not None:
        notes.saw("run.stopped-in", step.step, JOURNAL, at=step.at)
    for kind in ("bmc", "bios"):
        proved = bank.last(notes.context.job, notes.context.found, kind)
        kept_back = kind == "bmc" and proved == "whole" and _unsent(events)
        notes.saw(f"bank.{kind}", "awaits-restart" if kept_back else proved, JOURNAL, at=last.at)
    _ages(notes, past)
    _writes(notes)
    if refused := _refused_by(events):
        notes.saw("tool.refused", refused, JOURNAL, at=last.at)
    for item in notes.context.found.unrestored:
        notes.saw("unrestored", _kind_of(item), f"{JOURNAL}: {item}", at=last.at)
    _console(notes, [e for e in events if isinstance(e, Fact) and e.at >= (past.restarted_host or 0.0)])


def look_last(notes: Notes, events: Sequence[Event]) -> None:
    """How the run's own last login ended, where none was tried now."""
    heard = [e for e in events if isinstance(e, Fact) and e.key == LOGIN and e.value in ("in", "refused")]
    if notes.value("bmc.login") is None and heard and heard[-1].value == "refused":
        notes.saw("bmc.login", "refused", JOURNAL, at=heard[-1].at)


def _ending(events: Sequence[Event]) -> Event | None:
    """The end of the run, unless it was gone on with after that. Looks come behind it."""
    return next((e for e in reversed(events) if isinstance(e, RunEnded | RunStarted)), None)


def last_words(notes: Notes, events: Sequence[Event]) -> None:
    """What the run itself saw as it ended, where nobody can look any more."""
    ended = next((e for e in reversed(events) if isinstance(e, StepEnded) and e.outcome == "needs-hands"), None)
    step = next((e for e in reversed(events) if ended and isinstance(e, StepStarted) and e.step == ended.step), None)
    looked = _last_look(events)
    for event in events:
        if isinstance(event, Fact) and event.key.startswith(OBSERVED) and event.step == looked:
            notes.saw(event.key.removeprefix(OBSERVED), event.value, LAST_LOOK, at=event.at)
    if step is None or ended is None or notes.value("run.ending") == "updated":
        return
    if any(o.source == LAST_LOOK and o.at > ended.at for o in notes.kept):
        return  # what was seen since then stands; a repair may have changed it
    for key, value in BMC_SILENT if ended.step == "bmc-wait" else SILENT.get(ended.step.rpartition("-")[2], ()):
        notes.saw(key, value, JOURNAL, at=ended.at)
    for event in events:
        if isinstance(event, CommandRan) and event.where == "bmc" and event.step == step.step:
            _answered(notes, event)


def _last_look(events: Sequence[Event]) -> str:
    """The step in which a repair looked last; none where the run ended well after it."""
    looks = [e.step for e in events if isinstance(e, Fact) and e.key.startswith(OBSERVED)]
    last = _ending(events)
    return looks[-1] if looks and not (isinstance(last, RunEnded) and last.ending == "updated") else ""


def _answered(notes: Notes, event: CommandRan) -> None:
    """What the BMC said of the host then, or that it said nothing."""
    if event.status is None:
        notes.saw("bmc.answers", "no", JOURNAL, at=event.at)
    if not event.stdout:
        return
    data, post_code = bytes.fromhex(event.stdout), notes.context.board.bmc.post_code
    if event.argv == _words(CHASSIS_STATUS):
        notes.saw("power", "on" if data[0] & 1 else "off", JOURNAL, at=event.at)
    elif post_code is not None and event.argv == _words(post_code):
        notes.saw("post.code", f"{data[-1]:02X}", f"{JOURNAL}; it can lie", at=event.at)
    else:
        return
    notes.saw("bmc.login", "in", JOURNAL, at=event.at)
    notes.saw("bmc.answers", "steady", JOURNAL, at=event.at)


def _words(request: Sequence[int]) -> tuple[str, ...]:
    return ("raw", *(f"{byte:#04x}" for byte in request))


def _unsent(events: Sequence[Event]) -> bool:
    """Was the BMC about to be restarted, and the step that should have asked for it failed? It has not heard, then."""
    marks = [n for n, e in enumerate(events) if isinstance(e, ImageMarked) and e.kind == "bmc"]
    if not marks or cast(ImageMarked, events[marks[-1]]).stage != "restarting":
        return False
    ended = next((e for e in events[marks[-1] :] if isinstance(e, StepEnded)), None)
    return ended is not None and ended.outcome == "failed"


def _ages(notes: Notes, past: Past) -> None:
    deadlines = notes.context.board.deadlines
    flashed_bios = any(image.kind == "bios" for image in notes.context.found.restarting)
    host_s = max(deadlines.host_boot_s, deadlines.bios_s if flashed_bios else 0)
    rows = (
        ("bmc.age", (past.restarted_bmc, past.heard_bmc), deadlines.bmc_boot_s),
        ("host.age", (past.restarted_host, past.heard_host), host_s),
    )
    for key, moments, needs_s in rows:
        since = max((at for at in moments if at is not None), default=None)
        if since is None:
            notes.cannot(key, "the journal knows of no restart and no answer", JOURNAL)
        else:
            notes.saw(key, "starting" if notes.context.now() - since < needs_s else "overdue", JOURNAL)


def _writes(notes: Notes) -> None:
    """A BIOS that was handed to the BMC, which writes it by itself, and of whose end nobody has heard."""
    since = notes.context.found.bmc_writes_since
    if since is None:
        notes.saw("bmc.writes", "nothing", JOURNAL)
    else:
        over = notes.context.now() - since >= written_within_s(notes.context.board)
        notes.saw("bmc.writes", "overdue" if over else "running", JOURNAL)


def written_within_s(board: Board) -> float:
    """The longest that the BMC of such a board takes to write a BIOS by itself."""
    return board.deadlines.bios_flash_s + board.deadlines.bios_apply_s


def _console(notes: Notes, facts: Sequence[Fact]) -> None:
    """What it showed last since that start: where something came after a question, that has been answered."""
    last: tuple[str, float] | None = None
    for fact in facts:
        if fact.key == STOPPED_AT and fact.value in ASKED:
            last = ASKED[fact.value], fact.at
        elif fact.key == HEARD:
            shown = console.read(fact.value)
            if shown.state != "silent" and (last is None or shown.state != "unknown"):
                last = shown.state, fact.at
            if shown.posts:
                notes.saw("posts", "many" if shown.posts > 2 else "one", JOURNAL, at=fact.at)
    if last is not None:
        notes.saw("console.before", last[0], JOURNAL, at=last[1])


def _kind_of(item: str) -> str:
    return next((kind for kind, words in UNRESTORED if re.search(words, item)), "other")


def _by_bmc(ran: CommandRan) -> bool:
    """Did the BMC answer, in band or over LAN?"""
    return ran.status is not None and (ran.where == "bmc" or (ran.argv[:1] == ("ipmitool",) and ran.status == 0))


def _heard_last(events: Sequence[Event], counts: Callable[[CommandRan], bool]) -> float | None:
    return max((e.at for e in events if isinstance(e, CommandRan) and counts(e)), default=None)


def _refused_by(events: Sequence[Event]) -> str:
    """Why the vendor's tool wrote nothing, by its exit status; "" where it did."""
    ran = [e for e in events if isinstance(e, CommandRan) and UPDATES & set(e.argv) and e.status is not None]
    status = ran[-1].status if ran else 0
    return "driver" if status in sum.DRIVER_REFUSED else "licence" if status == NO_LICENCE else ""


def _last(events: Sequence[Event], part: Literal["bmc", "host"]) -> float | None:
    """When it was last about to be restarted."""
    intents = [e for e in events if isinstance(e, Intent)]
    found = [e.at for e in intents if e.target == part and e.action.startswith(RESTARTS[part])]
    found += [e.at for e in intents if e.action.startswith(ALL_POWER)]
    found += [e.at for e in events if isinstance(e, ImageMarked) and e.kind == part and e.stage == "restarting"]
    return max(found, default=None)


def _backup(folder: Path) -> dict[str, str]:
    return {path.stem: path.read_text("utf-8") for path in sorted(folder.glob("*.txt"))}

"""Recovery with a technician, for rehearsals: after all repairs, hands on the server follow the printed ticket.

The technician gets the ticket's text and nothing else. The administrator has the ticket as it was made, the engine's
doors, and the repairs, each run in the run's own journal. After the visit the run is gone on with, and looks at
everything itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace

from emulators.hands import Hands, Seen
from fwsim.aftermath import Aftermath, Recover
from fwsim.context import Context
from fwsim.doors import DoorError
from fwsim.events import Fact, RunEnded
from fwsim.outcomes import Result, Stop, done, warned
from fwsim.plan import Kind, Plan
from fwsim.steps import Step, guard
from recovery import handover, loop, observation, technician_transcript, unattended, visits
from recovery.administrator import OF_NOTHING, Administrator
from recovery.loop import OUTCOME, TICKET, TRANSCRIPT, VISITED, Way
from recovery.render import data, text
from recovery.repair import REPAIRS, STAGE
from recovery.technician import Bag, Report, Technician
from recovery.technician_report import observed
from recovery.ticket import Ticket

VISITS = 4  # to one server in one run; more need somebody who thinks
REPLACED = "board-replacement"
IDENTIFY = (0x00, 0x04)
LIGHT_ON, LIGHT_OFF = b"\x00\x01", b"\x00\x00"  # chassis identify (IPMI 2.0 section 28.5)
SLOTS = {"usb-bios-recovery": "usb", "idrac-sd-recovery": "sd"}

Rewrite = Callable[[str], str]


class Beside:
    """The hands of a virtual server in this process."""

    def __init__(self, hands: Hands) -> None:
        self._hands = hands

    async def do(self, act: str, **parameters: object) -> Seen:
        return self._hands.do(act, **parameters)


@dataclass(frozen=True)
class Attendance:
    """Who comes. `rewrite`: what becomes of the printed text on its way to the technician, for proofs."""

    hands: Hands
    error_rate: float = 0.0
    seed: int = 0
    rewrite: Rewrite = str
    heard: Callable[[Report, Administrator], None] | None = None


def recover(attended: Attendance) -> Recover:
    """What goes on with a run that has ended: repairs, then a visit for each ticket, then the run again."""

    async def go_on(after: Aftermath) -> RunEnded:
        ended = await _recovered(after, after.ended)
        for _ in range(VISITS):
            name = _handed_over(after)
            if ended.ending != "needs-hands" or name is None:
                return ended
            report, last = await visit(after, name, attended)
            after.emit(Fact(after.doors.clock.now(), "hand-over", OUTCOME, f"{report.ended}: {report.why}"))
            if name == REPLACED:
                return _stays(after, ended, report, "set the new board up from the backup, and begin a new run")
            if report.ended == "done" and name not in OF_NOTHING:
                ended = await after.make(None).run()
            elif report.step < last:
                return _stays(after, ended, report)
            ended = await _recovered(after, ended, observed(report) if name in OF_NOTHING else "")
        return ended

    return go_on


async def _recovered(after: Aftermath, ended: RunEnded, reported: str = "") -> RunEnded:
    """Every repair that nobody has to go there for; `reported`: what the technician saw."""
    seen = observation.reported(reported, after.doors.clock.now(), "technician")
    return await loop.recover(replace(after, ended=ended), Way(unattended.yes, handover.writer(), seen))


def _handed_over(after: Aftermath) -> str | None:
    """The procedure of the last ticket that nobody has been sent for."""
    facts = [event for event in after.events if isinstance(event, Fact) and event.key in (TICKET, VISITED)]
    return facts[-1].value if facts and facts[-1].key == TICKET else None


def _stays(after: Aftermath, ended: RunEnded, report: Report, remedy: str = "") -> RunEnded:
    said = f"{ended.message}; the visit ended at step {report.step}: {report.why}"
    last = replace(ended, at=after.doors.clock.now(), message=said, remedy=remedy or ended.remedy)
    after.emit(last)
    return last


async def visit(after: Aftermath, name: str, attended: Attendance) -> tuple[Report, int]:
    """One visit with the ticket of that procedure, as it lies in the run's folder. With it, its last step's number."""
    folder = after.job.folder
    assert folder is not None
    made = data.read((folder / handover.FOLDER / f"{name}.json").read_text("utf-8"))
    printed = (folder / handover.FOLDER / f"{name}.txt").read_text("utf-8")
    after.emit(Fact(after.doors.clock.now(), "hand-over", VISITED, name))
    await _identify(after, made, LIGHT_ON)
    administrator = Administrator(made, after.doors, _repairs(after), may_release=_release(after, made))
    bag = Bag(_media(after.job.plan, made), _part(made))
    technician = Technician(
        attended.rewrite(printed), Beside(attended.hands), administrator, bag,
        error_rate=attended.error_rate, seed=attended.seed,
    )  # fmt: skip
    began_s = after.doors.clock.now()
    report = await technician.visit()
    await _identify(after, made, LIGHT_OFF)
    number = sum(isinstance(event, Fact) and event.key == VISITED for event in after.events)
    written = technician_transcript.write(folder, number, made, report, began_s)
    after.emit(Fact(after.doors.clock.now(), "hand-over", TRANSCRIPT, written))
    if attended.heard is not None:
        attended.heard(report, administrator)
    return report, len(made.steps)


async def _identify(after: Aftermath, made: Ticket, light: bytes) -> None:
    """The light by which the server is found, where its BMC lives. Where it does not answer, a step shows that."""
    if not made.identify:
        return

    async def act(context: Context) -> Result:
        try:
            await context.lan(*IDENTIFY, light)
        except DoorError as error:
            return warned(f"its identify light cannot be switched: {error}", "the technician goes by the labels")
        return done("switched")

    await after.make((Step("visit-light", STAGE, "Switch the identify light", act),)).take()


def paper(made: Ticket) -> str:
    """The text that a technician gets of that ticket."""
    return text.render(made)


# -- the administrator's own


def _repairs(after: Aftermath) -> Callable[[str], Awaitable[bool]]:
    """Each by its name, as a step of the engine in the run's own journal."""
    times: dict[str, int] = {}

    async def repair(name: str) -> bool:
        row = REPAIRS.get(name)
        if row is None:
            return False
        times[name] = times.get(name, 10) + 1  # numbers that the loop's own attempts do not have
        stop: Stop | None = await after.make((row.step(times[name]),)).take()
        return stop is None

    return repair


def _release(after: Aftermath, made: Ticket) -> Callable[[], Awaitable[bool]]:
    """Is nothing being flashed where the ticket takes power? A host that answers can be asked."""

    async def released() -> bool:
        if not made.takes_power or not await after.doors.host.answers():
            return True

        async def look(context: Context) -> Result:
            await guard.may_restart(context, "let anybody take the server's power")
            return done("nothing is being flashed")

        step = Step("visit-release", STAGE, "May its power be taken?", look)
        return await after.make((step,)).take() is None

    return released


def _media(plan: Plan, made: Ticket) -> Mapping[str, Mapping[str, bytes]]:
    """The stick or card that was sent along: the plan's image under the name that the ticket has."""
    slot = SLOTS.get(made.procedure)
    if slot is None:
        return {}
    kind: Kind = visits.WRITES[made.procedure]
    _, sha256 = visits.image(plan, made.procedure)
    files = [(one.file, one.sha256) for one in plan.fallback if one.kind == kind]
    files += [(one.file, one.sha256) for one in plan.payloads if one.kind == kind]
    path = next((file for file, digest in files if digest == sha256), None)
    wanted = next((word for tool in made.tools for word in tool.split() if word.startswith(("SUPER", "firmimg"))), "")
    return {} if path is None else {slot: {wanted.strip(".,;"): path.read_bytes()}}


def _part(made: Ticket) -> str:
    """The part number of the spare board in stock: the one that was asked for."""
    words = next((tool for tool in made.tools if tool.startswith("Spare system board ")), "")
    return words.removeprefix("Spare system board ").partition(",")[0]

"""A technician who follows a printed ticket to the letter: reads its text, has hands and a telephone, knows no more.

Every sentence is looked up in the phrasebook; one that is not there ends the visit with a call. What a step says is to
be seen is checked; where it is not so, IF NOT is followed, and without one the technician stops and calls. `error_rate`
makes slips: a step skipped, a hold cut short, one cable forgotten, the wrong port. The work takes time on the server's
own clock.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, cast

from recovery import page as paper
from recovery import technician_book as book
from recovery import technician_eyes as eyes
from recovery.technician_book import Deed, Instruction
from recovery.telephone import About, Call, Phone, told

Ended = Literal["done", "stopped"]
CALLS = 4  # tries to reach somebody before going home
AGAIN_S = 600.0  # between them, where the ticket does not say
SHORT = 0.2  # of the time that the ticket wants, where patience slips
DONE = "done"  # the word of whoever takes the report
LOOPS = 60  # steps of a visit: a ticket that leads in circles ends too
NUMBERS_DIFFER = "the steps are not numbered 1, 2, 3: a part of the ticket is missing"


class Seen(Protocol):
    @property
    def ok(self) -> bool: ...
    @property
    def text(self) -> str: ...


class Hands(Protocol):
    """As emulators.hands has them: acts by name."""

    async def do(self, act: str, **parameters: object) -> Seen: ...


class Browser(Protocol):
    """A browser on a laptop. What its page shows after that, or None where it shows an error."""

    async def browse(self, act: str, given: Mapping[str, str | float]) -> str | None: ...


@dataclass(frozen=True)
class Bag:
    """What was sent along: the files of stick and card by their slot, the spare board's part number."""

    media: Mapping[str, Mapping[str, bytes]] = field(default_factory=dict)
    spare_board: str = ""
    browser: Browser | None = None


@dataclass(frozen=True)
class Report:
    """How a visit ended. `log`: what was done and seen, line by line. `slips`: what went wrong by hand."""

    ended: Ended
    why: str
    step: int
    minutes: float
    log: tuple[str, ...]
    slips: tuple[str, ...] = ()
    seen: Mapping[str, str] = field(default_factory=dict)
    screen: str = ""  # the last photo of it


class _Stop(Exception):
    """The visit ends here."""


@dataclass
class Slips:
    """Whether the hand slips now, and how."""

    rate: float
    random: random.Random
    made: list[str] = field(default_factory=list)

    def happens(self, what: str) -> bool:
        if self.random.random() >= self.rate:
            return False
        self.made.append(what)
        return True


class Technician:
    """One visit. `error_rate`: the chance of a slip at each deed that can slip; `seed` repeats them."""

    def __init__(
        self, text: str, hands: Hands, phone: Phone, bag: Bag | None = None, *, error_rate: float = 0.0, seed: int = 0
    ) -> None:
        self._page = paper.read(text)
        self._hands, self._phone, self._bag = hands, phone, bag or Bag()
        self._slips = Slips(error_rate, random.Random(f"technician {seed}"))
        self._log: list[str] = []
        self._step = 0
        self._spent_s = 0.0
        self._screen = ""
        self._results: list[str] = []  # the steps that were done, and were as the ticket says
        self._notes = eyes.Notes(self._look, self._page.facts)

    async def visit(self) -> Report:
        """Follow the ticket to its end, or to where it says stop."""
        ended: Ended = "stopped"
        try:
            await self._follow()
            if self._notes.heard != DONE:
                await self._calls_for_help("the ticket ends, and nobody has taken the report")
            ended, why = "done", "the report was taken"
        except _Stop as stop:
            why = str(stop)
        seen = await self._surroundings()
        minutes = self._spent_s / 60
        return Report(ended, why, self._step, minutes, tuple(self._log), tuple(self._slips.made), seen, self._screen)

    # -- the way through the ticket

    async def _follow(self) -> None:
        steps = self._page.steps
        if [step.number for step in steps] != list(range(1, len(steps) + 1)) or self._page.stray:
            await self._calls_for_help(NUMBERS_DIFFER)
        number: int | None = 1
        for _ in range(LOOPS):
            if number is None or not 1 <= number <= len(steps):
                return
            self._step = number
            number = await self._take(steps[number - 1])
        await self._calls_for_help("the steps lead in a circle")

    async def _take(self, step: paper.Step) -> int | None:
        """Do that step. The number of the next one, None after the last."""
        instruction = book.read(step.text)
        if instruction is None or not eyes.understood(step.see):
            await self._calls_for_help(f"step {step.number} cannot be understood: {step.text} SEE: {step.see}")
        assert instruction is not None
        if not step.hold and self._slips.happens(f"step {step.number} was skipped"):
            return self._next(step)
        tries = 0
        while not await self._tried(step, instruction):
            tries += 1
            await self._if_not(step, tries)
        self._results.append(step.text)
        return self._next(step)

    def _next(self, step: paper.Step) -> int | None:
        """After the last step nothing; THEN names one; what was heard names one; branches are passed by."""
        if step.hold and (named := re.fullmatch(r"step (\d+)", self._notes.heard or "")):
            return int(named[1])
        if gone := re.fullmatch(r"Go to step (\d+)\.", step.then):
            return int(gone[1])
        following = step.number + 1
        for later in self._page.steps[step.number :]:
            branch = re.match(r"Do (?:step (\d+)|steps (\d+) to (\d+)) only if", later.branch)
            if later.number != following or branch is None:
                break
            following = int(branch[3] or branch[1]) + 1
        return following if following <= len(self._page.steps) else None

    async def _tried(self, step: paper.Step, instruction: Instruction) -> bool:
        """Do it once, and look. Is it as the ticket says?"""
        notes = self._notes
        notes.done, notes.same, notes.heard, notes.photo, notes.note, notes.page = True, None, None, "", "", ""
        notes.elapsed_s = 0.0
        await self._perform(step, instruction)
        so = await eyes.is_so(step.see, notes)
        self._log.append(f"{step.number}. {step.text} SEE: {step.see} {'yes' if so and notes.done else 'NO'}")
        return bool(so) and notes.done

    async def _if_not(self, step: paper.Step, tries: int) -> None:
        """What the ticket says for the other case: it is tried once more, somebody is called again, or all stops."""
        wanted = step.if_not
        again = re.fullmatch(r"Do step \d+ again one time(?: after (?P<n>\d+) min)?\. Then call.*\.", wanted)
        if again and tries == 1:
            await self._wait(float(again["n"] or 0) * 60)
            return
        calls = re.search(r"Call (?:\S+ )*?again after (?P<n>\d+) min\.", wanted)
        if calls and tries < CALLS:
            await self._wait(float(calls["n"]) * 60)
            return
        await self._calls_for_help(f"step {step.number}: {step.see} is not so")

    async def _calls_for_help(self, problem: str) -> None:
        """Tell it, and go no further: a ticket that has to be bent is written anew."""
        await self._ask(Call("problem", self._step, problem, seen=await self._surroundings(), left_over=self._held()))
        raise _Stop(problem)

    # -- a step's deeds

    async def _perform(self, step: paper.Step, instruction: Instruction) -> None:
        if instruction.wait_s:
            await self._wait(self._patience(instruction.wait_s))
        if instruction.only_if is not None:
            name, on = instruction.only_if
            if ((await self._look(eyes.led(name)) or "off") != "off") is not on:
                return
        deeds = list(instruction.deeds)
        if len(deeds) > 1 and self._slips.happens(f"step {step.number}: the last of {len(deeds)} was forgotten"):
            deeds.pop()
        for deed in deeds:
            await self._do(deed, step)

    async def _do(self, deed: Deed, step: paper.Step) -> None:
        match deed.kind:
            case "wait":
                await self._wait(self._patience(float(deed.given["seconds"])))
            case "hands":
                await self._use_hands(deed)
            case "look":
                seen = await self._look(self._at(deed))
                self._notes.done &= seen is not None
            case "note":
                self._notes.note = await self._look(self._at(deed)) or ""
                self._log.append(f"note of step {step.number}: {self._at(deed)} {self._notes.note or '?'}")
            case "photo":
                self._notes.photo = await self._look(deed.act) or ""
                self._screen = self._notes.photo if deed.act == "screen" else self._screen
            case "compare":
                self._notes.same = await self._compare(deed)
            case "call":
                await self._telephone(deed, step)
            case "browse":
                await self._browse(deed)
        await self._wait(deed.takes_s, counted=False)

    @staticmethod
    def _at(deed: Deed) -> str:
        name = str(deed.given.get("at", ""))
        return {"led": eyes.led(name), "port": f"port:{name}"}.get(deed.act, deed.act)

    async def _use_hands(self, deed: Deed) -> None:
        given: dict[str, object] = dict(deed.given)
        if "seconds" in given:
            given["seconds"] = held_s = self._patience(float(deed.given["seconds"]))
            self._spent_s += held_s
            self._notes.elapsed_s += held_s
        for name in ("port", "to"):
            if deed.act in ("move-cable", "connect-cable") and given.get(name):
                given[name] = self._port(str(given[name]))
        if deed.act == "insert-media":
            given["files"] = self._bag.media.get(str(given["slot"]), {})
        seen = await self._hands.do(deed.act, **given)
        self._log.append(f"   {deed.act}: {seen.text}")
        self._notes.done &= seen.ok
        if deed.act == "remove-battery" and seen.ok:
            self._notes.holding.add("the battery")
        if deed.act == "install-battery" and seen.ok:
            self._notes.holding.discard("the battery")

    def _port(self, wanted: str) -> str:
        """The port that the ticket names; by a slip the one beside it."""
        rear = [name.strip() for name in self._page.facts.get("Rear", "").removesuffix("(sketch)").split(",")]
        others = [name for name in rear if name != wanted and re.fullmatch(r"LAN\d|Gb\d|IPMI|iDRAC", name)]
        if others and self._slips.happens(f"the wrong port instead of {wanted}"):
            return self._slips.random.choice(others)
        return wanted

    def _patience(self, seconds: float) -> float:
        """By a slip a hold or a wait is cut short, and the watch shows it to whoever looks at it."""
        return seconds * SHORT if seconds > 1 and self._slips.happens(f"{seconds:g} s were cut short") else seconds

    async def _compare(self, deed: Deed) -> bool:
        match deed.act:
            case "serial":
                return await self._look("label:serial") == deed.given["value"]
            case "part":
                return self._bag.spare_board == deed.given["value"]
            case "sha256":
                printed = re.search(r"SHA-256 ([0-9a-f]{64})", self._page.text)
                files = [d for slot in self._bag.media.values() for n, d in slot.items() if n == deed.given["file"]]
                return printed is not None and [hashlib.sha256(d).hexdigest() for d in files] == [printed[1]]
            case _:
                return bool(await self._on_page(deed) == deed.given["value"])

    # -- telephone and browser

    async def _telephone(self, deed: Deed, step: paper.Step) -> None:
        asks, seen = cast(About, deed.act), await self._surroundings()
        word = str(deed.given.get("word", ""))
        call = Call(asks, step.number, step.text, word, seen, self._held(), tuple(self._results))
        self._notes.heard = await self._ask(call)
        if asks == "account" and self._notes.heard and self._bag.browser is not None:
            self._notes.page = await self._bag.browser.browse("login", {"account": self._notes.heard}) or ""

    async def _ask(self, call: Call) -> str | None:
        answer = await self._phone.call(call)
        said = f" ({call.text})" if call.asks == "problem" else ""
        self._log.append(f"   call, {call.asks}{said}: {told(call, answer)}")
        return answer

    def _held(self) -> tuple[str, ...]:
        return tuple(sorted(self._notes.holding))

    async def _browse(self, deed: Deed) -> None:
        if deed.act == "plug-in":
            seen = await self._hands.do("connect-cable", cable=deed.given["cable"], port=deed.given["port"])
            self._notes.done &= seen.ok
        self._notes.page = await self._on_page(deed) or ""

    async def _on_page(self, deed: Deed) -> str | None:
        if self._bag.browser is None:
            return None
        return await self._bag.browser.browse(deed.act, deed.given)

    # -- eyes and watch

    async def _look(self, at: str) -> str | None:
        seen = await self._hands.do("look", at=at)
        return seen.text if seen.ok else None

    async def _surroundings(self) -> dict[str, str]:
        """Everything that can be seen, by its name: what a report tells."""
        lines = (await self._look("everything") or "").splitlines()
        return dict(line.partition(": ")[::2] for line in lines if re.match(r"[a-z]+(:\S+)?: ", line))

    async def _wait(self, seconds: float, *, counted: bool = True) -> None:
        """`counted`: by the watch, as what the step asks for."""
        if seconds > 0:
            await self._hands.do("wait", seconds=seconds)
            self._spent_s += seconds
            self._notes.elapsed_s += seconds if counted else 0.0


def sentences(text: str) -> Sequence[str]:
    """Those of that ticket which the technician does not understand, instructions and SEE alike."""
    steps = paper.read(text).steps
    unknown = [step.text for step in steps if book.read(step.text) is None]
    return [*unknown, *(step.see for step in steps if not eyes.understood(step.see))]

"""The administrator at the other end of a visit's telephone: acts through the engine's doors alone, and answers.

Knows the ticket as it was made, what each call is for, and which repairs go with it. Releases a step only while what it
needs is so; says "done" only where the BMC answers at its address, the host is up, and what the technician reports is
as a server ought to be left. Anything else is silence, and silence means no.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from fwsim.doors import DoorError, Doors
from recovery.telephone import Call, told
from recovery.ticket import Ticket, TicketStep

Repairs = Callable[[str], Awaitable[bool]]
"""Runs the repair of that name in the run's own journal. False where it did not help."""
UP_S, POLL_S = 1200.0, 15.0
STEADY, SETTLES = 3, 8
OF_THE_BMC = ("dedicated-port", "bmc-reset-button", "idrac-sd-recovery")  # a host that was down before may stay so
OF_NOTHING = ("look-and-report",)  # what was seen is all that is wanted
TIDY = {"part:rails": "in the rack", "part:cover": "closed", "part:sled": "in", "part:usb": "empty", "part:sd": "empty"}
"""How a server is left; what a technician does not see is not asked for."""


async def no_page() -> bool:
    """There are no web pages to reach."""
    return False


@dataclass
class Administrator:
    """One visit's. `writes_bios`: through the BMC's web page, with the image that the ticket is for. `may_release`: is
    nothing being flashed, and no bank in doubt? `account`: read out for a visit at the browser, and never written."""

    ticket: Ticket
    doors: Doors
    repair: Repairs
    writes_bios: Callable[[], Awaitable[bool]] = no_page
    may_release: Callable[[], Awaitable[bool]] | None = None
    account: str = ""
    said: list[str] = field(default_factory=list)
    _repaired: set[str] = field(default_factory=set)
    _branches: list[str] = field(default_factory=list)
    _host_was_up: bool | None = None

    async def call(self, call: Call) -> str | None:
        """Answer the telephone."""
        try:
            if self._host_was_up is None:
                self._host_was_up = await self.doors.host.answers()
            answer = await self._answer(call)
        except DoorError as error:
            self.said.append(f"step {call.step}: {error}")
            answer = None
        self.said.append(f"step {call.step}, {call.asks}: {told(call, answer)}")
        return answer

    async def _answer(self, call: Call) -> str | None:
        match call.asks:
            case "word":
                return call.word if await self._granted(call) else None
            case "step":
                return await self._next_step(call)
            case "account":
                return self.account or None
            case "report":
                return "done" if await self._well(call) else None
            case "problem":
                return None

    def _step(self, call: Call) -> TicketStep | None:
        """The step of the ticket that was made; a page that has been changed may have others, or other numbers."""
        same = [step for step in self.ticket.steps if step.text == call.text]
        return next((step for step in same if step.number == call.step), same[0] if same else None)

    # -- words

    async def _granted(self, call: Call) -> bool:
        step = self._step(call)
        if call.word == "written":
            await self._settles()
            return await self.writes_bios() or (step is not None and await self._all(step.repairs))
        if step is not None and step.branch == "forced-shared":
            return await self._reached() and await self._all(step.repairs[-1:])  # the port is the last of them
        if not self._is_theirs(call):
            return False
        return self.may_release is None or await self.may_release()

    def _is_theirs(self, call: Call) -> bool:
        """Is the technician at the right server? The serial number is what was reported of it."""
        return call.seen.get("label:serial") == self.ticket.serial

    # -- which way to go on

    async def _next_step(self, call: Call) -> str | None:
        """Where the BMC is heard the work is nearly over; else one branch after the other."""
        step = self._step(call)
        allowed = re.findall(r"step (\d+)", step.see if step is not None else "")
        steps = {str(one.number): one for one in self.ticket.steps}
        if await self._reached() and (step is None or await self._settled(step)):
            plain = [number for number in allowed if not steps[number].branch]
            return f"step {plain[0]}" if plain else None
        for number in allowed:
            branch = steps[number].branch
            if branch and branch not in self._branches:
                self._branches.append(branch)
                return f"step {number}"
        return None

    # -- the end

    async def _well(self, call: Call) -> bool:
        """Everything back? What can be repaired from here is, once, before the answer."""
        wrong = [f"{name} {call.seen[name]}" for name, tidy in TIDY.items() if call.seen.get(name, tidy) != tidy]
        wrong += [f"{name} off" for name, state in call.seen.items() if name.startswith("led:psu") and state == "off"]
        wrong += [f"left over: {thing}" for thing in call.left_over]
        if wrong or not self._is_theirs(call):
            self.said.append("; ".join(wrong) or "another server's serial number")
            return False
        if self.ticket.procedure in OF_NOTHING:
            return self._tells_all(call)
        if await self._all_answers():
            return True
        step = self._step(call)
        if step is not None:
            await self._run(step)
        return await self._all_answers()

    def _tells_all(self, call: Call) -> bool:
        """A look is worth what it tells: has the report a result of each step before it?"""
        asked = [step.text for step in self.ticket.steps if step.text != call.text]
        missing = [text for text in asked if text not in call.results]
        self.said += [f"nothing is reported of: {text}" for text in missing]
        return not missing

    async def _settled(self, step: TicketStep) -> bool:
        """What goes with this call has been done. Is the BMC at its address?"""
        for name in step.repairs:
            helped = await self.repair(name)
            self.said.append(f"{name}: {'helped' if helped else 'did not help'}")
        return await self._settles()

    async def _settles(self) -> bool:
        """Is the BMC at its address, or soon? A new link takes a while."""
        for _ in range(SETTLES):
            if await self._bmc_steady():
                return True
            await self.doors.clock.sleep(POLL_S)
        return False

    async def _all(self, names: tuple[str, ...]) -> bool:
        """Each of these repairs, and every one helped."""
        helped = [await self.repair(name) for name in names]
        self.said += [
            f"{name}: {'helped' if well else 'did not help'}" for name, well in zip(names, helped, strict=True)
        ]
        return bool(helped) and all(helped)

    async def _run(self, step: TicketStep) -> bool:
        """The repairs that go with this call, one after the other, until all is well. Is the BMC where it belongs?"""
        for name in step.repairs:
            if name in self._repaired and name != "find-at-lease":
                continue
            if await self._all_answers(patience_s=0):
                break
            helped = await self.repair(name)
            self.said.append(f"{name}: {'helped' if helped else 'did not help'}")
            if helped:
                self._repaired.add(name)
        return await self._bmc_steady()

    async def _reached(self) -> bool:
        """Does a BMC answer at its address, or may it be at a lease?"""
        return await self._bmc_steady() or await self.repair("find-at-lease")

    async def _bmc_steady(self) -> bool:
        for _ in range(STEADY):
            if not await self.doors.network.probe():
                return False
            await self.doors.clock.sleep(1.0)
        return True

    async def _all_answers(self, patience_s: float = UP_S) -> bool:
        """BMC and host, steadily; a host on its way up gets the time for it."""
        until = self.doors.clock.now() + patience_s
        while True:
            if await self._bmc_steady() and (not self._wants_host or await self._host_steady()):
                return True
            if self.doors.clock.now() >= until:
                return False
            await self.doors.clock.sleep(POLL_S)

    @property
    def _wants_host(self) -> bool:
        return bool(self._host_was_up) or self.ticket.procedure not in OF_THE_BMC

    async def _host_steady(self) -> bool:
        for _ in range(STEADY):
            if not await self.doors.host.answers():
                return False
            await self.doors.clock.sleep(1.0)
        return True

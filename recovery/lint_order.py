"""Rules about the order of a ticket's steps: what must come before what, and what must be put back.

The page is walked from its first step to its last, as a technician would who hears every branch.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from recovery.filling import SHORT, UNKNOWN
from recovery.lint_facts import supplies
from recovery.page import Page, Step

Found = Iterable[tuple[int, str]]
DRAIN_S = 30  # from the last cord to the pads
CHANGES = re.compile(
    r"^(?:Disconnect|Move|Pull|Slide|Remove|Install|Touch|Insert|Replace|Push the (?!plug)|Connect (?!the monitor\b))"
)
TOUCHES_BOARD = re.compile(r"battery|jumper|pads|system board with")
NAMES = re.compile(r"\bPSU\d+\b")


@dataclass
class State:
    """What stands open at one step of the walk. `broken`: (rule, line, why)."""

    supplies: set[str]
    off: set[str] = field(default_factory=set)
    sled_out: bool = False
    strap: bool = False
    slid_out: bool = False
    cover_off: bool = False
    battery_out: bool = False
    pins: list[str] = field(default_factory=list)
    cables_out: Counter[str] = field(default_factory=Counter)  # two whose labels nobody knows are two
    to_laptop: set[str] = field(default_factory=set)
    medium: str = ""
    drained_s: int = 0
    broken: list[tuple[str, int, str]] = field(default_factory=list)

    @property
    def dark(self) -> bool:
        """Is there no mains in the server?"""
        return self.sled_out or self.supplies <= self.off

    def break_(self, rule: str, step: Step, why: str) -> None:
        self.broken.append((rule, step.line, why))


def walk(page: Page) -> State:
    """The state at the end, with everything that was broken on the way."""
    state = State({*page.psus, *supplies(page)})
    for step in page.steps:
        for pattern, does in ACTS:
            if found := re.search(pattern, step.action):
                does(state, step, found)
                break
    return state


def _power_off(state: State, step: Step, _: re.Match[str]) -> None:
    state.off |= set(NAMES.findall(step.text))
    state.drained_s = 0
    if left := sorted(state.supplies - state.off):
        state.break_("P01", step, f"{', '.join(left)} keeps its power: a server has none when all its supplies are off")


def _power_on(state: State, step: Step, _: re.Match[str]) -> None:
    back = set(NAMES.findall(step.text))
    if back - state.off:
        state.break_("P05", step, f"{min(back - state.off)} is connected, and was not disconnected")
    if state.cover_off:
        state.break_("P06", step, "power comes back while the cover is off")
    state.off -= back


def _sled_out(state: State, step: Step, _: re.Match[str]) -> None:
    if state.sled_out:
        state.break_("P05", step, "the sled is out already")
    state.sled_out, state.drained_s = True, 0


def _sled_in(state: State, step: Step, _: re.Match[str]) -> None:
    if not state.sled_out:
        state.break_("P05", step, "the sled was not pulled")
    if state.cover_off:
        state.break_("P06", step, "the sled goes in while its cover is off")
    state.sled_out = False


def _strap(state: State, _: Step, __: re.Match[str]) -> None:
    state.strap = True


def _slide_out(state: State, step: Step, _: re.Match[str]) -> None:
    if not state.dark:
        state.break_("P01", step, "the server slides out before all power cables are disconnected")
    state.slid_out = True


def _slide_in(state: State, step: Step, _: re.Match[str]) -> None:
    if not state.slid_out:
        state.break_("P05", step, "the server was not slid out")
    if state.cover_off:
        state.break_("P06", step, "the server goes in while its cover is off")
    state.slid_out = False


def _cover_off(state: State, step: Step, _: re.Match[str]) -> None:
    left = sorted(state.supplies - state.off)
    if not state.dark:
        state.break_("P01", step, f"the cover comes off while {', '.join(left)} has power")
    if not state.strap:
        state.break_("P02", step, "the cover comes off before the ESD strap is on")
    if not (state.slid_out or state.sled_out):
        state.break_("P06", step, "the cover comes off while the server is in the rack")
    state.cover_off = True


def _cover_on(state: State, step: Step, _: re.Match[str]) -> None:
    if not state.cover_off:
        state.break_("P05", step, "the cover was not removed")
    if state.battery_out:
        state.break_("P06", step, "the cover goes on while the battery is out")
    state.cover_off = False


def _battery_out(state: State, step: Step, _: re.Match[str]) -> None:
    state.battery_out = True


def _battery_in(state: State, step: Step, _: re.Match[str]) -> None:
    if not state.battery_out:
        state.break_("P05", step, "the battery was not removed")
    state.battery_out = False


def _short(state: State, step: Step, found: re.Match[str]) -> None:
    if not state.dark:
        state.break_("P01", step, "the pads are touched while the server has power")
    if state.drained_s < DRAIN_S:
        state.break_("P07", step, f"expected a wait of at least {DRAIN_S} s between the power cables and the pads")
    if int(found[1]) < 4:
        state.break_("P07", step, "expected at least 4 s on the pads")


def _jumper(state: State, step: Step, found: re.Match[str]) -> None:
    if not state.dark:
        state.break_("P01", step, "the jumper is moved while the server has power")
    if state.pins and state.pins[-1] == found[1]:
        state.break_("P05", step, f"the jumper is on pins {found[1]} already")
    state.pins.append(found[1])


def _cables_off(state: State, step: Step, _: re.Match[str]) -> None:
    labels = _labels(step.text)
    state.cables_out.update(label for label in labels if label not in state.to_laptop)
    state.to_laptop.difference_update(labels)


def _cables_on(state: State, step: Step, _: re.Match[str]) -> None:
    labels = _labels(step.text)
    state.cables_out -= Counter(labels)
    if step.text.endswith(" to the laptop."):
        state.to_laptop.update(labels)


def _insert(state: State, step: Step, found: re.Match[str]) -> None:
    if found[1] == "USB stick" and not state.dark:
        state.break_("P08", step, "the stick goes in before the power is off")
    state.medium = found[1]


def _take_out(state: State, step: Step, found: re.Match[str]) -> None:
    if state.medium != found[1]:
        state.break_("P05", step, f"no {found[1]} was inserted")
    state.medium = ""


def _wait(state: State, step: Step, found: re.Match[str]) -> None:
    if state.dark:
        state.drained_s += int(found[1]) * (60 if found[2] == "min" else 1)


def _replace(state: State, step: Step, _: re.Match[str]) -> None:
    if not state.dark:
        state.break_("P01", step, "the board is replaced while the server has power")


def _labels(text: str) -> list[str]:
    """The cables that a sentence names: `cable A`, `cables A, B and C`, `cables UNKNOWN`."""
    text = text.replace(UNKNOWN, SHORT)
    listed = re.search(r"\bcables (.+?) from the", text)
    names = re.split(r", | and ", listed[1]) if listed else re.findall(r"\bcables? (\S+)", text)
    return [name.strip(".,") for name in names]


ACTS: tuple[tuple[str, Callable[[State, Step, re.Match[str]], None]], ...] = (
    (r"(?i)^disconnect the power cables from", _power_off),
    (r"^Connect the power cables to", _power_on),
    (r"(?i)^pull the sled", _sled_out),
    (r"^Push the sled", _sled_in),
    (r"^Put on the ESD wrist strap", _strap),
    (r"^Slide the server out", _slide_out),
    (r"^Slide the server into", _slide_in),
    (r"^Remove the top cover", _cover_off),
    (r"^Install the top cover", _cover_on),
    (r"^Remove the \S+ battery", _battery_out),
    (r"^Install the \S+ battery", _battery_in),
    (r"^Touch the two \S+ pads with the screwdriver for (\d+) s", _short),
    (r"^Move the jumper \S+ to pins (\S+?)\.", _jumper),
    (r"^Disconnect cable", _cables_off),
    (r"^Connect cable", _cables_on),
    (r"^Insert the (USB stick|SD card)", _insert),
    (r"^Remove the (USB stick|SD card)", _take_out),
    (r"^Wait (\d+) (s|min)", _wait),
    (r"^Replace the system board", _replace),
)
"""Instruction -> what it does to the state."""


def _broken(rule: str) -> Callable[[Page], Found]:
    return lambda page: ((line, why) for name, line, why in walk(page).broken if name == rule)


def _held(page: Page) -> Found:
    """P03"""
    changing = [s for s in page.steps if CHANGES.search(s.text) or s.text.startswith("If ")]
    first = next(iter(changing), None)
    if first is not None and not any(s.hold and s.number < first.number for s in page.steps):
        yield first.line, "something is changed before a hold point has released it"


def _put_back(page: Page) -> Found:
    """P04"""
    state = walk(page)
    left = {
        "the power cables of " + ", ".join(sorted(state.off)): bool(state.off),
        "the sled": state.sled_out,
        "the top cover": state.cover_off,
        "the server in its rack": state.slid_out,
        "the battery": state.battery_out,
        "the jumper": len(state.pins) % 2 == 1 or (len(state.pins) > 1 and state.pins[-1] == state.pins[0]),
        "cable " + ", ".join(sorted(state.cables_out.elements())): bool(state.cables_out),
    }
    yield from ((0, f"{what} is never put back") for what, missing in left.items() if missing)
    for what in filter(None, (state.medium, *(f"laptop's cable {label}" for label in sorted(state.to_laptop)))):
        yield 0, f"the {what} is never removed"


def _opened(page: Page) -> Found:
    """P09"""
    open_ = False
    for step in page.steps:
        if re.search(r"^Remove the top cover", step.action):
            open_ = True
        elif re.search(r"^Install the top cover", step.action):
            open_ = False
        elif TOUCHES_BOARD.search(step.text) and not open_:
            yield step.line, "this needs the cover off, and it is on"


def _warned(page: Page) -> Found:
    """Z04"""
    opens = next((s for s in page.steps if s.action.startswith("Remove the top cover")), None)
    cuts = next((s for s in page.steps if "power cables from" in s.text), None)
    if opens is None or cuts is None:
        return
    shocks = [s for s in page.steps for h in s.hazards if h.signal in ("DANGER", "WARNING") and "shock" in h.text]
    if not any(step.number <= cuts.number for step in shocks):
        yield cuts.line, "no WARNING of electric shock before the power cables are disconnected"


def _changes_are_warned(page: Page) -> Found:
    """Z05"""
    cuts = next(_takes_service(page), None)
    if cuts is not None and not cuts.hazards:
        yield cuts.line, "the server stops here, and no hazard says so"


def _takes_service(page: Page) -> Iterator[Step]:
    return (s for s in page.steps if "power cables from" in s.text or s.action.lower().startswith("pull the sled"))


def _power_button(page: Page) -> Found:
    """P10"""
    cut = False
    for step in page.steps:
        if step in list(_takes_service(page)):
            cut = True
        elif "power button for 1 s" in step.text:
            cut = False
        if step.hold and step.text.endswith("with your report.") and cut:
            yield step.line, "power was taken, and nobody looks whether the server starts again"


RULES: dict[str, tuple[str, Callable[[Page], Found]]] = {
    "P01": (
        "every power supply of the board is unplugged, or the sled is out, before the cover comes off",
        _broken("P01"),
    ),
    "P02": ("the ESD strap is on before the cover comes off", _broken("P02")),
    "P03": ("a hold point stands before the first change", _held),
    "P04": ("what was removed, moved or inserted is put back", _put_back),
    "P05": ("nothing is put back that was not taken away", _broken("P05")),
    "P06": ("cover, rack and power are closed in their order", _broken("P06")),
    "P07": ("the pads are touched after a wait, and long enough", _broken("P07")),
    "P08": ("a recovery stick is in before the power is on", _broken("P08")),
    "P09": ("what lies under the cover is touched with the cover off", _opened),
    "P10": ("after power was taken somebody looks whether the server starts", _power_button),
    "Z04": ("electric shock is warned of before the cables of a server that is opened", _warned),
    "Z05": ("the first step that stops the server has its hazard", _changes_are_warned),
}

"""What a technician checks for each SEE: a sentence, and whether it is so. None: the sentence is not understood.

Everything is looked at through the hands, or is in the technician's own notes: the last comparison, photo and answer,
and the watch.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


class Looks(Protocol):
    """Whatever can be looked at, by its name; None where there is no such thing."""

    async def __call__(self, at: str) -> str | None: ...


@dataclass
class Notes:
    """What the technician knows of the step just done. `done`: could every act be done? `elapsed_s`: by the watch."""

    look: Looks
    facts: Mapping[str, str]
    done: bool = True
    same: bool | None = None
    heard: str | None = None
    photo: str = ""
    note: str = ""
    page: str = ""
    elapsed_s: float = 0.0
    watched_s: float = 0.0  # what the sentence says
    holding: set[str] = field(default_factory=set)


Check = Callable[[Notes, re.Match[str]], Awaitable[bool]]


async def is_so(sentence: str, notes: Notes) -> bool | None:
    """Is there to see what the sentence says? None where it is not understood."""
    for shape, check in _SHAPES:
        if found := shape.fullmatch(sentence):
            return await check(notes, found)
    return None


def understood(sentence: str) -> bool:
    """Is that SEE in the book?"""
    return any(shape.fullmatch(sentence) for shape, _ in _SHAPES)


def led(name: str) -> str:
    """The name under which an LED is looked at: as printed beside it, in lower case."""
    return f"led:{name.lower().replace(' ', '-')}"


async def _everything(notes: Notes) -> dict[str, str]:
    lines = (await notes.look("everything") or "").splitlines()
    return dict(line.partition(": ")[::2] for line in lines if ": " in line)


async def _led(notes: Notes, found: re.Match[str]) -> bool:
    state = await notes.look(led(found["name"]))
    if state is None:
        return False
    match found["state"]:
        case "blinks":
            return state.startswith("blinking")
        case "is off":
            return state == "off"
        case _:
            return state != "off"


async def _all_off(notes: Notes, found: re.Match[str]) -> bool:
    """Of a sled only its own: the supplies are the chassis's."""
    seen = await _everything(notes)
    own = [n for n in seen if n.startswith("led:") and not (found["what"] == "sled" and n.startswith("led:psu"))]
    return bool(own) and all(seen[name] == "off" for name in own)


async def _psus_on(notes: Notes, found: re.Match[str]) -> bool:
    states = [state for name, state in (await _everything(notes)).items() if name.startswith("led:psu")]
    return bool(states) and "off" not in states


async def _empty_port(notes: Notes, found: re.Match[str]) -> bool:
    return await notes.look(f"port:{found['port']}") == "empty"


async def _cable_in(notes: Notes, found: re.Match[str]) -> bool:
    return (await notes.look(f"port:{found['port']}") or "").startswith(f"cable {found['label']},")


async def _as_labelled(notes: Notes, found: re.Match[str]) -> bool:
    """By the ticket's own table of ports."""
    rows = {name.removeprefix("Port "): value for name, value in notes.facts.items() if name.startswith("Port ")}
    for port, value in rows.items():
        if not (await notes.look(f"port:{port}") or "").startswith(f"cable {value.split(',')[0]},"):
            return False
    return True


async def _no_cable(notes: Notes, found: re.Match[str]) -> bool:
    ports = [state for name, state in (await _everything(notes)).items() if name.startswith("port:")]
    return all(state == "empty" for state in ports)


async def _heard(notes: Notes, found: re.Match[str]) -> bool:
    return notes.heard is not None and notes.heard in re.findall(r'"([^"]+)"', found[0])


async def _account(notes: Notes, found: re.Match[str]) -> bool:
    return notes.heard is not None


async def _watch(notes: Notes, found: re.Match[str]) -> bool:
    wanted = float(found["n"]) * (60 if found["unit"] == "min" else 1)
    return notes.elapsed_s >= wanted


async def _jumper(notes: Notes, found: re.Match[str]) -> bool:
    return (await notes.look(f"part:jumper:{found['mark']}") or "").endswith(f"pins {found['pins']}")


async def _screen(notes: Notes, found: re.Match[str]) -> bool:
    return await notes.look("screen") not in (None, "dark")


async def _photo(notes: Notes, found: re.Match[str]) -> bool:
    return bool(notes.photo)


def _same(notes: Notes) -> bool:
    return notes.same is True


def _done(notes: Notes) -> bool:
    return notes.done


def _noted(notes: Notes) -> bool:
    return bool(notes.note)


def _paged(notes: Notes) -> bool:
    return bool(notes.page)


def _own(check: Callable[[Notes], bool]) -> Check:
    """Something that the technician knows without looking."""

    async def checked(notes: Notes, found: re.Match[str]) -> bool:
        return check(notes)

    return checked


def _part(name: str, *, is_: str = "", has: str = "") -> Check:
    """A part of the server, as one sees it."""

    async def check(notes: Notes, found: re.Match[str]) -> bool:
        state = await notes.look(f"part:{name}")
        return state is not None and (state == is_ if is_ else state.startswith(has))

    return check


_TABLE: tuple[tuple[str, Check], ...] = (
    (r"The two numbers are the same\.", _own(_same)),
    (r"The (?P<name>.+) LED (?P<state>is on|is off|blinks)\.", _led),
    (r"All LEDs of the (?P<what>server|sled) are off\.", _all_off),
    (r"All PSU LEDs are on\.", _psus_on),
    (r"No cable is in port (?P<port>\S+)\.", _empty_port),
    (r"Cable (?P<label>\S+) is in port (?P<port>\S+)\.", _cable_in),
    (r"Each cable is (where the label says|in the port of its label)\.", _as_labelled),
    (r"No network cable is in the (sled|server)\.", _no_cable),
    (r'You hear the word "\w+"\.', _heard),
    (r'You hear "step \d+"(, "step \d+")*( or "step \d+")?\.', _heard),
    (r"You hear (a|the) (user )?name (and a password|.+)\.", _account),
    (r"The watch shows (?P<n>\d+) (?P<unit>s|min)\.", _watch),
    (r"The jumper (?P<mark>\S+) is on pins (?P<pins>\d+-\d+)\.", _jumper),
    (r"The battery holder is empty\.", _part("battery", is_="removed")),
    (r"The battery is flat in (its|the) holder\.", _part("battery", is_="in the holder")),
    (r"The blade is on the two pads\.", _own(_done)),
    (r"You see the system board\.", _part("cover", is_="open")),
    (r"The cover is closed\.", _part("cover", is_="closed")),
    (r"The server is out and the rails are locked\.", _part("rails", is_="out")),
    (r"The server is in the rack\.", _part("rails", is_="in the rack")),
    (r"The sled is out of the chassis\.", _part("sled", is_="out")),
    (r"The sled is in the chassis\.", _part("sled", is_="in")),
    (r"The clip of the strap is on bare metal\.", _part("strap", is_="worn")),
    (r"The stick is in the .+\.", _part("usb", has="holds")),
    (r"No stick is in the .+\.", _part("usb", is_="empty")),
    (r"The card is in the .+\.", _part("sd", has="holds")),
    (r"No card is in the .+\.", _part("sd", is_="empty")),
    (r"The monitor is on\.", _own(_done)),
    (r"The label of the new board is in the server\.", _own(_done)),
    (r"The screen shows .+\.", _screen),
    (r"The photo shows .+\.", _photo),
    (r"The note says .+\.", _own(_noted)),
    (r"The (browser|page) .+\.", _own(_paged)),
)  # fmt: skip
_SHAPES: tuple[tuple[re.Pattern[str], Check], ...] = tuple((re.compile(shape), check) for shape, check in _TABLE)

"""The technician's phrasebook: which sentence of a ticket asks for which acts. A sentence that is not in it is unknown.

One row a shape, in the order of recovery/procedures/README.md. An instruction may begin with a condition; it is asked
before anything is done.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

MINUTE_S = 60.0
Kind = Literal["hands", "look", "compare", "photo", "note", "call", "browse", "wait"]


@dataclass(frozen=True)
class Deed:
    """One thing to do. `act`: an act of the hands, or what the technician does alone. `takes_s`: how long."""

    kind: Kind
    act: str
    given: dict[str, str | float] = field(default_factory=dict)
    takes_s: float = 10.0


@dataclass(frozen=True)
class Instruction:
    """What a sentence comes to. `wait_s`: before all else. `only_if`: name of an LED, and whether it must be on."""

    deeds: tuple[Deed, ...]
    wait_s: float = 0.0
    only_if: tuple[str, bool] | None = None


def read(sentence: str) -> Instruction | None:
    """What it asks for, or None where it is not understood."""
    for pattern, wait, condition in _CONDITIONS:
        if found := pattern.fullmatch(sentence):
            rest = read(_capital(found["rest"]))
            if rest is None:
                return None
            only_if = None if condition is None else ("power", condition)
            return replace(rest, wait_s=_minutes(found) if wait else 0.0, only_if=only_if)
    for shape, does in _SHAPES:
        if found := shape.fullmatch(sentence):
            return Instruction(tuple(does(found)))
    return None


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


_CONDITIONS: tuple[tuple[re.Pattern[str], bool, bool | None], ...] = (
    (re.compile(r"If the power LED is off after (?P<n>\d+) min, (?P<rest>.+)"), True, False),
    (re.compile(r"If the power LED is off, (?P<rest>.+)"), False, False),
    (re.compile(r"If the power LED is on, (?P<rest>.+)"), False, True),
    (re.compile(r"When (?P<n>\d+) min are over, (?P<rest>.+)"), True, None),
)

Found = re.Match[str]
Does = Callable[[Found], Iterator[Deed]]


def _minutes(found: Found) -> float:
    return float(found["n"]) * MINUTE_S


def _seconds(found: Found) -> float:
    return float(found["n"]) * (MINUTE_S if found["unit"] == "min" else 1.0)


def _one(kind: Kind, act: str, takes_s: float = 10.0, **named: str) -> Does:
    """One deed; `named`: parameter -> the group of the sentence that holds it."""

    def does(found: Found) -> Iterator[Deed]:
        yield Deed(kind, act, {name: found[group] for name, group in named.items()}, takes_s)

    return does


def _fixed(act: str, takes_s: float, **given: str) -> Does:
    return lambda found: iter((Deed("hands", act, dict(given), takes_s),))


def _held(act: str, *, button: bool = True, **named: str) -> Does:
    """An act that lasts as long as the sentence says."""

    def does(found: Found) -> Iterator[Deed]:
        given: dict[str, str | float] = {name: found[group] for name, group in named.items()}
        yield Deed("hands" if button else "wait", act, {**given, "seconds": _seconds(found)}, 5.0)

    return does


def _cords(act: str) -> Does:
    def does(found: Found) -> Iterator[Deed]:
        for number in re.findall(r"PSU(\d+)", found["psus"]):
            yield Deed("hands", act, {"psu": float(number)}, 5.0)

    return does


def _labels(found: Found) -> Iterator[Deed]:
    for label in re.split(r", | and ", found["labels"]):
        yield Deed("hands", "disconnect-cable", {"cable": label}, 15.0)


def _ports(found: Found) -> Iterator[Deed]:
    for label, port in re.findall(r"cable (\S+) to port ([^\s,]+)", found["pairs"]):
        yield Deed("hands", "connect-cable", {"cable": label, "port": port}, 15.0)


def _to_switch(found: Found) -> Iterator[Deed]:
    there = f"{found['switch']} port {found['number']}"
    yield Deed("hands", "connect-cable", {"cable": found["label"], "port": found["port"], "switch": there}, 120.0)


def _leds_of(found: Found) -> Iterator[Deed]:
    for number in re.findall(r"PSU(\d+)", found["psus"]):
        yield Deed("note", f"led:psu{number}")


_N = r"(?P<n>\d+) (?P<unit>s|min)"
_LABEL = r"(?P<label>\S+)"
_TABLE: tuple[tuple[str, Does], ...] = (
    (r"Compare the (?P<what>SHA-256 of (?P<file>\S+)) on the (stick|card) with this ticket\.",
     _one("compare", "sha256", 60, file="file")),
    (r"Compare the part number of the spare board with (?P<value>.+)\.", _one("compare", "part", 30, value="value")),
    (r"Compare the (?P<what>.+) on the page with (?P<value>.+)\.", _one("compare", "page", 10, value="value")),
    (r"Compare the (?P<what>[A-Za-z ]+) on the (?P<place>.+) with (?P<value>\S+)\.",
     _one("compare", "serial", 30, value="value")),
    (r"Look at the port (?P<port>\S+) of the server\.", _one("look", "port", at="port")),
    (r"Look at the (?P<led>.+) LED of the server\.", _one("look", "led", at="led")),
    (r"Take one photo of (the )?screen\.", _one("photo", "screen", 30)),
    (r"Take one photo of (?P<what>.+)\.", _one("photo", "everything", 60)),
    (r"Write the sound of the fans\.", _one("note", "fans")),
    (r"Write the state of the LED at port (?P<port>\S+)\.", _one("note", "port", at="port")),
    (r"Write the state of the LEDs of (?P<psus>.+)\.", _leds_of),
    (r"Write the state of the (?P<led>.+) LED\.", _one("note", "led", at="led")),
    (r'Call (?P<phone>.+) for the word "(?P<word>\w+)"\.', _one("call", "word", 60, word="word")),
    (r"Call (?P<phone>.+) for the next step number\.", _one("call", "step", 60)),
    (r"Call (?P<phone>.+) for the account of this visit\.", _one("call", "account", 60)),
    (r"Call (?P<phone>.+) with your report\.", _one("call", "report", 60)),
    (r"Disconnect the power cables from (?P<psus>.+)\.", _cords("unplug")),
    (r"Connect the power cables to (?P<psus>.+)\.", _cords("plug")),
    (rf"Connect cable {_LABEL} from port (?P<port>\S+) to port (?P<number>\S+) of switch (?P<switch>\S+)\.",
     _to_switch),
    (rf"Connect cable {_LABEL} from port (?P<port>\S+) to the laptop\.",
     _one("browse", "plug-in", 60, cable="label", port="port")),
    (r"Connect (?P<pairs>cable \S+ to port .+)\.", _ports),
    (rf"Push the plug of cable {_LABEL} into port (?P<port>\S+)\.",
     _one("hands", "connect-cable", 20, cable="label", port="port")),
    (rf"Move cable {_LABEL} from port (?P<old>\S+) to port (?P<port>\S+)\.",
     _one("hands", "move-cable", 30, cable="label", to="port")),
    (rf"Disconnect cable {_LABEL} from port (?P<port>\S+)\.", _one("hands", "disconnect-cable", 15, cable="label")),
    (r"Disconnect cables? (?P<labels>.+) from the (sled|server)\.", _labels),
    (rf"Wait {_N}\.", _held("wait", button=False)),
    (rf"Push the power button for {_N}\.", _held("press-power")),
    (rf"Push the (UID|ID) button for {_N}\.", _held("press-uid")),
    (r"Put on the ESD wrist strap\.", _fixed("wear-strap", 30)),
    (r"Slide the server out of the rack until the rails lock\.", _fixed("slide-out", 60)),
    (r"Slide the server into the rack\.", _fixed("slide-in", 60)),
    (r"Remove the top cover\.", _fixed("open-cover", 60)),
    (r"Install the top cover\.", _fixed("close-cover", 60)),
    (r"Pull the sled (\d+ cm )?out of the chassis\.", _fixed("pull-sled", 5)),
    (r"Push the sled into the chassis until the latch locks\.", _fixed("push-sled", 10)),
    (r"Remove the CR2032 battery from (its|the) holder\.", _fixed("remove-battery", 30)),
    (r"Install the CR2032 battery with the \+ side up\.", _fixed("install-battery", 30)),
    (rf"Touch the two (?P<mark>\S+) pads with the screwdriver for {_N}\.", _held("short", jumper="mark")),
    (r"Move the jumper (?P<mark>\S+) to pins (?P<pins>\d+-\d+)\.",
     _one("hands", "move-jumper", 60, jumper="mark", to="pins")),
    (r"Insert the USB stick into the (?P<place>.+) of the server\.", _fixed("insert-media", 15, slot="usb")),
    (r"Remove the USB stick from the server\.", _fixed("remove-media", 15, slot="usb")),
    (r"Insert the SD card into the (?P<place>.+) of the server\.", _fixed("insert-media", 15, slot="sd")),
    (r"Remove the SD card from the (?P<place>.+)\.", _fixed("remove-media", 15, slot="sd")),
    (r"Connect the monitor( and the keyboard)? to the server\.", _fixed("connect-monitor", 120)),
    (r"Replace the system board with the spare board\.", _fixed("replace-board", 3600)),
    (r"Type the address https://(?P<address>\S+) in the browser\.", _one("browse", "address", 30, address="address")),
    (r"Type the account in the login page\.", _one("browse", "login", 60)),
    (r"Type the name (?P<file>.+) as the file\.", _one("browse", "file", 60, file="file")),
    (r"Open the page (?P<page>.+)\.", _one("browse", "page", 30, page="page")),
    (r"Push the button for the update one time\.", _one("browse", "update", 10)),
    (r"Close the browser\.", _one("browse", "close", 10)),
)  # fmt: skip
_SHAPES: tuple[tuple[re.Pattern[str], Does], ...] = tuple((re.compile(shape), does) for shape, does in _TABLE)

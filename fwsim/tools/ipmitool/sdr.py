"""`ipmitool sdr type "Power Supply"`: what the sensors say of the power supplies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from fwsim.tools import Argv, Unparsable, ipmitool

POWER_SUPPLIES: Argv = ipmitool.argv("sdr", "type", "Power Supply")
_DEAD = ("Failure detected", "AC lost", "AC out-of-range", "Config Error", "Power Supply Inactive")


@dataclass(frozen=True)
class PowerSupply:
    """One sensor. `state` unknown: no reading, or a reading that says nothing of presence."""

    name: str
    state: Literal["good", "bad", "absent", "unknown"]
    text: str


def parse(stdout: str) -> tuple[PowerSupply, ...]:
    """Every power-supply sensor; () where the board has none. Raises Unparsable."""
    return tuple(_sensor(line) for line in stdout.splitlines() if line.strip())


def _sensor(line: str) -> PowerSupply:
    cells = [cell.strip() for cell in line.split("|")]
    if len(cells) != 5:
        raise Unparsable('ipmitool sdr type "Power Supply"', "name | number | status | entity | reading", line)
    name, text = cells[0], cells[4]
    if any(word in text for word in _DEAD):
        return PowerSupply(name, "bad", text)
    if "Presence detected" in text:
        return PowerSupply(name, "good", text)
    if cells[2] == "ok" and not text:  # a discrete sensor without any state: nothing is there
        return PowerSupply(name, "absent", text)
    return PowerSupply(name, "unknown", text)


def contradict(supplies: tuple[PowerSupply, ...], feeds: int) -> str:
    """Why the sensors contradict `feeds` attested feeds, or "". Unknown sensors contradict nothing."""
    bad = [s for s in supplies if s.state == "bad"]
    if bad:
        return "; ".join(f"{s.name}: {s.text}" for s in bad)
    good = sum(s.state == "good" for s in supplies)
    absent = [s.name for s in supplies if s.state == "absent"]
    if absent and good < min(feeds, len(supplies)):
        return f"no power supply in {', '.join(absent)}"
    return ""

"""Pictures of a lab for its debrief, as SVG: lanes of the server's state over time, and the state at one moment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from fwsim.labs.log import BECAME, DID, Log
from fwsim.labs.wording import clock

WIDTH, LEFT, TOP, LANE, GAP = 960, 92, 34, 26, 10
GOOD, WAITS, BAD, OFF, WRITES = "#2e7d4f", "#d9a21b", "#b3261e", "#8a8f98", "#3b6fb6"
COLOURS = {
    "host": {"up": GOOD, "post": WAITS, "boot": WAITS, "shutdown": WAITS, "off": OFF, "setup": WAITS},
    "bmc": {"up": GOOD, "booting": WAITS, "off": OFF},
}
LANES = ("host", "bmc", "BMC flash", "BIOS flash")
TITLES = {"host": "host", "bmc": "BMC", "BMC flash": "BMC flash", "BIOS flash": "BIOS flash"}
DOORS = {"host": "#1f2933", "lan": "#7a3fa0", "web": "#0f7c8a", "hands": "#b3261e", "transfer": "#5c6b2f"}


@dataclass(frozen=True)
class Span:
    """From when to when a lane is in one state."""

    start: float
    end: float
    word: str
    colour: str


def lanes(log: Log) -> str:
    """The whole session: a lane for host, BMC and each flash, and a mark for everything that somebody did."""
    began, end = log.began, max(log.end, log.began + 1)
    scale = (WIDTH - LEFT - 16) / (end - began)
    height = TOP + len(LANES) * (LANE + GAP) + 28

    def x(at: float) -> float:
        return LEFT + (at - began) * scale

    parts = [_ticks(began, end, x, height)]
    for number, lane in enumerate(LANES):
        y = TOP + number * (LANE + GAP)
        parts.append(f'<text x="{LEFT - 10}" y="{y + 17}" text-anchor="end" class="l">{TITLES[lane]}</text>')
        for span in spans(log, lane):
            wide = max(1.0, x(span.end) - x(span.start))
            parts.append(
                f'<rect x="{x(span.start):.1f}" y="{y}" width="{wide:.1f}" height="{LANE}" rx="3" fill="{span.colour}">'
                f"<title>{escape(span.word)}: {clock(span.start - began)} to {clock(span.end - began)}</title></rect>"
            )
            if wide > 7 * len(span.word) + 8:
                parts.append(f'<text x="{x(span.start) + 6:.1f}" y="{y + 17}" class="w">{escape(span.word)}</text>')
    y = TOP + len(LANES) * (LANE + GAP) + 8
    parts.append(f'<text x="{LEFT - 10}" y="{y + 5}" text-anchor="end" class="l">you</text>')
    for entry in log.entries:
        if entry.kind == DID and entry.door in DOORS:
            words = f"{clock(entry.at - began)} {entry.what}"
            parts.append(
                f'<circle cx="{x(entry.at):.1f}" cy="{y}" r="5" fill="{DOORS[entry.door]}" fill-opacity="0.75">'
                f"<title>{escape(words)}</title></circle>"
            )
    return _svg(WIDTH, height, "the server over the time of the lab", parts)


def spans(log: Log, lane: str) -> list[Span]:
    """What the lane was, and from when to when. A server's state is told at changes alone."""
    points = [(e.at, _word(lane, e.state)) for e in log.entries if e.state and e.kind == BECAME]
    found: list[Span] = []
    for number, (at, word) in enumerate(points):
        until = points[number + 1][0] if number + 1 < len(points) else log.end
        if found and found[-1].word == word:
            found[-1] = Span(found[-1].start, until, word, found[-1].colour)
        else:
            found.append(Span(at, until, word, _colour(lane, word)))
    return found


def _word(lane: str, state: Mapping[str, Any]) -> str:
    if lane in ("host", "bmc"):
        return str(state[lane])
    chip = lane.split()[0].lower()
    if chip in state["writing"]:
        return "being written"
    return "damaged" if chip in state["damaged"] else str(state["versions"][chip]) or "not running"


def _colour(lane: str, word: str) -> str:
    if lane in COLOURS:
        return COLOURS[lane].get(word, BAD)
    return {"being written": WRITES, "damaged": BAD, "not running": WAITS}.get(word, GOOD)


def moment(state: Mapping[str, Any]) -> str:
    """The state at one moment: three lamps and two chips, to stand beside a command."""
    if not state:
        return ""
    parts = []
    for number, lane in enumerate(LANES):
        word = _word(lane, state)
        x = 2 + number * 30
        shape = (
            f'<circle cx="{x + 12}" cy="10" r="8" fill="{_colour(lane, word)}"/>'
            if number < 2
            else f'<rect x="{x + 3}" y="3" width="20" height="14" rx="2" fill="{_colour(lane, word)}"/>'
        )
        parts.append(f"<g><title>{TITLES[lane]}: {escape(word)}</title>{shape}</g>")
    alt = ", ".join(f"{TITLES[lane]} {_word(lane, state)}" for lane in LANES)
    return _svg(124, 20, alt, parts)


def _ticks(began: float, end: float, x: Any, height: int) -> str:
    step = next((s for s in (30, 60, 120, 300, 600, 1200, 1800, 3600, 7200) if (end - began) / s <= 12), 14400)
    lines = []
    for number in range(int((end - began) // step) + 1):
        at = began + number * step
        lines.append(
            f'<line x1="{x(at):.1f}" y1="24" x2="{x(at):.1f}" y2="{height - 4}" class="g"/>'
            f'<text x="{x(at):.1f}" y="16" text-anchor="middle" class="t">{clock(at - began)}</text>'
        )
    return "".join(lines)


def _svg(width: int, height: int, alt: str, parts: Iterable[str] | Sequence[str]) -> str:
    style = (
        "<style>text{font:12px sans-serif;fill:#1f2933}.w{fill:#fff;font-size:11px}.l{font-weight:600}"
        ".t{fill:#5b6470;font-size:10px}.g{stroke:#d7dbe0}</style>"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'role="img" aria-label="{escape(alt, quote=True)}">{style}{"".join(parts)}</svg>'
    )

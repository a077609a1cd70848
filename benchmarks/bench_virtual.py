"""Rehearsals in virtual time: how many a second, and how long all failures take; writes its part of RESULTS.md.

A full rehearsal: the healthy update, BMC and BIOS, every step, with its events written as journal lines into memory.
The image is named; on x11ssh-f it goes through the virtual BMC's `handle()` in blocks of 36 bytes, none left out. A
server and its doors are new each time; the payload files are written once. The matrix is what `fwsim rehearse
--every-fault --pairs` does, its processes' start included.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import platform
import pstats
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.results import Aim, put
from emulators.server import VirtualServer
from emulators.world import World
from fwsim.events import Event, to_json
from fwsim.rehearsal import in_memory, matrix, pairing, scratch
from fwsim.rehearsal.matrix import Cell, Healthy
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import load
from fwsim.report.matrix import Outcome

BOARDS = ("x11ssh-f", "r740")
SECONDS, BLOCK = 5.0, 36
AIM, AIM_SINGLES_S, AIM_PAIRS_S = 200.0, 10.0, 300.0
FLOOR = 10.0  # rehearsals a second: less than that is a step back, and fails


@dataclass(frozen=True)
class Rate:
    """Full rehearsals of one board. `hours`: simulated ones a second of one core."""

    board: str
    a_second: float
    hours: float
    image: str

    @property
    def row(self) -> str:
        return f"| {self.board} | {self.a_second:.1f} | {1000 / self.a_second:.1f} | {self.hours:.1f} | {self.image} |"


@dataclass(frozen=True)
class Cells:
    """A number of cells rehearsed. `broken`: those in which a rule did not hold."""

    what: str
    count: int
    seconds: float
    broken: int

    @property
    def row(self) -> str:
        each = 1000 * self.seconds / max(1, self.count)
        return f"| {self.what} | {self.count} | {self.seconds:.1f} | {each:.1f} | {self.broken} |"


def one(prepared: Prepared, folder: Path) -> float:
    """Simulated seconds of one rehearsal."""
    lines: list[str] = []

    def hear(event: Event) -> None:
        lines.append(to_json(event))

    server = VirtualServer(prepared.spec, World())
    ended = in_memory(prepared, hear, run_id=prepared.run_id, run_dir=folder, server=server)
    assert ended.ending == "updated", ended.message
    return ended.at


def measured(board: str, folder: Path, seconds: float = SECONDS) -> Rate:
    """Rehearse for that many seconds of this process's own time."""
    prepared = from_scenario(load(board), folder / "payloads")
    one(prepared, folder)
    count, simulated, began = 0, 0.0, time.process_time()
    while time.process_time() - began < seconds:
        simulated += one(prepared, folder)
        count += 1
    took = time.process_time() - began
    return Rate(board, count / took, simulated / 3600 / took, _image(prepared))


def _image(prepared: Prepared) -> str:
    """The BMC's image by its name and size, and the blocks that it goes in where it goes by HPM.1."""
    entry = prepared.plan.payload("bmc")
    assert entry is not None
    size = VirtualServer(prepared.spec, World()).board.bmc.image_size
    blocks = f", {-(-size // BLOCK)} blocks of {BLOCK} bytes" if entry.file.suffix == ".hpm" else ""
    return f"{entry.file.name}: {size} bytes{blocks}"


def failures(board: str, folder: Path, jobs: int, *, pairs: bool) -> list[Cells]:
    """A quarter and a half of the single failures, all of them, and the pairs: the cost a cell should stay the same."""
    prepared = from_scenario(load(board), folder / "payloads")
    healthy = matrix.watch(prepared)
    cells = matrix.singles(healthy)
    rows = [
        _timed(f"every {nth} single", prepared, healthy, cells[::n], jobs)[0]
        for n, nth in ((4, "fourth"), (2, "second"))
    ]
    row, outcomes = _timed("every fault", prepared, healthy, cells, jobs)
    rows.append(row)
    if pairs:
        rows.append(_timed("pairs", prepared, healthy, pairing.pairs(healthy, outcomes), jobs)[0])
    return rows


def _timed(
    what: str, prepared: Prepared, healthy: Healthy, cells: Sequence[Cell], jobs: int
) -> tuple[Cells, list[Outcome]]:
    began = time.perf_counter()
    outcomes = list(matrix.run(prepared, healthy, cells, jobs=jobs))
    took = time.perf_counter() - began
    return Cells(what, len(outcomes), took, sum(bool(o.broken) for o in outcomes)), outcomes


def aims(rates: Sequence[Rate], rows: Sequence[Cells], jobs: int) -> list[Aim]:
    """What we want, held against what was measured."""
    wanted = {"every fault": AIM_SINGLES_S, "pairs": AIM_PAIRS_S}
    return [
        Aim(f"full rehearsals of {rates[0].board} a second of one core", rates[0].a_second, AIM, False),
        *(
            Aim(f"s for {r.what}, {jobs} jobs", r.seconds, wanted[r.what], at_most=True)
            for r in rows
            if r.what in wanted
        ),
    ]


def page(rates: Sequence[Rate], rows: Sequence[Cells], jobs: int) -> str:
    """This benchmark's part of RESULTS.md."""
    where = f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    lines = [
        "## Rehearsals in virtual time", f"{where}.", "",
        "| | value | aim | |", "|---|---|---|---|", *(aim.line() for aim in aims(rates, rows, jobs)), "",
        "| board | rehearsals/s of one core | ms each | simulated hours/s | BMC image |", "|---|---|---|---|---|",
        *(rate.row for rate in rates), "",
        f"| cells of {rates[0].board}, {jobs} jobs | number | s | ms each | broke a rule |", "|---|---|---|---|---|",
        *(row.row for row in rows),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def main() -> int:
    """0 unless it has become slow, or a rule was broken: a missed aim is said, in the results too."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", action="store_true", help="every two faults too: minutes")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--profile", metavar="BOARD", help="only where the time of a rehearsal goes, by function")
    asked = parser.parse_args()
    with scratch.folder() as folder:
        if asked.profile:
            _profile(from_scenario(load(asked.profile), folder / "payloads"), folder)
            return 0
        rates = [measured(board, folder) for board in BOARDS]
        rows = failures(BOARDS[0], folder, asked.jobs, pairs=asked.pairs)
    text = page(rates, rows, asked.jobs)
    put("virtual", text)
    print(text)
    return 0 if rates[0].a_second >= FLOOR and not any(row.broken for row in rows) else 1


def _profile(prepared: Prepared, folder: Path) -> None:
    one(prepared, folder)
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(10):
        one(prepared, folder)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    sys.exit(main())

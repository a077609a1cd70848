"""Rehearsals a second in virtual time, and simulated hours a second. Aim: 200 full rehearsals a second of one core.

A full rehearsal: the healthy update of x11ssh-f, BMC by `ipmitool hpm upgrade` and BIOS by SUM, every step, with its
events written as journal lines into memory. Images have 32 KiB, which is 911 blocks of 36 bytes through the virtual
BMC's `handle()`, none left out. A server and its doors are new each time; the payload files are written once.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import sys
import tempfile
import time
from pathlib import Path

from emulators import boards
from emulators.server import VirtualServer
from emulators.world import World
from fwsim.events import Event, to_json
from fwsim.rehearsal import in_memory
from fwsim.rehearsal.prepare import Prepared, from_scenario
from fwsim.rehearsal.scenario import load

AIM = 200.0
SECONDS = 5.0
BLOCK = 36


def one(prepared: Prepared, folder: Path) -> float:
    """Simulated seconds of one rehearsal."""
    lines: list[str] = []

    def hear(event: Event) -> None:
        lines.append(to_json(event))

    server = VirtualServer(prepared.spec, World())
    ended = in_memory(prepared, hear, run_id=prepared.run_id, run_dir=folder, server=server)
    assert ended.ending == "updated", ended.message
    return ended.at


def main() -> int:
    """0 when the aim is met, 1 when it is not."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--board", default="x11ssh-f")
    parser.add_argument("--profile", action="store_true", help="where the time goes, by function")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        prepared = from_scenario(load(asked.board), folder / "payloads")
        one(prepared, folder)
        if asked.profile:
            _profile(prepared, folder)
            return 0
        count, simulated, began = 0, 0.0, time.process_time()
        while time.process_time() - began < SECONDS:
            simulated += one(prepared, folder)
            count += 1
        took = time.process_time() - began
    size = boards.load(asked.board).bmc.image_size
    rate = count / took
    print(f"{asked.board}: {rate:.1f} full rehearsals a second on one core (aim: {AIM:g}), {1000 / rate:.1f} ms each")
    print(f"{simulated / 3600 / took:.1f} simulated hours a second of one core")
    print(f"BMC image of {size} bytes: {-(-size // BLOCK)} blocks of {BLOCK} bytes, each through handle()")
    return 0 if rate >= AIM else 1


def _profile(prepared: Prepared, folder: Path) -> None:
    profile = cProfile.Profile()
    profile.enable()
    for _ in range(10):
        one(prepared, folder)
    profile.disable()
    pstats.Stats(profile).sort_stats("tottime").print_stats(45)


if __name__ == "__main__":
    sys.exit(main())

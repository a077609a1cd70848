"""The virtual BMC beside its peers, in one run: `make bench` prints the ratios and writes benchmarks/RESULTS.md.

Wall times drift with the machine; ratios within one run and CPU times are what the aims are about. The servers
take turns in rounds, and the best of each counts: noise only ever adds.
"""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import measure, peers
from benchmarks.peers import Peer
from benchmarks.results import Aim, put

ROUNDS, COMMANDS, LOGINS = 5, 3000, 200
BOARD, IMAGE_BYTES = "x11ssm-f", 1024 * 1024
FEW = 3  # stock servers whose memory is measured; the rest is multiplication, and said to be
OWN, SEAM, STOCK, SIM = "ours", "ours, pyghmi's framing", "pyghmi, stock", "ipmi_sim (C)"


@dataclass
class Figures:
    """The best of the rounds of one server."""

    ready_s: float
    resident_mb: float = 0.0
    rate: float = 0.0  # commands a second, by ipmitool
    cpu_us: float = float("inf")
    fast_rate: float = 0.0  # the same, by our own client, which waits for nothing else
    fast_cpu_us: float = float("inf")
    logins: float = 0.0
    upload_kb_s: dict[int, float] = field(default_factory=dict)


def servers() -> Iterator[AbstractContextManager[Peer]]:
    """Those that can be run here."""
    yield peers.ours(OWN, board=BOARD)
    yield peers.ours(SEAM, framing="pyghmi", board=BOARD)
    yield peers.stock_pyghmi(STOCK)
    if not any(reason.startswith("ipmi_sim") for reason in peers.without()):
        yield peers.ipmi_sim()


def compare() -> dict[str, Figures]:
    """All servers side by side."""
    with ExitStack() as stack:
        script = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "commands"
        script.write_text("raw 6 1\n" * COMMANDS)
        running = [stack.enter_context(server) for server in servers()]
        figures = {peer.name: Figures(peer.ready_s, measure.resident_mb(peer.pid)) for peer in running}
        for _ in range(ROUNDS):
            for peer in running:
                best = figures[peer.name]
                rate, cpu = measure.ipmitool(peer, script)
                best.rate, best.cpu_us = max(best.rate, rate), min(best.cpu_us, cpu)
                rate, cpu = measure.commands(peer, COMMANDS)
                best.fast_rate, best.fast_cpu_us = max(best.fast_rate, rate), min(best.fast_cpu_us, cpu)
                best.logins = max(best.logins, measure.sessions(peer, LOGINS))
        for peer in running:
            if peer.name in (OWN, SEAM):
                figures[peer.name].upload_kb_s = {block: _upload(peer, block) for block in (36, 1024)}
    return figures


def _upload(peer: Peer, block: int) -> float:
    rounds = 1 if block == 36 else 3
    return max(measure.upload(peer, BOARD, IMAGE_BYTES, block) for _ in range(rounds))


def memory() -> tuple[dict[int, float], dict[int, float], float]:
    """MB of 1, 100 and 1,000 BMCs in one process; seconds to the last one's first answer; MB of one stock server."""
    resident: dict[int, float] = {}
    ready: dict[int, float] = {}
    for count in (1, 100, 1000):
        with peers.ours(OWN, board="x11ssh-f", count=count) as peer:
            resident[count], ready[count] = measure.resident_mb(peer.pid), peer.ready_s
    with ExitStack() as stack:
        stock = [stack.enter_context(peers.stock_pyghmi()) for _ in range(FEW)]
        each = sum(measure.resident_mb(peer.pid) for peer in stock) / FEW
    return resident, ready, each


def aims(figures: dict[str, Figures], resident: dict[int, float]) -> list[Aim]:
    own, seam, stock, sim = (figures.get(name) for name in (OWN, SEAM, STOCK, SIM))
    assert own and seam and stock
    found = [
        Aim("CPU a command / stock pyghmi's, pyghmi's framing", seam.cpu_us / stock.cpu_us, 0.65, True),
        Aim("CPU a command / stock pyghmi's, own framing", own.cpu_us / stock.cpu_us, 0.45, True),
        Aim("MB for 1,000 BMCs", resident[1000], 100, True),
        Aim("MB/s of a 1 MiB upload, 1024-byte blocks, pyghmi's framing", seam.upload_kb_s[1024] / 1000, 3, False),
        Aim("MB/s of a 1 MiB upload, 1024-byte blocks, own framing", own.upload_kb_s[1024] / 1000, 4, False),
    ]
    if sim:
        found.append(Aim("CPU a command / ipmi_sim's", own.cpu_us / sim.cpu_us, 3, True))
        found.append(Aim("commands a second / ipmi_sim's", own.rate / sim.rate, 0.85, False))
    return found


def report() -> tuple[str, bool]:
    """The page, and whether every aim was met."""
    figures, (resident, ready, each) = compare(), memory()
    judged, load = aims(figures, resident), os.getloadavg()[0]
    lines = [
        "## The virtual BMC",
        f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}. Best",
        f"of {ROUNDS} rounds, cipher suite 3. Commands: Get Device ID in one session of `ipmitool exec`, then of",
        "our own fast client (lan_client.py), which does the logins and the uploads too. Start: to the first answer.",
        "", "| | value | aim | |", "|---|---|---|---|", *(aim.line() for aim in judged), "",
        "| server | commands/s | CPU us each | fast: /s | CPU us | logins/s | KB/s at 36 | at 1024 | MB | start, s |",
        "|---|---|---|---|---|---|---|---|---|---|", *(_row(name, f) for name, f in figures.items()), "",
        "| BMCs | MB, one process | s to last one's answer | MB of as many stock pyghmi servers |", "|---|---|---|---|",
        *(f"| {n} | {resident[n]:.1f} | {ready[n]:.2f} | {n * each:.0f} |" for n in resident), "",
        f"The last column is {each:.1f} MB, the mean of {FEW} processes, times as many.",
        *(f"\nNot compared: {reason}." for reason in peers.without()),
    ]  # fmt: skip
    return "\n".join(lines) + "\n", all(aim.met for aim in judged)


def _row(name: str, f: Figures) -> str:
    blocks = [f"{f.upload_kb_s[block]:.0f}" if f.upload_kb_s else "no HPM.1" for block in (36, 1024)]
    commands = [f"{f.rate:.0f}", f"{f.cpu_us:.1f}", f"{f.fast_rate:.0f}", f"{f.fast_cpu_us:.1f}"]
    cells = [*commands, f"{f.logins:.0f}", *blocks, f"{f.resident_mb:.1f}", f"{f.ready_s:.2f}"]
    return f"| {name} | " + " | ".join(cells) + " |"


def main() -> int:
    """0 when every aim is met."""
    if shutil.which("ipmitool") is None:
        print("not measured: ipmitool is not installed")
        return 2
    page, met = report()
    put("bmc", page)
    print(page)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())

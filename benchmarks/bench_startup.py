"""How soon `fwsim --help` answers, beside the bare interpreter. Aim: under 0.4 s of wall time."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

AIM_S = 0.4
ROUNDS = 15
WARM_UP = 2


def seconds(command: list[str]) -> float:
    """The median wall time of a command."""
    times = []
    for _ in range(WARM_UP + ROUNDS):
        began = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times[WARM_UP:])


def main() -> int:
    """0 when the aim is met."""
    floor = seconds([sys.executable, "-c", "pass"])
    answer = seconds([sys.executable, "-m", "fwsim", "--help"])
    print(f"python -c pass  {floor:.3f} s")
    print(f"fwsim --help    {answer:.3f} s  (aim: under {AIM_S} s)")
    return 0 if answer < AIM_S else 1


if __name__ == "__main__":
    sys.exit(main())

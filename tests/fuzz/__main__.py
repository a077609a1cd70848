"""`python -m tests.fuzz`: a million inputs into the BMC's LAN and handle(), guided by coverage where atheris is there.

Prints its figures; ends with 1 and the input where something does not hold. `--driver own` needs nothing installed.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz import corpus, mutate
from tests.fuzz.bench import Bench

CHECK_EVERY = 10_000
MEBIBYTE = 1 << 20
GROWTH = 48 * MEBIBYTE  # between a tenth of the way and the end: what caches of a few megabytes may take


@dataclass
class Watch:
    """Counts, checks now and then that a good login works, and looks at this process's memory."""

    total: int
    bench: Bench = field(default_factory=Bench)
    began: float = field(default_factory=time.monotonic)
    early: int = 0
    good_logins: int = 0

    def one(self, data: bytes) -> None:
        try:
            self.bench.run(data)
            if self.bench.inputs % CHECK_EVERY == 0:
                self.bench.good_login()
                self.good_logins += 1
        except BaseException:
            print(f"input {self.bench.inputs}: {data.hex()}", file=sys.stderr, flush=True)
            raise
        if self.bench.inputs == self.total // 10:
            self.early = resident()

    def report(self, driver: str) -> int:
        """The figures; the exit status."""
        self.bench.good_login()
        seconds, grown = time.monotonic() - self.began, resident() - self.early
        print(f"{driver}: {self.bench.inputs} inputs in {seconds:.0f} s, {self.bench.inputs / seconds:.0f} a second")
        print(f"no exception, no answer too long, {self.good_logins + 1} good logins on the way")
        print(f"memory {resident() / MEBIBYTE:.0f} MiB, {grown / MEBIBYTE:+.1f} MiB since a tenth of the way")
        return 0 if grown < GROWTH else 1


def resident() -> int:
    """Bytes of this process in memory."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def own(total: int, seed: int) -> int:
    """Mutations of the corpus, without coverage."""
    watch = Watch(total)
    for data in mutate.mutated(corpus.inputs(), total, seed):
        watch.one(data)
    return watch.report("own mutations")


def guided(total: int, seed: int) -> int:
    """libFuzzer by atheris. It ends the process, so it runs in a child of this one."""
    with tempfile.TemporaryDirectory(prefix="fwsim-fuzz-") as folder:
        for number, data in enumerate(corpus.inputs()):
            Path(folder, f"seed-{number}").write_bytes(data)
        argv = [sys.executable, "-m", "tests.fuzz.guided", str(total), str(seed), folder]
        return subprocess.run(argv, check=False).returncode


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--driver", choices=("auto", "atheris", "own"), default="auto")
    options = parser.parse_args()
    there = importlib.util.find_spec("atheris") is not None
    if options.driver == "atheris" or (options.driver == "auto" and there):
        return guided(options.inputs, options.seed)
    if options.driver == "auto":
        print("atheris is not installed (make fuzz installs it where it can): our own mutations, without coverage")
    return own(options.inputs, options.seed)


if __name__ == "__main__":
    sys.exit(main())

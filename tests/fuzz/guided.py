"""`python -m tests.fuzz.guided INPUTS SEED FOLDER`: the coverage-guided run. Only `python -m tests.fuzz` starts it."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["emulators.bmc", "emulators.flash", "emulators.images", "emulators.console"]):
    from tests.fuzz.__main__ import Watch


def main(total: int, seed: int, folder: str) -> None:
    watch = Watch(total)

    def one(data: bytes) -> None:
        watch.one(data)
        if watch.bench.inputs == total:
            status = watch.report("atheris")
            sys.stdout.flush()
            if status:
                raise SystemExit(status)

    arguments = [sys.argv[0], f"-runs={total}", f"-seed={seed}", "-max_len=2048", "-rss_limit_mb=1024", folder]
    atheris.Setup([*arguments, "-print_final_stats=1", "-verbosity=1"], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])

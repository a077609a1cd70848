"""How soon twenty virtual servers in Docker are up and answer IPMI, and how soon they are gone. Aim: 60 s."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from emulators.docker import engine, image
from emulators.docker.probe import answers

AIM_S, COUNT = 60.0, 20
ESTATE = f"""\
name: bench
servers:
  - {{board: x11ssh-f, name: bench-a, count: {COUNT // 2}}}
  - {{board: r740, name: bench-b, count: {COUNT - COUNT // 2}}}
"""
UP = (sys.executable, "-m", "fwsim", "emulator", "up", "--json", "-f")


def measured(folder: Path, name: str) -> tuple[float, float, int]:
    """Seconds until all are ready, seconds until all are gone, and how many answered."""
    path = folder / "estate.yaml"
    path.write_text(ESTATE)
    env = {**os.environ, "XDG_STATE_HOME": str(folder)}
    began = time.perf_counter()
    with subprocess.Popen((*UP, str(path), "--image", name), stdout=subprocess.PIPE, text=True, env=env) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(COUNT)]
        up_s = time.perf_counter() - began
        right = sum(answers(json.loads(line)["ipmi"]["host"]) for line in lines if line)
        began = time.perf_counter()
        child.terminate()
        child.wait()
    return up_s, time.perf_counter() - began, right


def main() -> int:
    """0 when the aim is met, or where there is no engine."""
    try:
        client = engine.connect()
    except engine.NoEngine as error:
        print(f"not measured: {error}")
        return 0
    name = image.build(client, image.debootstrap(client, print), print)
    with tempfile.TemporaryDirectory(prefix="fwsim-bench-") as folder:
        up_s, down_s, right = measured(Path(folder), name)
    print(f"{right} of {COUNT} containers up and answering after {up_s:.1f} s  (aim: {AIM_S:g} s)")
    print(f"all of them gone after {down_s:.1f} s")
    return 0 if right == COUNT and up_s < AIM_S else 1


if __name__ == "__main__":
    sys.exit(main())

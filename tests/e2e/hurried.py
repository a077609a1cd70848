"""fwsim with less patience: a stranger's BMC that restarts within seconds needs no minutes of watching.

`python -m tests.e2e.hurried ARGS` is `fwsim ARGS`, with its polls and the time in which a restart must show shortened.
"""

from __future__ import annotations

from fwsim import boards, cli
from fwsim.boards import Waits
from fwsim.steps import bmc, hostreboot, resume

bmc.DARK_WITHIN_S = resume.DARK_WITHIN_S = 12.0
hostreboot.DOWN_WITHIN_S = 20.0
_kept = boards.load


def _load(name: str) -> boards.Board:
    return _kept(name).model_copy(update={"waits": Waits(poll_s=1.0, steady=3)})


boards.load = _load  # type: ignore[assignment]  # a cached function has more than is used of it

if __name__ == "__main__":
    cli.main()

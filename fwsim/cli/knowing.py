"""What recovery can do for a server, told to those who must not import it: what a scenario may expect of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fwsim.rehearsal.soundness import Recovery


def recovery() -> Recovery:
    """Every repair and every procedure, and which boards each is for."""
    from fwsim.rehearsal.soundness import Recovery
    from recovery import procedures, unattended
    from recovery.repair import REPAIRS

    repairs = {name: _fits(name) for name in REPAIRS}
    return Recovery(repairs, {name: _fits(name) for name in procedures.names()}, unattended.recover)


def _fits(name: str) -> Callable[[str], bool]:
    from fwsim import boards
    from recovery import remedies

    row = remedies.table().get(name)
    return lambda board: row is None or row.only.fits(boards.load(board))

"""The catalogue: everything that is known of each kind, in the order of the names."""

from __future__ import annotations

from typing import get_args

from emulators.faults import about_bios, about_bmc, about_flash, about_host
from emulators.faults.kinds import About, Kind

_ROWS = {row.kind: row for part in (about_flash, about_bmc, about_bios, about_host) for row in part.ROWS}
ABOUT: dict[Kind, About] = {kind: _ROWS[kind] for kind in get_args(Kind)}
POINTS: dict[Kind, tuple[str, ...]] = {kind: about.points for kind, about in ABOUT.items()}
"""Where each kind can act."""

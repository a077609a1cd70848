"""Faults are data: what goes wrong, and the point in the model's own life at which it does.

The model asks `passing(point, ...)` where something can go wrong; what a fault does there is the model's physics,
never a scenario's. A fault that has fired `times` times fires no more. `kinds` names them, `table` says what is known
of each, `fault` is the data, `armed` those of one server, `acts` what comes from outside of the server's own life.
"""

from emulators.faults.armed import Faults
from emulators.faults.fault import BLOCK, Fault, When
from emulators.faults.kinds import About, Kind
from emulators.faults.table import ABOUT, POINTS

__all__ = ["ABOUT", "BLOCK", "POINTS", "About", "Fault", "Faults", "Kind", "When"]

"""The armed faults of one server: which of them fire now."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from emulators.faults import acts
from emulators.faults.fault import BLOCK, Fault, Moment
from emulators.faults.kinds import UPLOAD
from emulators.faults.table import POINTS

if TYPE_CHECKING:
    from emulators.server import VirtualServer


class Faults:
    """Armed faults. What fires is written into the world's record once `attach` has said whose they are."""

    def __init__(self, armed: tuple[Fault, ...] = ()) -> None:
        self.armed = list(armed)
        self._fired: dict[int, int] = {}
        self._passed: dict[int, int] = {}
        self._spared: set[int] = set()  # whose moment has come, and chance was against them
        self._came: dict[int, int] = {}  # how often what a fault waits for has happened
        self._server: VirtualServer | None = None
        self._random = random.Random(0)

    def attach(self, server: VirtualServer) -> None:
        """These are that server's from now on."""
        self._server = server
        self._random = random.Random(f"faults of {server.spec.seed}")
        for index, fault in enumerate(self.armed):
            self._wait(index, fault)

    def arm(self, fault: Fault) -> None:
        """One more fault, from now on."""
        self.armed.append(fault)
        self._wait(len(self.armed) - 1, fault)

    def heal(self, kind: str) -> list[Fault]:
        """Disarm those of that kind; what they have done stays. Returns them."""
        healed = [i for i, f in enumerate(self.armed) if f.kind == kind and not self._spent(i, f)]
        for index in healed:
            self._fired[index] = self._fired.get(index, 0)
            self.armed[index] = self.armed[index].model_copy(update={"times": self._fired[index]})
        return [self.armed[index] for index in healed]

    @property
    def attentive(self) -> bool:
        """Does it matter what passes? Where nothing is armed the busiest moments need not be told."""
        return bool(self.armed)

    @property
    def fired(self) -> list[Fault]:
        """Those that have fired, in the order in which they were armed."""
        return [fault for index, fault in enumerate(self.armed) if self._fired.get(index)]

    @property
    def ready(self) -> list[Fault]:
        """Those that can still fire."""
        return [fault for index, fault in enumerate(self.armed) if not self._spent(index, fault)]

    @property
    def never_fired(self) -> list[Fault]:
        """Those whose moment has not come."""
        return [fault for index, fault in enumerate(self.armed) if not self._fired.get(index)]

    def tell_never_fired(self) -> None:
        """Into the world's record, at the end."""
        for index, fault in enumerate(self.armed):
            if self._server is not None and not self._fired.get(index):
                waits, spared = fault.waits_for, index in self._spared
                self._server.note("fault-never-fired", fault=fault.kind, waits=waits, spared=spared)

    # -- what the model tells and asks

    def passing(self, point: str, *, percent: float = 100.0, command: int | None = None) -> list[Fault]:
        """The faults that fire here. `point` names a moment of the model, `percent` how far a writing is, `command`
        the HPM.1 command that came."""
        if not self.armed:
            return []
        if point in UPLOAD:
            self.happened("uploaded", percent=percent)
        return [f for i, f in enumerate(self.armed) if f.command == command and self._fires(i, f, point, percent)]

    def happened(self, moment: Moment, name: str = "", *, percent: float = 0.0) -> None:
        """Something that a fault may wait for. `name`: of the command that starts."""
        for index, fault in enumerate(self.armed):
            if fault.when is not None and fault.when.meets(moment, name, percent):
                self._came[index] = self._came.get(index, 0) + 1
                if self._came[index] >= fault.when.number:
                    self._act(index, fault)

    # -- whether one does

    def _fires(self, index: int, fault: Fault, point: str, percent: float) -> bool:
        if point not in POINTS[fault.kind] or not _aimed(fault, point) or not self._awake(index, fault):
            return False
        if point.endswith((".block", ".write")) or fault.command == BLOCK:
            if percent < fault.percent:
                return False
        else:
            self._passed[index] = self._passed.get(index, 0) + 1
            if self._passed[index] < fault.nth:
                return False
        return not self._spent(index, fault) and self._chance(index, fault) and self._fire(index, fault, point)

    def _awake(self, index: int, fault: Fault) -> bool:
        """Has come what it waits for? What acts by itself at its trigger has no other moment."""
        when = fault.when
        if when is None or when.moment is None:
            return True
        return fault.kind not in acts.BY_KIND and self._came.get(index, 0) >= when.number

    def _spent(self, index: int, fault: Fault) -> bool:
        return fault.times is not None and self._fired.get(index, 0) >= fault.times

    def _chance(self, index: int, fault: Fault) -> bool:
        if fault.when is None or fault.when.probability >= 1 or self._random.random() < fault.when.probability:
            return True
        self._spared.add(index)
        return False

    def _fire(self, index: int, fault: Fault, point: str) -> bool:
        self._fired[index] = self._fired.get(index, 0) + 1
        if self._server is not None:
            self._server.note("fault-fired", fault=fault.kind, point=point)
        return True

    def _act(self, index: int, fault: Fault) -> None:
        """Its trigger has come: what others do to the server, they do now."""
        if fault.kind not in acts.BY_KIND or self._server is None or self._spent(index, fault):
            return
        if self._chance(index, fault) and self._fire(index, fault, "trigger"):
            acts.apply(self._server, fault)

    def _wait(self, index: int, fault: Fault) -> None:
        if self._server is None or fault.when is None or fault.when.at is None:
            return

        def due() -> None:
            if self._server is not None and self._server.faults is self:
                self._came[index] = 1
                self._act(index, fault)

        self._server.agenda.at(fault.when.at, due)


def _aimed(fault: Fault, point: str) -> bool:
    part = "bmc" if point.startswith(("hpm.", "bmc.")) else "bios" if point.startswith("bios.") else "any"
    if point.startswith("job."):
        part = point.removeprefix("job.")
    return fault.target in ("any", part) or part == "any"

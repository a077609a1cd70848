"""Faults are data: what goes wrong, and the point in the model's own life at which it does.

The model asks `passing(point, ...)` where something can go wrong; what a fault does there is the model's physics,
never a scenario's. A fault that has fired `times` times fires no more.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Kind = Literal[
    "lan-reverts-to-dhcp",
    "flash-interrupted",
    "not-activated",
    "bios-written-corrupt",
    "host-never-returns",
    "driver-refused",
    "driver-unverified",
]

POINTS: dict[Kind, tuple[str, ...]] = {
    "lan-reverts-to-dhcp": ("bmc.first-boot",),
    "flash-interrupted": ("hpm.block", "bmc.write", "bios.write"),
    "not-activated": ("bmc.activate",),
    "bios-written-corrupt": ("bios.written",),
    "host-never-returns": ("host.boot",),
    "payload-corrupted": ("transfer",),
    "driver-refused": ("sum.driver",),
    "driver-unverified": ("sum.driver",),
}
"""Where each kind can act. Sources: the update guide (LAN reverts to DHCP; a flash cut short bricks; a host that never
comes back) and HPM.1's activation stage with a rollback that ipmitool reports as success (IPMI facts, section 2)."""


class Fault(BaseModel):
    """One fault. `percent`: for flash faults, how far the writing is when it fires. `target`: bmc or bios, or both.

    lan-reverts-to-dhcp   the first boot of new BMC firmware forgets the static address and asks for a lease
    flash-interrupted     from `percent` on the flash takes no more: what was written stays, the rest is erased
    not-activated         the image is taken and reported as done, but never becomes the one that boots
    bios-written-corrupt  cells lose their charge after they were verified: the next POST finds a damaged image
    payload-corrupted     a byte changes between the operator's disk and the host's
    host-never-returns    the operating system hangs at its `nth` start from now
    driver-refused        SUM cannot load its kernel module (105)
    driver-unverified     the kernel refuses SUM's module for its signature (108)
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    target: Literal["bmc", "bios", "any"] = "any"
    percent: float = 50.0
    nth: int = 1
    times: int = 1


class Faults:
    """The armed faults of one server."""

    def __init__(self, armed: tuple[Fault, ...] = ()) -> None:
        self.armed = list(armed)
        self._fired: dict[int, int] = {}
        self._passed: dict[int, int] = {}

    def passing(self, point: str, *, percent: float = 100.0) -> list[Fault]:
        """The faults that fire here. `point` names a moment of the model, `percent` how far a writing is."""
        return [f for i, f in enumerate(self.armed) if self._fires(i, f, point, percent)]

    def _fires(self, index: int, fault: Fault, point: str, percent: float) -> bool:
        if point not in POINTS[fault.kind] or not _aimed(fault, point):
            return False
        if point.endswith((".block", ".write")):
            if percent < fault.percent:
                return False
        else:
            self._passed[index] = self._passed.get(index, 0) + 1
            if self._passed[index] < fault.nth:
                return False
        fired = self._fired.get(index, 0)
        if fired >= fault.times:
            return False
        self._fired[index] = fired + 1
        return True


def _aimed(fault: Fault, point: str) -> bool:
    part = "bmc" if point.startswith(("hpm.", "bmc.")) else "bios" if point.startswith("bios.") else "any"
    return fault.target in ("any", part) or part == "any"

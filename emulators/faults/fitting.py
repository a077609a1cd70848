"""Whether a fault can ever fire on that very server: what it has, and what it has not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from emulators import boards
from emulators.faults.fault import Fault
from emulators.faults.table import POINTS
from emulators.host.commands.kernel import MODULES

if TYPE_CHECKING:
    from emulators.boards import Board
    from emulators.server import VirtualServer

ENGINE = "bios.recovery-mode"


def unfit(fault: Fault, server: VirtualServer) -> Iterator[tuple[str, str]]:
    """(field, text) of everything for which it can never fire there, with what there is instead."""
    board = server.board
    if not can_meet(fault, board):
        with_it = [name for name in boards.names() if can_meet(fault, boards.load(name))]
        yield "kind", f"can never fire: {board.name} has no {_lacks(fault)}; boards that have: {', '.join(with_it)}"
    if fault.times is not None and fault.times < 1:
        yield "times", "can never fire: times is less than 1"
    if fault.nth < 1:
        yield "nth", "can never fire: expected 1 or more"
    if not 0 <= fault.percent <= 100:
        yield "percent", "can never fire: expected 0 to 100"
    yield from _named(fault, server)


def can_meet(fault: Fault, board: Board) -> bool:
    """Is there a moment of that board's life at which such a fault fires?"""
    return any(_is_there(point, board) for point in POINTS[fault.kind])


def _is_there(point: str, board: Board) -> bool:
    if point.startswith("hpm."):
        return board.bmc.hpm is not None
    if point.startswith("job."):
        return board.vendor == "dell"
    if point.startswith("sum."):
        return board.vendor != "dell"
    if point == ENGINE:
        return board.bios.oob == "host-off"
    return True


def _lacks(fault: Fault) -> str:
    point = POINTS[fault.kind][0]
    if point.startswith("hpm."):
        return "HPM.1"
    if point.startswith("job."):
        return "lifecycle controller"
    return "BIOS that its BMC writes" if point == ENGINE else "SUM"


def _named(fault: Fault, server: VirtualServer) -> Iterator[tuple[str, str]]:
    """What it is to happen to must be there."""
    psus = len(server.psus)
    if fault.kind == "psu-dead" and not 1 <= fault.number <= psus:
        known = "1 alone" if psus == 1 else f"1 to {psus}"
        yield "number", f"{server.board.name} has no power supply {fault.number}; it has {known}"
    if not fault.name:
        return
    if fault.kind == "tool-missing" and fault.name not in server.host.packages:
        yield "name", f"the host has no command {fault.name!r}; it has: {', '.join(sorted(server.host.packages))}"
    if fault.kind == "module-missing" and fault.name not in MODULES:
        yield "name", f"the kernel has no module {fault.name!r}; it has: {', '.join(sorted(MODULES))}"
    users = [*(user.name for user in server.board.bmc.users), *(user.name for user in server.spec.bmc_users)]
    if fault.kind == "account-locked" and fault.name not in users:
        yield "name", f"the BMC has no user {fault.name!r}; it has: {', '.join(users)}"

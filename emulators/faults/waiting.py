"""Faults that wait for a step of whoever works on the server: it knows no steps, and is told when one begins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from emulators.faults.fault import Fault, When

if TYPE_CHECKING:
    from emulators.server import VirtualServer


def released(fault: Fault) -> Fault:
    """The same, once its step has begun: nothing but its probability is waited for."""
    when = fault.when
    left = When(probability=when.probability) if when is not None and when.probability < 1 else None
    return fault.model_copy(update={"when": left})


def until(fault: Fault, step: str) -> Fault:
    """The same, waiting for that step."""
    probability = fault.when.probability if fault.when is not None else 1.0
    return fault.model_copy(update={"when": When(step=step, probability=probability)})


class Waiting:
    """Those of one server. Each is armed once: when its step is announced, before that step acts."""

    def __init__(self, server: VirtualServer, faults: Iterable[Fault] = ()) -> None:
        self._server = server
        self.left: list[Fault] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """One more. Raises ValueError for a fault that waits for no step."""
        if fault.when is None or fault.when.step is None:
            raise ValueError(f"{fault.kind} waits for no step")
        self.left.append(fault)

    def announced(self, step: str) -> list[Fault]:
        """That step begins. Returns what is armed now."""
        due = [fault for fault in self.left if fault.when is not None and fault.when.step == step]
        self.left = [fault for fault in self.left if fault not in due]
        armed = [released(fault) for fault in due]
        for fault in armed:
            self._server.faults.arm(fault)
            self._server.note("fault-armed", fault=fault.kind, step=step)
        return armed

    def drop(self, kind: str) -> list[Fault]:
        """Wait no more for any of this kind. Returns them."""
        dropped = [fault for fault in self.left if fault.kind == kind]
        self.left = [fault for fault in self.left if fault.kind != kind]
        return dropped

    def tell_never_fired(self) -> None:
        """Into the world's record, at the end: their steps have not come."""
        for fault in self.left:
            assert fault.when is not None
            words = fault.when.words
            self._server.note("fault-never-fired", fault=fault.kind, step=fault.when.step, waits=words, spared=False)

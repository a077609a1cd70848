"""Faults as somebody types them, and faults that wait for a step."""

from __future__ import annotations

import pytest

from emulators.faults import ABOUT, Fault, When, typed
from emulators.faults.waiting import Waiting, released, until
from emulators.server import VirtualServer
from emulators.spec import ServerSpec
from fwsim.rehearsal import catalogue
from fwsim.rehearsal.catalogue import Passed


@pytest.mark.parametrize("kind", catalogue.kinds())
def test_whatever_the_matrix_tries_can_be_typed(kind: str) -> None:
    points = ABOUT[kind].points  # type: ignore[index]
    moments = [Passed("step", point, 0x31 if point == "hpm.command" else None) for point in points]
    for fault in catalogue.variants(kind, moments):  # type: ignore[arg-type]
        words = {k: str(v) for k, v in fault.model_dump(exclude_defaults=True).items() if k != "kind"}
        assert typed.read(kind, words) == fault


def test_a_number_may_be_hexadecimal_and_a_trigger_has_dots() -> None:
    fault = typed.read("hpm-answer", {"command": "0x32", "completion_code": "0x82", "when.runs": "ipmitool"})
    assert (fault.command, fault.completion_code, fault.when) == (0x32, 0x82, When(runs="ipmitool"))


def test_for_ever_is_no_number() -> None:
    assert typed.read("boot-loop", {"times": "forever"}).times is None


def test_a_fault_keeps_its_chance_when_its_step_has_come() -> None:
    fault = Fault(kind="users-reset", when=When(step="bmc-reset", probability=0.25))
    assert released(fault).when == When(probability=0.25)
    assert released(Fault(kind="users-reset", when=When(step="x"))) == Fault(kind="users-reset")
    assert until(released(fault), "bmc-reset") == fault


def test_a_step_that_never_comes_leaves_a_note() -> None:
    server = VirtualServer(ServerSpec(board="x11ssh-f"))
    waiting = Waiting(server, [until(Fault(kind="users-reset"), "bmc-reset")])
    assert waiting.announced("bmc-check") == []
    waiting.tell_never_fired()
    assert [(r["kind"], r["step"]) for r in server.world.records[-1:]] == [("fault-never-fired", "bmc-reset")]


def test_what_waits_for_no_step_is_none_of_them() -> None:
    server = VirtualServer(ServerSpec(board="x11ssh-f"))
    with pytest.raises(ValueError, match="waits for no step"):
        Waiting(server, [Fault(kind="users-reset")])

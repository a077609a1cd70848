"""A preflight in memory, over the same bench as the engine's tests: change what you like, then `look`."""

from __future__ import annotations

from typing import Any

from emulators.hardening import Hardening
from fwsim import boards, payload
from fwsim.attestations import Quiet, Waiver
from fwsim.doors import Doors, Network
from fwsim.events import Event
from fwsim.preflight import Preflight
from fwsim.rehearsal.memory import MemoryClock, drive
from fwsim.rehearsal.operator import RecordingHost
from fwsim.report import sheet
from fwsim.report.sheet import Check, Sheet
from tests.fwsim.engine_bench import Bench

__all__ = ["Bench", "Hardening", "Quiet", "look", "policy", "the", "waive"]


def look(test: Bench, network: Network | None = None) -> Sheet:
    """Every check on that bench's server, through its doors. Nothing may have changed there."""
    events: list[Event] = []
    doors = Doors(MemoryClock(test.server), test.host, network or test.network, RecordingHost())
    preflight = Preflight(
        test.plan,
        boards.load(test.plan.board),
        payload.read_all(test.plan),
        doors,
        events.append,
        run_id="LOOK",
        run_dir=test.folder,
        allow_synthetic=test.synthetic,
    )
    ended = drive(preflight.look())
    assert events[-1] is ended
    assert test.untouched
    found = sheet.build(events)
    assert found.exit_code == {"go": 0, "no-go": 3}[found.verdict]
    return found


def the(found: Sheet, id: str) -> Check:
    """That one check."""
    return next(check for check in found.checks if check.id == id)


def waive(test: Bench, finding: str) -> None:
    """The plan has a reason for that finding."""
    waiver = Waiver(finding=finding, reason="known since May, TICKET-7")
    test.change(waivers=(*test.plan.waivers, waiver))


def policy(test: Bench, **fields: Any) -> None:
    test.change(policy=test.plan.policy.model_copy(update=fields))

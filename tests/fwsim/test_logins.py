"""Two refused logins are enough, whichever engine of the run sent them (DESIGN rule 14)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from emulators.server import VirtualServer
from emulators.world import World
from fwsim import rehearsal
from fwsim.events import Event, Fact
from fwsim.findings import LOGIN, Findings
from fwsim.rehearsal.memory import drive
from fwsim.rehearsal.prepare import from_scenario
from fwsim.rehearsal.scenario import load


def logins(*how: str) -> Findings:
    found = Findings()
    for word in how:
        found.log_in(word)
    return found


@pytest.mark.parametrize(
    ("how", "refused", "unheard"),
    [
        (("tried", "in"), 0, 0),
        (("tried", "refused", "tried", "refused"), 2, 0),
        (("refused",), 1, 0),
        (("tried", "unanswered", "tried", "in"), 0, 0),
        (("tried", "tried"), 0, 1),
        (("tried", "tried", "refused"), 1, 1),
        (("tried", "tried", "in"), 0, 0),
    ],
)
def test_logins_are_counted_with_those_that_were_never_heard_of(how: Sequence[str], refused: int, unheard: int) -> None:
    found = logins(*how)
    assert (found.logins_refused, found.logins_unheard) == (refused, unheard)


def rehearse(folder: Path, past: Sequence[str]) -> tuple[VirtualServer, list[Event], str]:
    """A run that is gone on with, whose journal tells of those logins."""
    prepared = from_scenario(load("x11ssh-f"), folder / "payloads")
    server, events = VirtualServer(prepared.spec, World()), list[Event]()
    told = [Fact(0.0, "same-bmc", LOGIN, how) for how in past]
    engine = rehearsal.engine(prepared, events.append, server, run_id=prepared.run_id, run_dir=folder, past=told)
    return server, events, drive(engine.run()).ending


def test_an_engine_that_resumes_a_run_with_two_refused_logins_sends_no_third(tmp_path: Path) -> None:
    server, events, ending = rehearse(tmp_path, ["tried", "refused", "tried", "refused"])
    assert ending == "refused"
    assert not [e for e in events if isinstance(e, Fact) and (e.key, e.value) == (LOGIN, "in")]


def test_one_refused_login_leaves_the_resumed_engine_one(tmp_path: Path) -> None:
    _, _, ending = rehearse(tmp_path, ["tried", "refused"])
    assert ending == "updated"
